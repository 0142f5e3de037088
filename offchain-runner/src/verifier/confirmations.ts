import type { ChainGraph } from "./chainGraph.ts";
import type { ExactReleases } from "./exactReleases.ts";
import { type ComputedEnd, type GraphRunner, isTooMuch } from "./graphRunner.ts";

/** Questions of one graph that are answered before another graph's. */
const AT_A_TURN = 16;

interface Question {
  readonly input: Uint8Array;
  readonly signal: AbortSignal;
  readonly settle: (end: ComputedEnd) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Computes by graphs that are read from the chain again, in threads that have computed nothing before: one at a time, and
 * one more of the graphs that are slow, so that they hold up no others.
 */
export class Confirmations {
  readonly #releases: Pick<ExactReleases, "freshGraphOf">;
  readonly #runner: Pick<GraphRunner, "runFresh" | "isSlow">;
  readonly #quick = new Map<string, Question[]>();
  readonly #slow = new Map<string, Question[]>();
  readonly #busy = new Set<Map<string, Question[]>>();

  constructor(
    releases: Pick<ExactReleases, "freshGraphOf">,
    runner: Pick<GraphRunner, "runFresh" | "isSlow">,
  ) {
    this.#releases = releases;
    this.#runner = runner;
  }

  compute(graphRoot: string, input: Uint8Array, signal: AbortSignal): Promise<ComputedEnd> {
    const lane = this.#runner.isSlow(graphRoot) ? this.#slow : this.#quick;
    return new Promise((settle, fail) => {
      const questions = lane.get(graphRoot) ?? [];
      lane.set(graphRoot, [...questions, { input, signal, settle, fail }]);
      void this.#work(lane);
    });
  }

  async #work(lane: Map<string, Question[]>): Promise<void> {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    for (let next = lane.entries().next().value; next !== undefined; next = lane.entries().next().value) {
      const [graphRoot, questions] = next;
      lane.delete(graphRoot);
      if (questions.length > AT_A_TURN) lane.set(graphRoot, questions.slice(AT_A_TURN));
      await this.#answer(graphRoot, questions.slice(0, AT_A_TURN));
    }
    this.#busy.delete(lane);
  }

  /** Never throws: each question has its own answer. */
  async #answer(graphRoot: string, questions: readonly Question[]): Promise<void> {
    let graph: ChainGraph;
    try {
      graph = await this.#releases.freshGraphOf({ graphRoot });
    } catch (error) {
      for (const { fail } of questions) fail(error);
      return;
    }
    let tooMuch: unknown;
    for (const { input, signal, settle, fail } of questions) {
      try {
        if (tooMuch !== undefined) throw tooMuch;
        signal.throwIfAborted();
        settle(await this.#runner.runFresh(graph, input, signal));
      } catch (error) {
        if (isTooMuch(error)) tooMuch = error;
        fail(error);
      }
    }
  }
}
