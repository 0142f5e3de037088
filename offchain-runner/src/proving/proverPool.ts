import { CircuitError } from "../zk/circuitError.ts";
import { Prover } from "../zk/prover.ts";

export interface ProverPoolOptions {
  /** Processes that prove. */
  readonly provers: number;
  /** Of each. */
  readonly memoryBytes: number;
  /** Of one piece of work, where it is given a limit. */
  readonly timeoutMs: number;
}

/** Prover processes, each with one piece of work at a time; they start with the first one. */
export class ProverPool {
  readonly #provers: readonly Prover[];
  readonly #idle: Prover[];
  readonly #waiting: ((prover: Prover) => void)[] = [];
  readonly #timeoutMs: number;

  constructor({ provers, memoryBytes, timeoutMs }: ProverPoolOptions) {
    this.#provers = Array.from({ length: provers }, () => new Prover({ memoryBytes }));
    this.#idle = [...this.#provers];
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#provers.length;
  }

  /**
   * Proves within the time that one proof may take.
   * @throws CircuitError `proving-timeout`, or what `work` throws
   */
  async prove<T>(work: (prover: Prover, signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return await this.use(async (prover) => {
      const timeout = AbortSignal.timeout(this.#timeoutMs);
      try {
        return await work(prover, AbortSignal.any([signal, timeout]));
      } catch (cause) {
        if (!timeout.aborted || signal.aborted) throw cause;
        throw new CircuitError("proving-timeout", { reason: `more than ${this.#timeoutMs} ms` }, cause);
      }
    }, signal);
  }

  /** Gives `work` a process for itself, as soon as one is idle, for as long as it takes. */
  async use<T>(work: (prover: Prover) => Promise<T>, signal: AbortSignal): Promise<T> {
    const prover = this.#idle.pop() ?? (await new Promise<Prover>((resolve) => this.#waiting.push(resolve)));
    try {
      signal.throwIfAborted();
      return await work(prover);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(prover);
      else next(prover);
    }
  }

  /** Most memory that one process was seen to take, bytes. */
  get peakBytes(): number {
    return Math.max(0, ...this.#provers.map(({ peakBytes }) => peakBytes));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#provers.map((prover) => prover.stop()));
  }
}
