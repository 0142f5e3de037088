import { firstBlockOf } from "@opg-network/sdk/deployment";
import type { Claim } from "@opg-network/sdk/evidence/claim";
import { formatOpg } from "@opg-network/sdk/opg";
import { formatEther, getBytes, keccak256, ZeroAddress } from "ethers";
import { MAX_TRANSACTION_GAS } from "../../offchain-runner/src/chain/gasModel.ts";
import { type Checkpoint, ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { bytes32Argument, integerArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { allEvents } from "../eventLogs.ts";
import type { Report, Value } from "../report.ts";
import type { Session } from "../session.ts";
import { revertOf, send } from "../transaction.ts";
import { graphOf } from "./gradedResult.ts";
import { percent } from "./show.ts";
import { storyOf } from "./story.ts";

export interface ContinueArguments {
  key: string;
  steps: string | undefined;
}

/** How often somebody else may be sooner before this gives up. */
const MAX_RACES = 20;

export async function continueChallenge(args: ContinueArguments, session: Session): Promise<Report> {
  const key = bytes32Argument("key", args.key);
  const most = args.steps === undefined ? 1_000 : integerArgument("--steps", args.steps, 1, 1_000);
  const { claim } = await storyOf(session, key);
  const { disputes, hub } = await session.contracts();
  if (claim === undefined || (await disputes.challengeOf(key)).opener === ZeroAddress)
    throw new CommandError("challenge-not-open", { key });
  const input = await inputOf(session, claim);
  session.say("Reading the graph from the chain");
  const [graphRoot] = await hub.exactGraphOf(claim.release);
  const interpreter = new ExactInterpreter(await graphOf(session, graphRoot));

  const steps: Value[] = [];
  let [checkpoint, races]: [Checkpoint, number] = [{ pc: 0, state: input }, 0];
  while (steps.length < most) {
    const { opener, pc, endPc, stateHash } = await disputes.challengeOf(key);
    if (opener === ZeroAddress) break;
    if (Number(pc) < checkpoint.pc) checkpoint = { pc: 0, state: input };
    checkpoint = interpreter.resume(checkpoint, Number(pc));
    if (keccak256(checkpoint.state) !== stateHash)
      throw new CommandError("checkpoint-differs", { key, pc: Number(pc) });
    const { state } = checkpoint;
    try {
      const receipt = await send(() =>
        disputes.continueChallenge(claim, pc, state, { gasLimit: MAX_TRANSACTION_GAS }),
      );
      const after = await disputes.challengeOf(key);
      const isOver = after.opener === ZeroAddress;
      const reached = isOver ? Number(endPc) : Number(after.pc);
      steps.push({ pc: reached, gas: Number(receipt.gasUsed), transaction: receipt.hash });
      const rest = isOver ? "the verdict has fallen" : `bond left ${formatEther(after.bond)} coin`;
      session.say(
        `step ${steps.length}: ${percent(reached, Number(endPc))}, gas ${receipt.gasUsed}, ${rest}`,
      );
      if (isOver) break;
    } catch (error) {
      const isRace = error instanceof CommandError && revertOf(error.cause)?.name === "CheckpointStale";
      if (!isRace || ++races > MAX_RACES) throw error;
      session.say("somebody else was sooner; going on from there");
    }
  }
  const { state, slashed } = await storyOf(session, key);
  const outcome = { open: "still open", lapsed: "lapsed", right: "the signed output is right" } as const;
  const line =
    state in outcome
      ? `${key}: ${outcome[state as keyof typeof outcome]} after ${steps.length} step(s)`
      : `${key}: the output is wrong; ${formatOpg(slashed)} OPG slashed. Next: \`dispute claim ${key}\``;
  return { lines: [line], value: { key, state, slashed: formatOpg(slashed), steps } };
}

/** The input of a claim, which some log has: of a request, or of a use inside a transaction. */
async function inputOf(session: Session, { release, inputHash }: Claim): Promise<Uint8Array> {
  const { requests, pipe } = await session.readOnly();
  const from = firstBlockOf(await session.deployment());
  const opened = await allEvents(
    requests,
    requests.filters.RequestOpened(undefined, undefined, release),
    from,
  );
  const used = await allEvents(pipe, pipe.filters.Inferred(undefined, release), from);
  const insured = await allEvents(pipe, pipe.filters.Insured(undefined, release), from);
  const found = [...opened, ...used, ...insured].find(({ args }) => keccak256(args.input) === inputHash);
  if (found === undefined) throw new CommandError("input-unlogged", { inputHash });
  return getBytes(found.args.input);
}
