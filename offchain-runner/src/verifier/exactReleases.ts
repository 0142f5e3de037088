import { ZeroHash } from "ethers";
import type { Contracts } from "../chain/contracts.ts";
import type { Clock } from "../clock.ts";
import { type ChainGraph, type ReadCode, readChainGraph } from "./chainGraph.ts";

/** What disputes measure results of a release by. */
export interface ExactTerms {
  readonly graphRoot: string;
  /** Only results valid beyond this timestamp are measured. */
  readonly exactFrom: number;
}

const APPROXIMATE_MS = 600_000;
const MAX_KNOWN = 10_000;

/** Which releases are exact, and their graphs as the chain has them. */
export class ExactReleases {
  readonly #hub: Pick<Contracts["hub"], "exactGraphOf">;
  readonly #readCode: ReadCode;
  readonly #clock: Clock;
  readonly #options: { blobStore: string; graphBytes: number };
  readonly #known = new Map<string, ExactTerms | { readonly approximateUntilMs: number }>();
  /** The one used last comes last. */
  readonly #graphs = new Map<string, ChainGraph>();
  /** What is being read: once, however many wait for it. */
  readonly #reading = new Map<string, Promise<ChainGraph>>();

  constructor(
    dependencies: { hub: Pick<Contracts["hub"], "exactGraphOf">; readCode: ReadCode; clock: Clock },
    options: { blobStore: string; graphBytes: number },
  ) {
    this.#hub = dependencies.hub;
    this.#readCode = dependencies.readCode;
    this.#clock = dependencies.clock;
    this.#options = options;
  }

  /** False only for a release that was asked for lately and is not exact. */
  isOfInterest(release: string): boolean {
    const known = this.#known.get(release);
    if (known === undefined || !("approximateUntilMs" in known)) return true;
    return this.#clock.nowMs() >= known.approximateUntilMs;
  }

  /** Undefined for what no dispute can measure now; what it signed meanwhile will not be measured later either. */
  async termsOf(release: string): Promise<ExactTerms | undefined> {
    const known = this.#known.get(release);
    if (known !== undefined && !("approximateUntilMs" in known)) return known;
    if (known !== undefined && this.#clock.nowMs() < known.approximateUntilMs) return undefined;
    const [graphRoot, exactFrom] = await this.#hub.exactGraphOf(release);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    if (exactFrom === 0n || graphRoot === ZeroHash) {
      this.#known.set(release, { approximateUntilMs: this.#clock.nowMs() + APPROXIMATE_MS });
      return undefined;
    }
    const terms = { graphRoot, exactFrom: Number(exactFrom) };
    this.#known.set(release, terms);
    return terms;
  }

  async graphOf({ graphRoot }: ExactTerms): Promise<ChainGraph> {
    const graph = this.#graphs.get(graphRoot) ?? (await this.#read(graphRoot));
    this.#graphs.delete(graphRoot);
    this.#graphs.set(graphRoot, graph);
    let bytes = 0;
    for (const [key, { stream }] of [...this.#graphs].reverse()) {
      bytes += stream.length;
      if (bytes > this.#options.graphBytes && key !== graphRoot) this.#graphs.delete(key);
    }
    return graph;
  }

  #read(graphRoot: string): Promise<ChainGraph> {
    const known = this.#reading.get(graphRoot);
    if (known !== undefined) return known;
    const reading = this.freshGraphOf({ graphRoot }).finally(() => this.#reading.delete(graphRoot));
    this.#reading.set(graphRoot, reading);
    return reading;
  }

  /** Read from the chain, whatever is remembered. */
  async freshGraphOf({ graphRoot }: Pick<ExactTerms, "graphRoot">): Promise<ChainGraph> {
    const { blobStore, graphBytes } = this.#options;
    return readChainGraph(this.#readCode, blobStore, graphRoot, graphBytes);
  }
}
