import type { Carry } from "@opg-network/sdk/nodeApi";
import type { ChainTime } from "../chain/chainTime.ts";
import type { PipeContract } from "../chain/contracts.ts";

const MAX_KNOWN = 10_000;

/** What payers may spend, token wei; read once a block, and again before it is found too little. */
export class PayerMeans {
  readonly #contract: PipeContract;
  readonly #time: ChainTime;
  readonly #known = new Map<string, Promise<bigint>>();
  #readAt = "";

  constructor(contract: PipeContract, time: ChainTime) {
    this.#contract = contract;
    this.#time = time;
  }

  /** Of the payer's budget for `consumer` where results are appended, else of its balance. */
  of(carry: Carry, payer: string, consumer: string): Promise<bigint> {
    const block = this.#time.isKnown ? this.#time.head.hash : "";
    if (block !== this.#readAt || this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#readAt = block;
    const key = keyOf(carry, payer, consumer);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const read =
      carry === "appended" ? this.#budget(payer, consumer) : this.#contract.escrow.balanceOf(payer);
    this.#known.set(key, read);
    read.catch(() => this.#known.delete(key));
    return read;
  }

  /** Whether the payer has `amount`. @returns what it has, when that is less */
  async shortOf(amount: bigint, carry: Carry, payer: string, consumer: string): Promise<bigint | undefined> {
    if ((await this.of(carry, payer, consumer)) >= amount) return undefined;
    // It may have been funded since, in a block that this node has not seen yet.
    this.#known.delete(keyOf(carry, payer, consumer));
    const means = await this.of(carry, payer, consumer);
    return means < amount ? means : undefined;
  }

  async #budget(payer: string, consumer: string): Promise<bigint> {
    const { balance, blockLimit } = await this.#contract.pipe.budgetOf(payer, consumer);
    if (balance < blockLimit) return balance;
    return blockLimit;
  }
}

function keyOf(carry: Carry, payer: string, consumer: string): string {
  return carry === "appended" ? payer + consumer : payer;
}
