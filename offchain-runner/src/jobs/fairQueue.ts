const MAX_IDLE_FLOWS = 10_000;

interface Flow<T> {
  /** Work that this flow was given so far, in units of its share: the least goes next. */
  served: number;
  readonly items: { readonly cost: number; readonly item: T }[];
}

/**
 * Waiting work of many flows, each of which gets its share of the cost that is taken out, whoever has put in how much
 * (start-time fair queueing). A flow that was idle begins level with the others: it has saved nothing up.
 */
export class FairQueue<T> {
  readonly #flows = new Map<string, Flow<T>>();
  readonly #shareOf: (flow: string) => number;
  #level = 0;
  #size = 0;
  #cost = 0;

  constructor(shareOf: (flow: string) => number = () => 1) {
    this.#shareOf = shareOf;
  }

  get size(): number {
    return this.#size;
  }

  /** Cost of all that waits. */
  get cost(): number {
    return this.#cost;
  }

  push(flow: string, cost: number, item: T): void {
    const known = this.#flows.get(flow) ?? { served: this.#level, items: [] };
    if (known.items.length === 0) known.served = Math.max(known.served, this.#level);
    known.items.push({ cost, item });
    this.#flows.set(flow, known);
    this.#size += 1;
    this.#cost += cost;
  }

  /** The next item for which there is room now: of the flow that had the least, and of its items the oldest. */
  take(hasRoom: (item: T) => boolean): T | undefined {
    const byServed = [...this.#flows].sort(([, one], [, other]) => one.served - other.served);
    for (const [name, flow] of byServed) {
      const at = flow.items.findIndex(({ item }) => hasRoom(item));
      const entry = flow.items[at];
      if (entry === undefined) continue;
      this.#level = Math.max(this.#level, flow.served);
      flow.served += entry.cost / this.#shareOf(name);
      this.#removeAt(flow, at);
      return entry.item;
    }
    return undefined;
  }

  /** False when it is not waiting any more. */
  remove(item: T): boolean {
    for (const flow of this.#flows.values()) {
      const at = flow.items.findIndex((entry) => entry.item === item);
      if (at < 0) continue;
      this.#removeAt(flow, at);
      return true;
    }
    return false;
  }

  #removeAt(flow: Flow<T>, at: number): void {
    const [removed] = flow.items.splice(at, 1);
    this.#size -= 1;
    this.#cost -= removed?.cost ?? 0;
    if (this.#size === 0) this.#cost = 0;
    // Names cost nothing to make up; to forget what so many had only makes them equal again.
    if (this.#size === 0 && this.#flows.size > MAX_IDLE_FLOWS) this.#flows.clear();
    // What a flow had beyond its share is remembered until the others have caught up.
    for (const [other, { served, items }] of this.#flows)
      if (items.length === 0 && served <= this.#level) this.#flows.delete(other);
  }
}
