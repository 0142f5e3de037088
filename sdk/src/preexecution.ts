import {
  type CheckContext,
  type CheckedAnswer,
  checkAnswer,
  feeOf,
  type Lacking,
  simulateWith,
} from "./answerCheck.ts";
import { decodeBundles } from "./carriedResults.ts";
import { NetworkError } from "./errors.ts";
import type { InferenceRequired } from "./inferenceQuery.ts";
import { askPreexecution, type CallerIdentity } from "./nodeClient.ts";
import { askOffers, failureOf, findNodes, type OfferingNode, type OfferScore } from "./nodeSearch.ts";
import { paymentShortage, shortageIn } from "./payment.ts";
import {
  AllNodesFailedError,
  CallRevertsError,
  CarryImpossibleError,
  FeeAboveCapError,
  type NodeReport,
  NoNodeServesError,
  PayerCannotPayError,
  SimulationFailedError,
} from "./pipeError.ts";

export interface PreexecutionOptions {
  chainId: number;
  fetch: typeof fetch;
  /** Nodes asked for an offer, cheapest advertised first. */
  maxNodes: number;
  quoteTimeoutMs: number;
  nodeTimeoutMs: number;
  /** After this long, and what a proof takes, another node is asked as well, and the first good answer is taken. */
  slowAfterMs: number;
  score: OfferScore;
  identity: CallerIdentity | undefined;
  signal: AbortSignal;
}

/** The results that make a call pass, and what they cost. */
export interface Preexecution {
  results: string;
  /** Token wei. */
  totalFee: bigint;
  /** What the call itself returned in simulation; `0x` in a batch, which returns nothing. */
  returned: string;
  /** Of the whole call by the nodes' account; not checked. */
  reportedGas: bigint;
}

/** Hand-overs from node to node in one call. */
const MAX_HANDOVERS = 8;

/**
 * Has nodes answer what a call lacks until it passes in our own simulation: the best offer first, others when it fails,
 * is slow, or does not serve everything. Throws the errors of `pipeError.ts`.
 */
export async function preexecute(context: CheckContext, options: PreexecutionOptions): Promise<Preexecution> {
  const attempts: Attempts = { reports: [], failed: new Set() };
  let results = "0x";
  let reportedGas = 0n;
  let outcome = await simulateWith(results, context);
  for (let round = 0; round <= MAX_HANDOVERS; ++round) {
    if (outcome.status === "reverted")
      throw shortageIn(outcome.revertData) ?? new CallRevertsError(outcome.revertData, outcome.cause);
    if (outcome.status === "passed")
      return {
        results,
        totalFee: feeOf(decodeBundles(results)),
        returned: context.carrier.returnedBy(outcome.returned),
        reportedGas,
      };
    const answer = await answerFor({ results, required: outcome.required }, context, options, attempts);
    ({ results, outcome, reportedGas } = answer);
  }
  throw new AllNodesFailedError(attempts.reports);
}

/** What went wrong so far in one call. */
interface Attempts {
  reports: NodeReport[];
  /** Operators whose nodes are not asked again. */
  failed: Set<number>;
}

type Answer = CheckedAnswer & { reportedGas: bigint };

async function answerFor(
  lacking: Lacking,
  context: CheckContext,
  options: PreexecutionOptions,
  attempts: Attempts,
): Promise<Answer> {
  const { reports, failed } = attempts;
  const { required } = lacking;
  if (context.carrier.payerOf(context.call, required) === undefined)
    throw new CarryImpossibleError(
      `the contract asks for an account that "${context.carrier.carry}" is not`,
      {
        ...required,
      },
    );
  const report = (entry: NodeReport): void => void reports.push(entry);
  const found = await findNodes(required.queries, { contracts: context.contracts, ...options, report });
  const fresh = found.filter(({ operatorId }) => !failed.has(operatorId)).slice(0, options.maxNodes);
  const nodes = await askOffers(fresh, required.queries, {
    ...options,
    timeoutMs: options.quoteTimeoutMs,
    report,
  });
  options.signal.throwIfAborted();
  if (nodes.length === 0) throw nobody(required, reports);
  await checkMoney(nodes, lacking, context);
  const answer = await firstGood(nodes, options, attempts, (node, signal) =>
    askNode(node, lacking, context, { ...options, signal }),
  );
  if (answer === undefined) throw new AllNodesFailedError(reports);
  return answer;
}

async function askNode(
  node: OfferingNode,
  lacking: Lacking,
  context: CheckContext,
  options: PreexecutionOptions,
): Promise<Answer> {
  const { carrier, call } = context;
  const request = {
    chainId: options.chainId,
    call: { from: call.from, to: call.to, data: call.data, value: call.value },
    carry: carrier.carry,
    payer: carrier.payerOf(call, lacking.required) as string,
    ...(lacking.results === "0x" ? {} : { results: lacking.results }),
    maxFee: context.maxFee,
    deadlineMs: options.nodeTimeoutMs,
    ...(carrier.delegate === undefined ? {} : { delegate: carrier.delegate }),
  };
  const answer = await askPreexecution(node.endpoint, request, {
    ...options,
    timeoutMs: options.nodeTimeoutMs,
  });
  const checked = await checkAnswer(answer, node, lacking, context);
  return { ...checked, reportedGas: answer.gasUsed };
}

/** What a node said that its proofs take: it is slow after that. */
function proofMsOf({ offers }: OfferingNode): number {
  return Math.max(0, ...offers.map((offer) => (offer?.proof?.ms ?? 0) + (offer?.proof?.waitMs ?? 0)));
}

/** Asks nodes in order, the next when one fails or is slow; the first good answer stops the others. */
async function firstGood<T>(
  nodes: readonly OfferingNode[],
  { slowAfterMs, nodeTimeoutMs, signal }: PreexecutionOptions,
  { reports, failed }: Attempts,
  ask: (node: OfferingNode, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const others = new AbortController();
  const waiting = [...nodes];
  return await new Promise<T | undefined>((resolve, reject) => {
    let running = 0;
    const next = (): void => {
      const node = waiting.shift();
      if (node === undefined) {
        if (running === 0) finish(() => resolve(undefined));
        return;
      }
      running += 1;
      let isOver = false;
      const slow = setTimeout(next, slowAfterMs + Math.min(proofMsOf(node), nodeTimeoutMs));
      const over = (then: () => void): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(slow);
        running -= 1;
        then();
      };
      ask(node, AbortSignal.any([signal, others.signal])).then(
        (answer) => over(() => finish(() => resolve(answer))),
        (error: unknown) =>
          over(() => {
            if (others.signal.aborted) return;
            if (signal.aborted) return finish(() => reject(signal.reason));
            if (isOurs(error)) return finish(() => reject(error));
            reports.push(failureOf(node, error));
            failed.add(node.operatorId);
            next();
          }),
      );
    };
    const finish = (end: () => void): void => {
      waiting.length = 0;
      others.abort();
      end();
    };
    next();
  });
}

/** Errors that another node cannot mend: the chain, the payer, or a defect here. */
function isOurs(error: unknown): boolean {
  return (
    !(error instanceof NetworkError) ||
    error instanceof SimulationFailedError ||
    error instanceof PayerCannotPayError
  );
}

/** The cheapest offers together must be within the cap and within what the payer has: no node is asked in vain. */
async function checkMoney(
  nodes: readonly OfferingNode[],
  { results, required }: Lacking,
  { contracts, carrier, call, maxFee }: CheckContext,
): Promise<void> {
  const cheapest = required.queries.map((_, i) => {
    const fees = nodes.flatMap(({ offers }) => offers[i]?.fee ?? []);
    return fees.sort((a, b) => Number(a - b))[0] ?? 0n;
  });
  const total = cheapest.reduce((sum, fee) => sum + fee, feeOf(decodeBundles(results)));
  if (total > maxFee) throw new FeeAboveCapError(total, maxFee);
  const payer = carrier.payerOf(call, required) as string;
  const shortage = await paymentShortage(contracts, carrier, payer, required, total);
  if (shortage !== undefined) throw new PayerCannotPayError(shortage);
}

function nobody({ queries }: InferenceRequired, reports: readonly NodeReport[]): Error {
  const [query] = queries;
  if (reports.length > 0) return new AllNodesFailedError(reports);
  const { input: _, ...terms } = query ?? { input: "0x" };
  return new NoNodeServesError(query?.release ?? "", terms);
}
