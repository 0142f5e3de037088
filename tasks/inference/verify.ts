import path from "node:path";
import { NetworkError } from "@opg-network/sdk/errors";
import { formatOpg } from "@opg-network/sdk/opg";
import { GRAIN } from "@opg-network/sdk/request";
import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import { bytes32Argument, invalid } from "../arguments.ts";
import { arithmeticOf } from "../assurance.ts";
import { CommandError } from "../commandError.ts";
import type { Contracts } from "../contracts.ts";
import { SIGNER_STATUS_NAMES } from "../operator/show.ts";
import { type Release, readRelease, titleOf } from "../release.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { type Agreement, agreementOf } from "./agreement.ts";
import { type DecodedTensor, decodeOutput, describeOutput } from "./decodedOutput.ts";
import { type ModelRunner, withModelRunner } from "./modelRunner.ts";
import { type SignedAnswer, type SignedBundle, signedBundlesIn } from "./signedResults.ts";

export interface VerifyArguments {
  transaction: string;
  modelFolder: string | undefined;
  tolerance: string | undefined;
  allowPrivateNetworks: boolean;
}

/** What can be said of an answer; `reproduced` is not proof where the release is approximate. */
type Verdict = "reproduced" | "consistent" | "contradicted" | "not-signed" | "not-rerun";

interface Standing {
  status: string;
  stake: string;
  jailed: boolean;
  slashCount: number;
}

interface CheckedAnswer {
  request: string;
  release: string;
  title: string;
  arithmetic: "exact" | "approximate";
  operator: number;
  signer: string;
  signature: "valid" | "invalid";
  standingThen: Standing | null;
  standingNow: Standing;
  output: DecodedTensor[] | { problem: string };
  rerun: Agreement | { kind: "not-run"; problem: string };
  verdict: Verdict;
}

export async function verify(args: VerifyArguments, session: Session): Promise<Report> {
  const hash = bytes32Argument("transaction", args.transaction);
  const tolerance = toleranceArgument(args.tolerance ?? "1e-5");
  const receipt = await session.connection.ethers.provider.getTransactionReceipt(hash);
  if (receipt === null) throw new CommandError("transaction-unknown", { transaction: hash });
  session.say(`Rebuilding what was signed in ${hash} from its logs`);
  const bundles = await signedBundlesIn(session, receipt);
  if (bundles.length === 0) throw new CommandError("not-a-fulfilment", { transaction: hash });

  session.say("Running the model again on the logged input");
  const modelFolder = args.modelFolder ?? path.join(session.hre.config.paths.root, "models");
  const checked = await withModelRunner(
    { modelFolder, allowPrivateNetworks: args.allowPrivateNetworks },
    async (runner) => {
      const answers: CheckedAnswer[] = [];
      for (const bundle of bundles) {
        for (const answer of bundle.answers) {
          answers.push(
            await check(session, runner, bundle, answer, { block: receipt.blockNumber, tolerance }),
          );
        }
      }
      return answers;
    },
  );
  const skipped = bundles.flatMap((bundle) => bundle.skipped);
  const bad = checked.filter(({ verdict }) => verdict !== "reproduced" && verdict !== "consistent");
  return {
    lines: [
      ...checked.flatMap((answer) => [...describe(answer), ""]),
      ...skipped.map(({ request, reason }) => `request ${request}: signed, not used (${reason})`),
      summary(checked),
    ],
    value: { transaction: hash, block: receipt.blockNumber, results: checked, skipped },
    ...(bad.length !== 0 && {
      failure: new CommandError("verdict-negative", {
        verdicts: bad.map(({ request, verdict }) => `${request} is ${verdict}`),
      }),
    }),
  };
}

async function check(
  session: Session,
  runner: ModelRunner,
  { signer, recovered }: SignedBundle,
  { logged, operatorId, output }: SignedAnswer,
  { block, tolerance }: { block: number; tolerance: number },
): Promise<CheckedAnswer> {
  const contracts = await session.readOnly();
  const release = await readRelease(session, logged.request.release);
  const owner = Number((await contracts.operators.standingOf(signer)).operatorId);
  const isSigned = recovered === signer && owner === operatorId;
  const rerun = await rerunOf(runner, release, logged.input, output, tolerance);
  return {
    request: logged.id,
    release: release.id,
    title: titleOf(release),
    arithmetic: arithmeticOf(release),
    operator: operatorId,
    signer,
    signature: isSigned ? "valid" : "invalid",
    standingThen: await standingOf(contracts, signer, block).catch(() => null),
    standingNow: await standingOf(contracts, signer, "latest"),
    output: decodeOutput(output, release.outputs),
    rerun,
    verdict: isSigned ? verdictOn(rerun) : "not-signed",
  };
}

async function rerunOf(
  runner: ModelRunner,
  release: Release,
  input: string,
  output: string,
  tolerance: number,
): Promise<CheckedAnswer["rerun"]> {
  try {
    const here = await runner.run(release, decodeTensors(input));
    try {
      return agreementOf(decodeTensors(output), here, tolerance);
    } catch (error) {
      if (error instanceof NetworkError) return { kind: "differs", maxDifference: undefined };
      throw error;
    }
  } catch (error) {
    if (error instanceof NetworkError) return { kind: "not-run", problem: error.message };
    throw error;
  }
}

function verdictOn(rerun: CheckedAnswer["rerun"]): Verdict {
  switch (rerun.kind) {
    case "bit-equal":
      return "reproduced";
    case "within-tolerance":
      return "consistent";
    case "differs":
      return "contradicted";
    case "not-run":
      return "not-rerun";
  }
}

async function standingOf(
  { operators }: Contracts,
  signer: string,
  blockTag: number | "latest",
): Promise<Standing> {
  const { status, stake, jailed, slashCount } = await operators.standingOf(signer, { blockTag });
  return {
    status: SIGNER_STATUS_NAMES[Number(status)] ?? "none",
    stake: formatOpg(stake * GRAIN),
    jailed,
    slashCount: Number(slashCount),
  };
}

function describe(answer: CheckedAnswer): string[] {
  const standing = (at: Standing | null) =>
    at === null
      ? "not known: the endpoint keeps no state of that block"
      : `${at.status}${at.jailed ? ", jailed" : ""}, ${at.stake} OPG at stake, slashed ${at.slashCount} time(s)`;
  return fields([
    ["request", answer.request],
    ["release", `${answer.title}, ${answer.arithmetic}`],
    ["signature", `${answer.signature}: ${answer.signer} of operator ${answer.operator}`],
    ["standing then", standing(answer.standingThen)],
    ["standing now", standing(answer.standingNow)],
    ...describeOutput(answer.output).map((line) => ["output", line] as const),
    ["run again", describeRerun(answer.rerun)],
    ["verdict", `${answer.verdict}: ${MEANING[answer.verdict](answer.arithmetic)}`],
  ]);
}

function describeRerun(rerun: CheckedAnswer["rerun"]): string {
  switch (rerun.kind) {
    case "bit-equal":
      return "the same bits";
    case "within-tolerance":
      return `floats differ by at most ${rerun.maxDifference}`;
    case "differs":
      return rerun.maxDifference === undefined
        ? "another output"
        : `floats differ by up to ${rerun.maxDifference}`;
    case "not-run":
      return `not possible: ${rerun.problem}`;
  }
}

const MEANING: Record<Verdict, (arithmetic: CheckedAnswer["arithmetic"]) => string> = {
  reproduced: (arithmetic) =>
    arithmetic === "exact"
      ? "the signed output is the model's"
      : "this machine agrees with the operator; for an approximate release that is no proof",
  consistent: () =>
    "this machine gives nearly the same floats, as other hardware may; for an approximate release that is no proof",
  contradicted: (arithmetic) =>
    arithmetic === "exact"
      ? "the operator signed an output that the model does not give"
      : "this machine gives another output; for an approximate release nobody can be slashed for that",
  "not-signed": () => "the signature does not cover what the logs show",
  "not-rerun": () => "signature and standing only; the model could not be run here",
};

function summary(checked: readonly CheckedAnswer[]): string {
  const counts = new Map<Verdict, number>();
  for (const { verdict } of checked) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return `${checked.length} result(s): ${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ")}`;
}

function toleranceArgument(text: string): number {
  const tolerance = /^\d+(\.\d+)?(e-?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!(tolerance >= 0 && tolerance < 1)) throw invalid("--tolerance", text, "a number from 0 to 1");
  return tolerance;
}
