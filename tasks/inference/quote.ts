import { dtypeInfo } from "@opg-network/sdk/dtype";
import { formatOpg } from "@opg-network/sdk/opg";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { compareWays, type Protection, type WayMissingCode, type WayQuote } from "@opg-network/sdk/wayQuote";
import { formatEther, hexlify } from "ethers";
import { addressArgument, grainsArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import { type Report, table } from "../report.ts";
import type { Session } from "../session.ts";
import { inputsFromFile } from "./inputTensors.ts";

const WORD = 32;

export interface QuoteArguments {
  release: string;
  input: string | undefined;
  model: string | undefined;
  minStake: string | undefined;
}

/** What each way to the same answer costs inside a transaction, how long it takes first, and what keeps it right. */
export async function quote(args: QuoteArguments, session: Session): Promise<Report> {
  if (args.input === undefined)
    throw new CommandError("argument-missing", { name: "--input", why: "the model is run on it" });
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const input = encodeTensors(await inputsFromFile(args.input, release.inputs));
  const { contracts } = await session.deployment();
  const network = {
    pipe: contracts.Pipe.address,
    coverage: contracts.Coverage.address,
    operators: contracts.Operators.address,
    hub: contracts.ModelHub.address,
    machine: contracts.ExactMachine.address,
  };
  const { ways, missing } = await compareWays(session.connection.ethers.provider, network, {
    release: release.id,
    input: hexlify(input),
    outputBytes: encodedBytes(release.outputs),
    ...(args.model !== undefined && { model: addressArgument("--model", args.model) }),
    ...(args.minStake !== undefined && { minStake: grainsArgument("--min-stake", args.minStake) }),
  });
  const rows = ways.map(({ way, cost, waitMs, protection }) => [
    TITLES[way],
    formatOpg(cost.fee),
    String(cost.gas),
    formatEther(cost.totalWei),
    `${Math.ceil(waitMs)} ms`,
    MEANING[protection],
  ]);
  return {
    lines: [
      `${titleOf(release)}, an input of ${input.length} bytes:`,
      ...table(["way", "OPG", "gas", "coin", "before sending", "what keeps it right"], rows),
      ...missing.map(({ way, code }) => `${TITLES[way]}: ${WHY[code]}`),
    ],
    value: {
      release: release.id,
      ways: ways.map(({ way, protection, cost, waitMs, offer }) => ({
        way,
        protection,
        fee: formatOpg(cost.fee),
        gas: Number(cost.gas),
        totalWei: cost.totalWei.toString(),
        waitMs,
        operator: offer?.operatorId ?? null,
      })),
      missing,
    },
  };
}

const TITLES: Record<WayQuote["way"], string> = {
  "on-chain-contract": "on chain, as a contract",
  "on-chain-machine": "on chain, by the machine",
  VANILLA: "signed by an operator",
  ZK: "proved (ZK)",
  TEE: "attested (TEE)",
};

const MEANING: Record<Protection, string> = {
  computed: "the chain computes it",
  proved: "a proof is checked with it",
  slashable: "stake: anybody can prove a wrong answer while the dispute window is open",
  attributable: "a name: it is known who signed, and nothing can be proved",
};

const WHY: Record<WayMissingCode, string> = {
  "not-exact": "not possible; the release is approximate, or its graph is not on chain",
  "not-offered": "nobody offers it",
  "too-large": "more gas than a transaction may have",
  "input-refused": "the model does not take this input",
};

/** Of the outputs' encoding; an open dimension counts as one. */
function encodedBytes(outputs: readonly TensorSpec[]): number {
  const sizes = outputs.map(({ dtype, shape }) => {
    const elements = shape.reduce((product, size) => product * Math.max(1, size), 1);
    return WORD * (6 + shape.length + Math.ceil((elements * dtypeInfo(dtype).bytes) / WORD));
  });
  return sizes.reduce((sum, size) => sum + size, 2 * WORD);
}
