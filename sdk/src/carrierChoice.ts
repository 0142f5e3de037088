import { getAddress, type Provider } from "ethers";
import { type PlainCall, simulate } from "./callSimulator.ts";
import { APPENDED, BATCH_MODE, batchCarrier, type Carrier, executorCarrier, readsTail } from "./carrier.ts";
import type { InferenceRequired } from "./inferenceQuery.ts";
import type { Carry } from "./nodeApi.ts";
import { BATCH_ACCOUNT_INTERFACE } from "./pipeAbi.ts";
import type { PipeContracts, PipeNetwork } from "./pipeContracts.ts";
import { CarryImpossibleError } from "./pipeError.ts";

export interface CarrierSurroundings {
  contracts: PipeContracts;
  provider: Provider;
  network: PipeNetwork;
  delegate: string | undefined;
}

/**
 * How the results of a call travel. Of the two that leave `msg.sender` alone, the tail comes first, where the contract
 * reads it and its payer has set a budget aside; then the batch. Throws `CarryImpossibleError`.
 */
export async function chooseCarrier(
  wanted: Carry | "auto",
  call: PlainCall,
  required: InferenceRequired,
  surroundings: CarrierSurroundings,
): Promise<Carrier> {
  const { contracts, provider, network } = surroundings;
  switch (wanted) {
    case "appended":
      return APPENDED;
    case "executor":
      return executorCarrier(network.pipe, await contracts.executor());
    case "batch":
      return orThrow(await batchFor(call, surroundings), required, "the account runs no ERC-7821 batches");
    case "auto": {
      const payer = APPENDED.payerOf(call, required);
      const canAppend = payer !== undefined && (await readsTail(provider, call));
      if (canAppend && (await contracts.budgetOf(payer, required.consumer)) > 0n) return APPENDED;
      const canBatch = required.account === getAddress(call.from);
      const batch = canBatch ? await batchFor(call, surroundings) : undefined;
      // Without a batch the budget is what is missing, and the error will say so.
      return orThrow(
        batch ?? (canAppend ? APPENDED : undefined),
        required,
        "its contract reads no results from calldata, and the account runs no ERC-7821 batches",
      );
    }
  }
}

async function batchFor(
  call: PlainCall,
  { provider, network, delegate }: CarrierSurroundings,
): Promise<Carrier | undefined> {
  if ((await provider.getCode(call.from)) !== "0x")
    return (await runsBatches(call.from, provider)) ? batchCarrier(network.pipe, call.from) : undefined;
  return delegate === undefined ? undefined : batchCarrier(network.pipe, call.from, delegate);
}

async function runsBatches(account: string, provider: Provider): Promise<boolean> {
  const data = BATCH_ACCOUNT_INTERFACE.encodeFunctionData("supportsExecutionMode", [BATCH_MODE]);
  const outcome = await simulate(provider, { from: account, to: account, data, value: 0n });
  return outcome.status === "passed" && outcome.returned.length === 66 && BigInt(outcome.returned) === 1n;
}

function orThrow(carrier: Carrier | undefined, required: InferenceRequired, problem: string): Carrier {
  if (carrier === undefined)
    throw new CarryImpossibleError(problem, { account: required.account, consumer: required.consumer });
  return carrier;
}
