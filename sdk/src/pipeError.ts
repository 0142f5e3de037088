import { NetworkError } from "./errors.ts";
import { formatOpg } from "./opg.ts";

/** Why one node did not give what was asked. */
export interface NodeReport {
  operatorId: number;
  endpoint: string;
  /** The node's own code, or one of `NodeAnswerError`. */
  code: string;
  message: string;
  retryable: boolean;
  /** What the call reverts with once the node's answer is in it (`call-reverts`), such as a contract's refusal: the node's word. */
  revertData?: string;
}

/** No operator that could serve the next call offers what a query asks, on its terms. */
export class NoNodeServesError extends NetworkError {
  constructor(release: string, data: Readonly<Record<string, unknown>> = {}) {
    super("no-node-serves", `no operator serves release ${release} on the terms of the query`, {
      retryable: true,
      data: { release, ...data },
    });
  }
}

/** Every node that was asked failed; `data.reports` tells each one's reason. */
export class AllNodesFailedError extends NetworkError {
  declare readonly data: { readonly reports: readonly NodeReport[] } & Readonly<Record<string, unknown>>;

  constructor(reports: readonly NodeReport[]) {
    const reasons = reports.map(({ operatorId, code }) => `operator ${operatorId}: ${code}`).join("; ");
    super("all-nodes-failed", `no node answered the inferences of this call (${reasons})`, {
      retryable: reports.some(({ retryable }) => retryable),
      data: { reports },
    });
  }
}

/** The inferences of one call would cost more than the caller allows. */
export class FeeAboveCapError extends NetworkError {
  constructor(required: bigint, cap: bigint) {
    super(
      "fee-above-cap",
      `the inferences cost ${formatOpg(required)} OPG, above the cap of ${formatOpg(cap)} OPG`,
      { data: { required, cap } },
    );
  }
}

/** What the payer lacks: a balance in `Pipe`, or a budget there for one consumer. */
export type Shortage =
  | { kind: "balance"; payer: string; available: bigint; required: bigint }
  | { kind: "budget" | "block-limit"; payer: string; consumer: string; available: bigint; required: bigint };

/** The payer has to `deposit` into `Pipe`, or to `fundBudget` there for the consumer, before it can pay. */
export class PayerCannotPayError extends NetworkError {
  declare readonly data: Shortage & Readonly<Record<string, unknown>>;

  constructor(shortage: Shortage) {
    const { payer, available, required } = shortage;
    const amounts = `${formatOpg(required)} OPG are needed, there are ${formatOpg(available)}`;
    super(
      "payer-cannot-pay",
      shortage.kind === "balance"
        ? `the balance of ${payer} in Pipe is too low: ${amounts}; deposit more`
        : `the ${shortage.kind} of ${payer} for ${shortage.consumer} is too low: ${amounts}; fund the budget`,
      { data: { ...shortage } },
    );
  }
}

/** No way to bring results into this call. */
export class CarryImpossibleError extends NetworkError {
  constructor(problem: string, data: Readonly<Record<string, unknown>>) {
    super("carry-impossible", `the call cannot carry its inferences: ${problem}`, { data });
  }
}

/** With its inferences the call goes further, and then reverts for a reason of its own: `data.revertData`. */
export class CallRevertsError extends NetworkError {
  constructor(revertData: string, cause?: unknown) {
    super("call-reverts", "the call reverts with its inferences carried", { data: { revertData }, cause });
  }
}

/** The chain could not be asked. */
export class SimulationFailedError extends NetworkError {
  constructor(cause: unknown) {
    super("simulation-failed", "the call could not be simulated", { retryable: true, cause });
  }
}
