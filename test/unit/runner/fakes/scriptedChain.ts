import { keccak256, toUtf8Bytes } from "ethers";
import type {
  BlockHeader,
  ChainLog,
  ChainReader,
  LogRange,
} from "../../../../offchain-runner/src/chain/chainReader.ts";

/** A chain in memory that can be cut and grown differently. */
export class ScriptedChain implements ChainReader {
  readonly #blocks: BlockHeader[] = [];
  readonly #logs = new Map<string, ChainLog[]>();
  epoch = 0;
  /** What another endpoint says: its logs, and whether it has the chain that was cut. */
  elsewhere: ((range: LogRange) => ChainLog[]) | undefined;
  holdsElsewhere = false;
  /** Of every block from now on. */
  bloom: string | undefined;
  readonly distrusted: string[] = [];
  /** Largest range it answers, as public endpoints have one. */
  maxRange = Number.POSITIVE_INFINITY;
  /** Ranges that were asked for. */
  readonly asked: LogRange[] = [];
  /** Runs before logs are answered. */
  beforeLogs: () => void = () => undefined;

  constructor(blocks = 1) {
    this.grow(blocks);
  }

  /** Adds blocks; the last carries `logs` with these payloads. */
  grow(count = 1, payloads: readonly string[] = [], fork = "main"): void {
    for (let i = 0; i < count; ++i) {
      const number = this.#blocks.length;
      const parentHash = this.#blocks[number - 1]?.hash ?? hashOf("genesis");
      const hash = hashOf(`${fork}:${number}:${parentHash}`);
      this.#blocks.push({ number, hash, parentHash, timestamp: 1_000 + 2 * number, baseFee: 7n });
    }
    const last = this.#blocks.at(-1) as BlockHeader;
    const logs = payloads.map((data, index) => ({
      address: "0x",
      topics: [],
      data,
      blockNumber: last.number,
      blockHash: last.hash,
      transactionHash: hashOf(data),
      index,
    }));
    this.#logs.set(last.hash, logs);
  }

  /** Forgets every block above `number`. */
  cut(number: number): void {
    this.#blocks.length = number + 1;
  }

  /** Forgets the logs of the newest block. */
  lose(): void {
    this.#logs.delete((this.#blocks.at(-1) as BlockHeader).hash);
  }

  async head(): Promise<BlockHeader> {
    return (await this.block(this.#blocks.length - 1)) as BlockHeader;
  }

  async block(number: number): Promise<BlockHeader | undefined> {
    const block = this.#blocks[number];
    return block === undefined ? undefined : { ...block, logsBloom: this.bloom };
  }

  async logs(_addresses: readonly string[], range: LogRange): Promise<ChainLog[]> {
    this.asked.push(range);
    this.beforeLogs();
    if ("blockHash" in range) return this.#logs.get(range.blockHash) ?? [];
    if (range.toBlock - range.fromBlock + 1 > this.maxRange) throw new Error("range too large");
    const blocks = this.#blocks.slice(range.fromBlock, range.toBlock + 1);
    return blocks.flatMap(({ hash }) => this.#logs.get(hash) ?? []);
  }

  async logsElsewhere(_addresses: readonly string[], range: LogRange): Promise<ChainLog[] | undefined> {
    return this.elsewhere?.(range);
  }

  async isHeldElsewhere(): Promise<boolean> {
    return this.holdsElsewhere;
  }

  distrust(reason: string): void {
    this.distrusted.push(reason);
    this.epoch += 1;
  }
}

function hashOf(text: string): string {
  return keccak256(toUtf8Bytes(text));
}
