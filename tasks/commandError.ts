import { NetworkError } from "@opg-network/sdk/errors";

const MESSAGES = {
  "account-missing": ({ network }: { network: string }) =>
    `network ${network} has no account to send from; give it one in hardhat.config.ts`,
  "account-unknown": ({ account, accounts }: { account: string; accounts: string[] }) =>
    `${account} is not an account of this network; it has ${accounts.join(", ")}`,
  "argument-invalid": ({ name, value, expected }: { name: string; value: string; expected: string }) =>
    `${name} is "${value}", but must be ${expected}`,
  "argument-missing": ({ name, why }: { name: string; why: string }) => `${name} is needed: ${why}`,
  "arguments-conflict": ({ problem }: { problem: string }) => problem,
  "balance-low": (d: { account: string; what: string; balance: string; required: string }) =>
    `${d.account} has ${d.balance} OPG ${d.what}, but ${d.required} are needed`,
  "build-failed": () => "the contracts cannot be built; `npx hardhat build` shows why",
  "chain-mismatch": ({ path, recorded, actual }: { path: string; recorded: number; actual: number }) =>
    `${path} is for chain ${recorded}, but this is chain ${actual}`,
  "challenge-not-open": ({ key }: { key: string }) => `no challenge of claim ${key} is open`,
  "checkpoint-differs": ({ key, pc }: { key: string; pc: number }) =>
    `checkpoint ${pc} of claim ${key} is another than computing gives here`,
  "dispute-unknown": ({ key }: { key: string }) => `nobody has disputed a claim ${key} here`,
  "input-unlogged": ({ inputHash }: { inputHash: string }) =>
    `no log has the input that hashes to ${inputHash}`,
  "nothing-due": ({ key }: { key: string }) => `nothing is due for claim ${key}`,
  "nothing-wrong": ({ transaction, results }: { transaction: string; results: number }) =>
    `none of the ${results} result(s) of transaction ${transaction} can be proved wrong`,
  "contract-differs": (d: { input: string; expected: string; given: string }) =>
    `the contract gives ${d.given} for the input ${d.input}, the model gives ${d.expected}; nothing was deployed`,
  "contract-missing": ({ address }: { address: string }) =>
    `there is no contract at ${address}; \`hub deliver\` deploys it`,
  "contract-untrue": (d: { address: string; expected: string }) =>
    `the contract at ${d.address} is not what the model gives, which is at ${d.expected}`,
  "deployment-differs": ({ findings }: { findings: number }) =>
    `the deployment differs from its parameters in ${findings} point(s)`,
  "deployment-missing": ({ network, path }: { network: string; path: string }) =>
    `there is no record of the protocol on network ${network} (${path}); name another with --network, or deploy it with ` +
    "`npx hardhat protocol deploy`",
  "deployment-stale": ({ path, address }: { path: string; address: string }) =>
    `${path} says that there is a contract at ${address}, but there is none; was the chain started anew?`,
  "file-unreadable": ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  "funds-low": (d: { account: string; balance: string; required: string; gas: string; price: string }) =>
    `${d.account} has ${d.balance} ETH; deploying takes up to ${d.required} ETH (${d.gas} gas at ${d.price} gwei, and the ` +
    "chain's data fee)",
  "governance-missing": ({ network }: { network: string }) =>
    `the deployment on ${network} has no governance; \`protocol show\` tells who holds its powers`,
  "wrapper-missing": ({ network }: { network: string }) =>
    `OPG on ${network} has votes itself: nothing is to be wrapped, \`governance delegate\` is enough`,
  "call-invalid": ({ call, problem }: { call: string; problem: string }) => `call ${call}: ${problem}`,
  "proposal-ambiguous": ({ reference, candidates }: { reference: string; candidates: string[] }) =>
    `"${reference}" begins proposals ${candidates.join(" and ")}; write more of it`,
  "proposal-exists": ({ proposal }: { proposal: string }) =>
    `the same calls were proposed in the same words: \`governance show ${proposal}\`; say it in others`,
  "proposal-of-another": (d: { proposal: string; proposer: string; account: string }) =>
    `proposal ${d.proposal} is of ${d.proposer}, who alone can cancel it; you are ${d.account}`,
  "proposal-out-of-turn": (d: { proposal: string; act: string; state: string; next: string }) =>
    `proposal ${d.proposal} is ${d.state} and cannot be ${d.act} now; next: ${d.next}`,
  "proposal-unknown": ({ proposal }: { proposal: string }) =>
    `nobody has proposed ${proposal} here; \`governance list\` tells what was`,
  "proposal-would-fail": ({ problem }: { status: string; problem: string }) =>
    `nothing was proposed: ${problem}; --force proposes it all the same`,
  "vote-repeated": ({ account, proposal }: { account: string; proposal: string }) =>
    `${account} has voted on proposal ${proposal}; a vote cannot be changed`,
  "votes-low": (d: { account: string; votes: string; required: string; balance: string }) =>
    `${d.account} has ${d.votes} votes (and ${d.balance} that it holds and may delegate), but ${d.required} are needed to ` +
    "propose, from the second before on; `governance delegate` gives it those that it holds",
  "votes-missing": (d: { account: string; proposal: string; delegatedBy: string }) =>
    `${d.account} has no votes on proposal ${d.proposal}: nothing was delegated to it by ${d.delegatedBy}, and what is now ` +
    "counts in later proposals only",
  "hardhat-failed": ({ problem }: { problem: string }) => problem,
  "lanes-busy": ({ account }: { account: string }) =>
    `${account} has too many requests open; name a free lane with --lane`,
  "not-a-fulfilment": ({ transaction }: { transaction: string }) =>
    `transaction ${transaction} carries no signed result of this deployment`,
  "not-confirmed": ({ question }: { question: string }) =>
    `${question} Not confirmed; say --yes to go on without asking`,
  "fee-too-low": ({ fee, required }: { fee: string; required: string }) =>
    `a fee of ${fee} OPG does not cover royalty and protocol fee; at least ${required} OPG are needed`,
  "input-invalid": ({ source, problem }: { source: string; problem: string }) => `${source}: ${problem}`,
  "keystore-unreadable": ({ path, problem }: { path: string; problem: string }) =>
    `keystore ${path}: ${problem}`,
  "nothing-to-claim": ({ operator, unripe }: { operator: number; unripe: string }) =>
    `operator ${operator} has nothing to claim yet; ${unripe} OPG are still maturing`,
  "nothing-awarded": ({ account }: { account: string }) => `${account} has no award to collect`,
  "operator-ambiguous": ({ owner, operators }: { owner: string; operators: number[] }) =>
    `${owner} owns operators ${operators.join(", ")}; say which with --operator`,
  "operator-missing": ({ owner }: { owner: string }) =>
    `${owner} owns no operator; register one with \`operator register\`, or say which with --operator`,
  "operator-unknown": ({ operator }: { operator: string }) => `there is no operator ${operator}`,
  "record-differs": ({ path, contracts }: { path: string; contracts: string[] }) =>
    `${path} names another ${contracts.join(", ")} than the journal, and is left as it is; what the journal tells of is deployed`,
  "record-exists": ({ path, journal }: { path: string; journal: string }) =>
    `${path} records a deployment of which ${journal} has no journal; restore the journal, or move the record away to deploy ` +
    "another protocol beside it",
  "release-ambiguous": ({ reference, candidates }: { reference: string; candidates: string[] }) =>
    `"${reference}" could be ${candidates.join(" or ")}; say which`,
  "release-unknown": ({ reference }: { reference: string }) =>
    `there is no release "${reference}" in the hub`,
  "release-content-mismatch": ({ release }: { release: string }) =>
    `the log of release ${release} does not hash to its id; this RPC endpoint cannot be trusted`,
  "request-ended": ({ request, state }: { request: string; state: string }) =>
    `request ${request} is ${state}`,
  "request-unknown": ({ request }: { request: string }) => `there is no request ${request} here`,
  "content-id-mismatch": ({ contentId, expected }: { contentId: string; expected: string }) =>
    `content id ${contentId} is that of another file; the entry file's is ${expected}`,
  "digest-mismatch": (d: { path: string; what: string; declared: string; actual: string }) =>
    `${d.path}: its ${d.what} is ${d.actual}, the manifest says ${d.declared}`,
  "release-unchanged": ({ version, release }: { version: string; release: string }) =>
    `nothing differs from ${version} (${release})`,
  "schema-changed": ({ version }: { version: string }) =>
    `inputs or outputs differ from ${version}, so this must be a major release; say --major`,
  reverted: ({ error, args }: { error: string; args: string[] }) =>
    `the chain refuses it: ${error}${args.length === 0 ? "" : ` (${args.join(", ")})`}`,
  "reverted-silently": () => "the chain refuses it, without saying why",
  "rpc-failed": ({ problem }: { problem: string }) => `the RPC endpoint answered with an error: ${problem}`,
  "rpc-unreachable": ({ network }: { network: string }) =>
    `the RPC endpoint of network ${network} cannot be reached; is the node running?`,
  "signer-proof-invalid": ({ signer, recovered }: { signer: string; recovered: string }) =>
    `the consent was signed by ${recovered}, not by ${signer}`,
  "signer-proof-missing": ({ signer }: { signer: string }) =>
    `${signer} is not an account of this network; bring its consent with --signer-proof, or its keystore with --keystore`,
  "transaction-pending": ({ hash }: { hash: string }) =>
    `transaction ${hash} is not mined yet; look for it before sending it again`,
  "transaction-unknown": ({ transaction }: { transaction: string }) =>
    `there is no transaction ${transaction} on this chain`,
  "verification-rejected": ({ explorer, contracts }: { explorer: string; contracts: string[] }) =>
    `${explorer} does not verify ${contracts.join(", ")}`,
  "verdict-negative": ({ verdicts }: { verdicts: string[] }) =>
    `not every result holds: ${verdicts.join(", ")}`,
  "wait-timeout": ({ request, seconds, state }: { request: string; seconds: number; state: string }) =>
    `request ${request} is still ${state} after ${seconds} s`,
} as const;

const RETRYABLE: ReadonlySet<string> = new Set([
  "transaction-pending",
  "wait-timeout",
  "rpc-unreachable",
  "rpc-failed",
]);

type Messages = typeof MESSAGES;
type DataOf<Code extends CommandErrorCode> =
  Parameters<Messages[Code]> extends [infer Data extends object] ? Data : Record<never, never>;

export type CommandErrorCode = keyof Messages;

/** What a user of the commands can put right; shown as one line, without a stack. */
export class CommandError<Code extends CommandErrorCode = CommandErrorCode> extends NetworkError {
  constructor(code: Code, data: DataOf<Code>, cause?: unknown) {
    const message = (MESSAGES[code] as (data: object) => string)(data);
    super(code, message, {
      retryable: RETRYABLE.has(code),
      data: { ...data } as Record<string, unknown>,
      cause,
    });
  }
}
