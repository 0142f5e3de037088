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

  async head(): Promise<BlockHeader> {
    return this.#blocks.at(-1) as BlockHeader;
  }

  async block(number: number): Promise<BlockHeader | undefined> {
    return this.#blocks[number];
  }

  async logs(_addresses: readonly string[], range: LogRange): Promise<ChainLog[]> {
    this.asked.push(range);
    this.beforeLogs();
    if ("blockHash" in range) return this.#logs.get(range.blockHash) ?? [];
    if (range.toBlock - range.fromBlock + 1 > this.maxRange) throw new Error("range too large");
    const blocks = this.#blocks.slice(range.fromBlock, range.toBlock + 1);
    return blocks.flatMap(({ hash }) => this.#logs.get(hash) ?? []);
  }
}

function hashOf(text: string): string {
  return keccak256(toUtf8Bytes(text));
}
