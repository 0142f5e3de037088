import { readFile } from "node:fs/promises";
import { formatOpg } from "@opg-network/sdk/opg";
import { id as keccakOf } from "ethers";
import { CommandError } from "../commandError.ts";
import { isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { decodedCall, describeCall } from "./decodedCall.ts";
import { actingGovernance, type Governance, governanceOf } from "./governanceOf.ts";
import { knownContracts } from "./knownContracts.ts";
import { nextStep } from "./nextStep.ts";
import { batchOf, type Call, PROPOSER_SUFFIX, termsOf } from "./proposal.ts";
import { standingOf, standingValue } from "./standing.ts";
import { type Trial, tryCalls } from "./trial.ts";
import { writtenCall } from "./writtenCall.ts";

export interface ProposeArguments {
  calls: string[];
  description: string | undefined;
  descriptionFile: string | undefined;
  schedule: boolean;
  check: boolean;
  force: boolean;
}

export async function propose(args: ProposeArguments, session: Session): Promise<Report> {
  const governance = args.check ? await governanceOf(session) : await actingGovernance(session);
  const contracts = knownContracts(await session.deployment());
  const written = args.calls.map((text) => writtenCall(text, contracts));
  const calls = args.schedule ? await scheduling(session, written) : written;
  const decoded = calls.map((call) => decodedCall(call, contracts));
  const described = decoded.map((call) => describeCall(call, contracts));
  for (const [i, line] of described.entries()) session.say(`${i + 1}. ${line}`);
  if (args.check) {
    const trial = await tryCalls(session, governance, calls, await earliestExecution(governance));
    return { lines: [trialLine(trial, described)], value: { calls: decoded, trial } };
  }

  const { address } = await session.account();
  const description = signed(await words(args), address);
  await requireVotes(governance, address);
  const trial = await tryCalls(session, governance, calls, await earliestExecution(governance));
  const verdict = trialLine(trial, described);
  if (!args.force && (trial.status === "reverts" || trial.status === "untried"))
    throw new CommandError("proposal-would-fail", { status: trial.status, problem: verdict });
  session.say(verdict);
  const { id, transaction, gas } = await sendProposal(governance, calls, description);
  const standing = await standingOf(governance, id);
  const next = nextStep(id, standing);
  return {
    lines: [`Proposed as ${id} (transaction ${transaction}, gas ${gas})`, next],
    value: { id, ...standingValue(standing), next, description, calls: decoded, trial, transaction, gas },
  };
}

async function sendProposal(governance: Governance, calls: readonly Call[], description: string) {
  const { governor } = governance;
  const id = await governor.getProposalId(...termsOf({ calls, descriptionHash: keccakOf(description) }));
  if ((await governor.proposalSnapshot(id)) !== 0n)
    throw new CommandError("proposal-exists", { proposal: String(id) });
  const receipt = await send(() => governor.propose(...batchOf(calls), description));
  eventOf(receipt, governor, "ProposalCreated");
  return { id: String(id), transaction: receipt.hash, gas: Number(receipt.gasUsed) };
}

/** The same calls, scheduled for the first moment that the AccessManager allows. */
async function scheduling(session: Session, calls: readonly Call[]): Promise<Call[]> {
  const { authority } = await session.readOnly();
  const manager = await authority.getAddress();
  return calls.map(({ target, data }) => ({
    target: manager,
    value: 0n,
    data: authority.interface.encodeFunctionData("schedule", [target, data, 0]),
  }));
}

async function words({ description, descriptionFile }: ProposeArguments): Promise<string> {
  if (description !== undefined && descriptionFile !== undefined)
    throw new CommandError("arguments-conflict", {
      problem: "give --description or --description-file, not both",
    });
  const text = description ?? (await textIn(descriptionFile));
  if (text.trim() === "")
    throw new CommandError("argument-missing", {
      name: "--description",
      why: "voters are to know what is proposed, and why; or --description-file",
    });
  return text.trim();
}

async function textIn(path: string | undefined): Promise<string> {
  if (path === undefined) return "";
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CommandError("file-unreadable", { path, problem: "it cannot be read" }, cause);
  }
}

/** Says who proposes, so that nobody can make the same proposal first, to cancel it. */
function signed(text: string, proposer: string): string {
  const suffix = `#proposer=${proposer}`;
  const present = PROPOSER_SUFFIX.exec(text)?.[0].trim();
  if (present === undefined) return `${text}\n\n${suffix}`;
  if (present.toLowerCase() === suffix.toLowerCase()) return text;
  throw new CommandError("argument-invalid", {
    name: "--description",
    value: present,
    expected: `without it, or end with ${suffix}`,
  });
}

async function requireVotes({ governor, votes }: Governance, account: string): Promise<void> {
  const now = await governor.clock();
  const [held, required, balance] = await Promise.all([
    governor.getVotes(account, now - 1n),
    governor.proposalThreshold(),
    votes.balanceOf(account),
  ]);
  if (held >= required) return;
  throw new CommandError("votes-low", {
    account,
    votes: formatOpg(held),
    required: formatOpg(required),
    balance: formatOpg(balance),
  });
}

async function earliestExecution({ governor, timelock }: Governance): Promise<number> {
  const times = [governor.clock(), governor.votingDelay(), governor.votingPeriod(), timelock.getMinDelay()];
  return (await Promise.all(times)).reduce<number>((sum, time) => sum + Number(time), 0);
}

function trialLine(trial: Trial, described: readonly string[]): string {
  switch (trial.status) {
    case "works":
      return "Tried: the timelock could do this now";
    case "due-later":
      return (
        `${described[trial.call]} is scheduled, and can be executed from ${isoTime(trial.readyAt)} until ` +
        `${isoTime(trial.expiresAt)}; it and what follows it could not be tried`
      );
    case "reverts":
      return `${described[trial.call]}: ${trial.problem}`;
    case "untried":
      return `it could not be tried: ${trial.problem}`;
  }
}
