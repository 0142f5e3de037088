import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { TransactionPurpose } from "../chain/transactionStore.ts";
import type { InferenceEnd, InferenceMetrics } from "../inference/inferencePool.ts";
import type { NodeStatus } from "./status.ts";

const RUN_BUCKETS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
const OPG_WEI = 1e18;

/** Everything that `/metrics` shows. Counters are told; gauges are read from a status when somebody asks. */
export class NodeMetrics implements InferenceMetrics {
  readonly registry = new Registry();
  readonly #runSeconds = new Histogram({
    name: "opg_inference_seconds",
    help: "Duration of successful runs",
    buckets: RUN_BUCKETS,
    registers: [this.registry],
  });
  readonly #transactions = this.#counter("opg_transactions_total", "Transactions by purpose and end", [
    "purpose",
    "status",
  ]);
  readonly #gasCost = this.#counter("opg_gas_cost_coin", "Gas paid, in whole coins of the chain", [
    "purpose",
  ]);
  readonly #signed = this.#counter("opg_results_signed_total", "Results signed", []);
  readonly #refused = this.#counter(
    "opg_results_refused_total",
    "Second outputs that were refused a signature",
    [],
  );
  readonly #disagreements = this.#counter(
    "opg_exact_disagreements_total",
    "Results of exact releases on which onnxruntime and the interpreter differ, and that were not signed",
    ["release"],
  );
  readonly #inferences = this.#counter("opg_inferences_total", "Runs by end: ok, or the code", ["end"]);
  readonly #batches = this.#counter("opg_inference_batches_total", "Runs of several rows as one", []);
  readonly #batchedRuns = this.#counter(
    "opg_inference_batched_runs_total",
    "Runs that were rows of those",
    [],
  );
  readonly #endedProcesses = this.#counter(
    "opg_inference_processes_ended_total",
    "Inference processes that ended before their time",
    ["reason"],
  );
  readonly #evictedSessions = this.#counter(
    "opg_inference_sessions_evicted_total",
    "Loaded models that made room for others",
    [],
  );
  readonly #jobs = this.#gauge("opg_jobs", "Jobs by state", ["state"]);
  readonly #queue = this.#gauge("opg_queue_depth", "Jobs waiting for or in inference", []);
  readonly #balance = this.#gauge("opg_signer_balance_coin", "Balance of the signer, in whole coins", []);
  readonly #stake = this.#gauge("opg_stake_opg", "Active stake of the operator, OPG", []);
  readonly #earnings = this.#gauge("opg_earnings_opg", "Earnings that are not claimed, OPG", [
    "source",
    "release",
    "state",
  ]);
  readonly #calls = this.#counter("opg_pipe_calls_total", "Calls to the service by kind and end", [
    "kind",
    "outcome",
  ]);
  readonly #callSeconds = new Histogram({
    name: "opg_pipe_call_seconds",
    help: "Duration of calls to the service",
    labelNames: ["kind"],
    buckets: RUN_BUCKETS,
    registers: [this.registry],
  });
  readonly #served = this.#counter("opg_pipe_results_served_total", "Results given to calls and reads", []);
  readonly #servedOpg = this.#counter("opg_pipe_served_opg_total", "Their fees, OPG", []);
  readonly #consumed = this.#counter("opg_pipe_results_consumed_total", "Results seen paid on chain", []);
  readonly #unpaid = this.#gauge("opg_pipe_unpaid_opg", "Served in the window and not paid, OPG", []);
  readonly #waiting = this.#gauge("opg_pipe_waiting_runs", "Runs of calls that wait for a process", []);
  readonly #proofs = this.#counter("opg_proofs_total", "Proofs of results, by end", ["end"]);
  readonly #proofSeconds = new Histogram({
    name: "opg_proof_seconds",
    help: "Duration of proofs that were made, checking them included",
    buckets: RUN_BUCKETS,
    registers: [this.registry],
  });
  readonly #expectedProof = this.#gauge("opg_proof_expected_seconds", "What a proof of a release takes now", [
    "release",
  ]);
  readonly #waitingProofs = this.#gauge("opg_proofs_waiting", "Proofs that wait for a prover", ["for"]);
  readonly #checked = this.#counter("opg_verifier_results_total", "Results of others looked at, by end", [
    "end",
  ]);
  readonly #faults = this.#counter("opg_verifier_faults_total", "Wrong results found, by kind", ["fault"]);
  readonly #bounties = this.#counter("opg_verifier_bounties_opg_total", "Bounties received, OPG", []);
  readonly #backlog = this.#gauge("opg_verifier_backlog", "Results that wait to be computed", []);
  readonly #disputes = this.#gauge("opg_disputes", "Disputes by state", ["state"]);
  readonly #lag = this.#gauge("opg_cursor_lag_blocks", "Blocks whose events are not processed yet", []);
  readonly #endpoints = this.#gauge("opg_rpc_endpoint_up", "1 where a chain endpoint is in order", ["host"]);
  readonly #endpointLag = this.#gauge(
    "opg_rpc_endpoint_lag_blocks",
    "How far an endpoint is behind the best",
    ["host"],
  );
  readonly #endpointLatency = this.#gauge(
    "opg_rpc_endpoint_latency_seconds",
    "Moving average of an endpoint's answers",
    ["host"],
  );
  readonly #endpointFailures = this.#gauge(
    "opg_rpc_endpoint_failures",
    "Failures of an endpoint since the start, by kind",
    ["host", "failure"],
  );
  readonly #alarms = this.#gauge("opg_alarm", "1 while an alarm is on", ["id", "severity"]);
  readonly #exposure = this.#gauge("opg_exposure_opg", "What hangs on the signer's stake, OPG", ["kind"]);
  readonly #ready = this.#gauge("opg_ready", "1 when the node would serve a request now", []);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    // Until the chain has told them there are none: 0 would be a cause for alarm.
    for (const unknown of [this.#balance, this.#stake]) unknown.remove();
  }

  recordRun(ms: number): void {
    this.#runSeconds.observe(ms / 1000);
  }

  inferenceEnded(_release: string, end: InferenceEnd): void {
    this.#inferences.inc({ end });
  }

  batchEnded(_release: string, rows: number): void {
    this.#batches.inc();
    this.#batchedRuns.inc(rows);
  }

  workerEnded(reason: string): void {
    this.#endedProcesses.inc({ reason });
  }

  sessionEvicted(): void {
    this.#evictedSessions.inc();
  }

  recordSigned(count: number): void {
    this.#signed.inc(count);
  }

  recordRefused(): void {
    this.#refused.inc();
  }

  recordDisagreement(release: string): void {
    this.#disagreements.inc({ release });
  }

  recordOutcome(purpose: TransactionPurpose, outcome: SubmitOutcome): void {
    this.#transactions.inc({ purpose, status: outcome.status });
    if ("receipt" in outcome) {
      this.#gasCost.inc({ purpose }, Number(outcome.receipt.cost) / 1e18);
    }
  }

  recordCall(kind: string, outcome: string, ms: number): void {
    this.#calls.inc({ kind, outcome });
    this.#callSeconds.observe({ kind }, ms / 1000);
  }

  recordServed(fee: bigint): void {
    this.#served.inc();
    this.#servedOpg.inc(Number(fee) / OPG_WEI);
  }

  recordConsumed(count: number): void {
    this.#consumed.inc(count);
  }

  /** @param end `made`, or the code of what went wrong */
  recordProof(end: string, ms: number): void {
    this.#proofs.inc({ end });
    if (end === "made") this.#proofSeconds.observe(ms / 1000);
  }

  recordChecked(end: string): void {
    this.#checked.inc({ end });
  }

  recordFault(fault: string): void {
    this.#faults.inc({ fault });
  }

  recordBounty(amount: bigint): void {
    this.#bounties.inc(Number(amount) / OPG_WEI);
  }

  /** The text that Prometheus reads. */
  async render(status: NodeStatus): Promise<string> {
    for (const [state, count] of Object.entries(status.jobs)) this.#jobs.set({ state }, count);
    this.#queue.set(status.queueDepth);
    this.#lag.set(status.chain.lagBlocks);
    this.#ready.set(status.isReady ? 1 : 0);
    this.#alarms.reset();
    for (const { id, severity } of status.alarms) this.#alarms.set({ id, severity }, 1);
    this.#exposure.set({ kind: "insured" }, Number(status.exposure.insured) / OPG_WEI);
    this.#exposure.set({ kind: "bonded" }, Number(status.exposure.bonded) / OPG_WEI);
    for (const { host, state, lagBlocks, latencyMs, failures } of status.endpoints) {
      this.#endpoints.set({ host }, state === "up" ? 1 : 0);
      this.#endpointLag.set({ host }, lagBlocks);
      this.#endpointLatency.set({ host }, latencyMs / 1000);
      for (const [failure, count] of Object.entries(failures))
        this.#endpointFailures.set({ host, failure }, count);
    }
    if (status.operator !== undefined) {
      this.#stake.set(Number(status.operator.stake) / OPG_WEI);
      this.#balance.set(Number(status.operator.signerBalance) / 1e18);
    }
    if (status.pipe !== undefined) {
      this.#unpaid.set(Number(status.pipe.unpaid) / OPG_WEI);
      this.#waiting.set(status.pipe.waiting);
    }
    if (status.proofs !== undefined) {
      this.#waitingProofs.set({ for: "requests" }, status.proofs.requests);
      this.#waitingProofs.set({ for: "calls" }, status.proofs.calls);
    }
    for (const { id, zk } of status.releases) {
      // From zero on: of a counter that begins with its first event, Prometheus sees no increase.
      if (id !== undefined) this.#disagreements.inc({ release: id }, 0);
      if (id !== undefined && zk?.proofMs !== undefined)
        this.#expectedProof.set({ release: id }, zk.proofMs / 1000);
    }
    if (status.verifier !== undefined) {
      this.#backlog.set(status.verifier.backlog);
      for (const [state, count] of Object.entries(status.verifier.disputes))
        this.#disputes.set({ state }, count);
    }
    for (const { source, release, matured, unripe } of status.earnings) {
      this.#earnings.set({ source, release, state: "matured" }, Number(matured) / OPG_WEI);
      this.#earnings.set({ source, release, state: "unripe" }, Number(unripe) / OPG_WEI);
    }
    return this.registry.metrics();
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
