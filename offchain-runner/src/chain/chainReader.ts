import { toBeHex } from "ethers";
import { z } from "zod";
import { NodeError } from "../nodeError.ts";
import type { ResilientProvider } from "./provider.ts";

/** A block's header, as far as the node needs it. */
export interface BlockHeader {
  number: number;
  hash: string;
  parentHash: string;
  /** Seconds. */
  timestamp: number;
  /** Wei. */
  baseFee: bigint;
}

export interface ChainLog {
  address: string;
  topics: readonly string[];
  data: string;
  blockNumber: number;
  blockHash: string;
  transactionHash: string;
  index: number;
}

export type LogRange = { fromBlock: number; toBlock: number } | { blockHash: string };

/** What the node reads of the chain itself; contracts are read through `contracts.ts`. */
export interface ChainReader {
  head(): Promise<BlockHeader>;
  /** Undefined where the chain does not reach. */
  block(number: number): Promise<BlockHeader | undefined>;
  /** Logs in chain order. @param topics as in `eth_getLogs`; none = all */
  logs(addresses: readonly string[], range: LogRange, topics?: readonly string[]): Promise<ChainLog[]>;
}

const quantity = z.string().regex(/^0x[0-9a-fA-F]+$/);
const count = quantity.transform((text) => Number(BigInt(text)));
const hash = z.string().regex(/^0x[0-9a-fA-F]{64}$/);

const headerSchema = z.object({
  number: count,
  hash,
  parentHash: hash,
  timestamp: count,
  baseFeePerGas: quantity.transform(BigInt).nullish(),
});

/** Logs as endpoints give them, in any order, to logs in chain order. */
export const logsSchema = z
  .array(
    z
      .object({
        address: z.string(),
        topics: z.array(hash),
        data: z.string(),
        blockNumber: count,
        blockHash: hash,
        transactionHash: hash,
        logIndex: count,
      })
      .transform(({ logIndex, ...log }): ChainLog => ({ ...log, index: logIndex })),
  )
  .transform((logs) => logs.sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index));

export function createChainReader(provider: ResilientProvider): ChainReader {
  const block = async (tag: string): Promise<BlockHeader | undefined> => {
    const answer: unknown = await provider.send("eth_getBlockByNumber", [tag, false]);
    if (answer === null) return undefined;
    const { baseFeePerGas, ...header } = parse(headerSchema, answer);
    return { ...header, baseFee: baseFeePerGas ?? 0n };
  };
  return {
    async head() {
      const header = await block("latest");
      if (header === undefined)
        throw new NodeError("rpc-refused", "the endpoint has no latest block", { retryable: true });
      return header;
    },
    block: (number) => block(toQuantity(number)),
    async logs(addresses, range, topics = []) {
      const where =
        "blockHash" in range
          ? range
          : { fromBlock: toQuantity(range.fromBlock), toBlock: toQuantity(range.toBlock) };
      const answer: unknown = await provider.send("eth_getLogs", [{ address: addresses, topics, ...where }]);
      return parse(logsSchema, answer);
    },
  };
}

function toQuantity(number: number): string {
  return toBeHex(number).replace(/^0x0+(?=.)/, "0x");
}

function parse<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new NodeError("rpc-refused", "the endpoint answered something else than asked", {
    retryable: true,
    data: { issues: result.error.issues.slice(0, 3) },
  });
}
