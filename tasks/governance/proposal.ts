import { AbiCoder, keccak256, toUtf8String, Utf8ErrorFuncs } from "ethers";
import { invalid } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { allEvents } from "../eventLogs.ts";
import type { Governance } from "./governanceOf.ts";

/** What the timelock does to one contract. */
export interface Call {
  target: string;
  /** Wei of the chain's coin. */
  value: bigint;
  data: string;
}

/** What was proposed, as the governor's log has it. */
export interface Proposal {
  /** Decimal. */
  id: string;
  proposer: string;
  calls: readonly Call[];
  description: string;
  /** Of the words as they were proposed, which need not be text. */
  descriptionHash: string;
  block: number;
  transaction: string;
}

/** `ProposalCreated` with bytes for strings: somebody's words that are no UTF-8 must not hide the proposal. */
const CREATED = [
  ...["uint256", "address", "address[]", "uint256[]", "bytes[]", "bytes[]", "uint256", "uint256", "bytes"],
];
const LEAST_DIGITS = 4;
/** What the governor reads at the end of a description. */
export const PROPOSER_SUFFIX = /\s*#proposer=0x[0-9a-fA-F]{40}$/;

type CreatedFields = [bigint, string, string[], bigint[], string[], string[], bigint, bigint, string];

/** Every proposal, the oldest first. */
export async function proposals({ governor, firstBlock }: Governance): Promise<Proposal[]> {
  const created = await allEvents(governor, governor.filters.ProposalCreated(), firstBlock);
  return created.map(({ data, blockNumber, transactionHash }) => {
    const fields = AbiCoder.defaultAbiCoder().decode(CREATED, data).toArray(true);
    const [id, proposer, targets, values, , calldatas, , , words] = fields as CreatedFields;
    return {
      id: String(id),
      proposer,
      calls: targets.map((target, i) => ({ target, value: values[i] ?? 0n, data: calldatas[i] ?? "0x" })),
      description: toUtf8String(words, Utf8ErrorFuncs.replace),
      descriptionHash: keccak256(words),
      block: blockNumber,
      transaction: transactionHash,
    };
  });
}

/** By its id, decimal or hex, or the first digits of it. Throws `proposal-unknown`, `proposal-ambiguous`. */
export async function proposalNamed(governance: Governance, reference: string): Promise<Proposal> {
  const digits = /^0x[0-9a-f]{1,64}$/i.test(reference) ? String(BigInt(reference)) : reference;
  if (!/^\d{1,78}$/.test(digits)) throw invalid("proposal", reference, "the id of a proposal");
  const all = await proposals(governance);
  const exact = all.find(({ id }) => id === digits);
  if (exact !== undefined) return exact;
  const found = digits.length < LEAST_DIGITS ? [] : all.filter(({ id }) => id.startsWith(digits));
  if (found.length > 1)
    throw new CommandError("proposal-ambiguous", { reference, candidates: found.map(({ id }) => id) });
  const [only] = found;
  if (only === undefined) throw new CommandError("proposal-unknown", { proposal: reference });
  return only;
}

/** The arguments by which the governor's functions know a proposal. */
export function termsOf({ calls, descriptionHash }: Pick<Proposal, "calls" | "descriptionHash">) {
  return [...batchOf(calls), descriptionHash] as const;
}

/** Calls as the governor and the timelock take them. */
export function batchOf(calls: readonly Call[]): [string[], bigint[], string[]] {
  return [calls.map(({ target }) => target), calls.map(({ value }) => value), calls.map(({ data }) => data)];
}

/** Without the words that keep others from making it first. */
export function wordsOf({ description }: Pick<Proposal, "description">): string {
  return description.replace(PROPOSER_SUFFIX, "");
}

/** The first line that says something, without the signs of a heading. */
export function titleOf(proposal: Pick<Proposal, "description">): string {
  const lines = wordsOf(proposal)
    .split("\n")
    .map((line) => printable(line.replace(/^[#\s]+/, "")).trim());
  return lines.find((line) => line !== "") ?? "";
}

/** Anybody's words as a terminal may print them. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, " ");
}
