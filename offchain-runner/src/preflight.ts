import { domainSeparatorOf, operatorsDomain } from "@opg-network/sdk/inferenceResult";
import { isCallException } from "ethers";
import { IExactMachine__factory } from "../../types/factories/contracts/interfaces/IExactMachine__factory.ts";
import type { Contracts } from "./chain/contracts.ts";
import type { ResilientProvider } from "./chain/provider.ts";
import type { Config } from "./config.ts";
import { NodeError } from "./nodeError.ts";

/** What does not change while the node runs, read once. */
export interface ProtocolConstants {
  domainSeparator: string;
  maxValiditySec: number;
  protocolFeeBps: bigint;
  /** Where there is a `Pipe`. */
  pipe: { protocolFeeBps: bigint; executor: string } | undefined;
  /** Where there is a `Disputes`. */
  disputes: DisputeConstants | undefined;
}

export interface DisputeConstants {
  /** Seconds that a result stays evidence after its `validUntil`. */
  windowSec: number;
  machine: string;
  blobStore: string;
  commitmentAgeSec: number;
  commitmentLifeSec: number;
  challengePeriodSec: number;
}

/** Checks that the endpoint, the chain and the contracts are those of the configuration, before anything is signed. */
export async function preflight(
  { chain }: Pick<Config, "chain">,
  provider: ResilientProvider,
  contracts: Contracts,
): Promise<ProtocolConstants> {
  const chainId = Number(BigInt((await provider.send("eth_chainId", [])) as string));
  if (chainId !== chain.chainId) {
    throw new NodeError("chain-id-mismatch", "the endpoint serves another chain", {
      data: { expected: chain.chainId, actual: chainId },
    });
  }
  for (const [contract, address] of Object.entries(chain.addresses)) {
    if (address === undefined) continue;
    if ((await provider.getCode(address)) === "0x") {
      throw new NodeError("contract-missing", "there is no contract at a configured address", {
        data: { contract, address },
      });
    }
  }
  const constants = await readConstants(contracts);
  const expected = domainSeparatorOf(operatorsDomain(BigInt(chainId), chain.addresses.Operators));
  if (constants.domainSeparator !== expected) {
    throw new NodeError("domain-mismatch", "the contract signs in another domain than this node", {
      data: { expected, actual: constants.domainSeparator },
    });
  }
  return constants;
}

async function readConstants(contracts: Contracts): Promise<ProtocolConstants> {
  const { operators, requests, pipe } = contracts;
  try {
    const [domainSeparator, maxValidity, protocolFeeBps, pipeFeeBps, executor] = await Promise.all([
      operators.domainSeparator(),
      operators.maxValidity(),
      requests.protocolFeeBps(),
      pipe?.escrow.protocolFeeBps(),
      pipe?.pipe.executor(),
    ]);
    return {
      domainSeparator,
      maxValiditySec: Number(maxValidity),
      protocolFeeBps,
      pipe:
        pipeFeeBps === undefined || executor === undefined
          ? undefined
          : { protocolFeeBps: pipeFeeBps, executor },
      disputes: await disputeConstants(contracts),
    };
  } catch (cause) {
    if (!isCallException(cause) && cause instanceof NodeError) throw cause;
    throw new NodeError("contract-missing", "a configured address holds another contract", { cause });
  }
}

async function disputeConstants({
  operators,
  hub,
  disputes,
}: Contracts): Promise<DisputeConstants | undefined> {
  if (disputes === undefined) return undefined;
  const machine = await hub.MACHINE();
  const [window, blobStore, age, life, period] = await Promise.all([
    operators.disputeWindow(),
    IExactMachine__factory.connect(machine, hub.runner).BLOB_STORE(),
    disputes.COMMITMENT_AGE(),
    disputes.COMMITMENT_LIFE(),
    disputes.CHALLENGE_PERIOD(),
  ]);
  return {
    machine,
    blobStore,
    windowSec: Number(window),
    commitmentAgeSec: Number(age),
    commitmentLifeSec: Number(life),
    challengePeriodSec: Number(period),
  };
}
