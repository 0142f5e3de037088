import { toBeHex } from "ethers";
import { z } from "zod";
import { NodeError } from "../nodeError.ts";
import { falseAlarmRate } from "./logsBloom.ts";
import type { DistrustReason, ResilientProvider, RpcEnd } from "./provider.ts";

/** A block's header, as far as the node needs it. */
export interface BlockHeader {
  number: number;
  hash: string;
  parentHash: string;
  /** Seconds. */
  timestamp: number;
  /** Wei. */
  baseFee: bigint;
  /** Which addresses and topics its logs may have; see `mayHaveLogsOf`. */
  logsBloom?: string | undefined;
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
  /** Changes when another endpoint is asked: what was read before and after may be of different chains. */
  readonly epoch: number;
  /** The same logs as somebody else has them, the most that anyone has; undefined where nobody else can say. */
  logsElsewhere(
    addresses: readonly string[],
    range: LogRange,
    block?: BlockHeader,
  ): Promise<ChainLog[] | undefined>;
  /** Whether another endpoint has `block` in a chain no shorter than `head`. */
  isHeldElsewhere(block: Pick<BlockHeader, "number" | "hash">, head: BlockHeader): Promise<boolean>;
  /** Leaves the endpoint of `epoch` for a while, when it is still the one that is asked. */
  distrust(reason: DistrustReason, epoch: number): void;
}

/** Receipts of a whole block are read only where the bloom says so much that they are seldom read for nothing. */
const MAX_FALSE_ALARMS = 0.2;

const quantity = z.string().regex(/^0x[0-9a-fA-F]+$/);
const count = quantity.transform((text) => Number(BigInt(text)));
const hash = z.string().regex(/^0x[0-9a-fA-F]{64}$/);

const headerSchema = z
  .object({
    number: count,
    hash,
    parentHash: hash,
    timestamp: count,
    baseFeePerGas: quantity.transform(BigInt).nullish(),
    logsBloom: z
      .string()
      .regex(/^0x[0-9a-fA-F]{512}$/)
      .optional(),
  })
  .transform(({ baseFeePerGas, ...header }): BlockHeader => ({ ...header, baseFee: baseFeePerGas ?? 0n }));

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

const receiptsSchema = z.array(z.object({ logs: logsSchema }));

export function createChainReader(provider: ResilientProvider): ChainReader {
  const block = async (tag: string): Promise<BlockHeader | undefined> => {
    const answer: unknown = await provider.send("eth_getBlockByNumber", [tag, false]);
    return answer === null ? undefined : parse(headerSchema, answer);
  };
  return {
    get epoch() {
      return provider.epoch;
    },
    distrust: (reason, epoch) => provider.distrust(reason, epoch),
    async head() {
      const header = await block("latest");
      if (header === undefined)
        throw new NodeError("rpc-refused", "the endpoint has no latest block", { retryable: true });
      return header;
    },
    block: (number) => block(toQuantity(number)),
    async logs(addresses, range, topics = []) {
      const answer: unknown = await provider.send("eth_getLogs", [filterOf(addresses, range, topics)]);
      return checked(parse(logsSchema, answer), addresses, range);
    },
    async logsElsewhere(addresses, range, header) {
      const ends = await provider.askOthers("eth_getLogs", [filterOf(addresses, range, [])]);
      const answers = ends.flatMap((end) => {
        const logs = logsSchema.safeParse("result" in end ? end.result : undefined);
        return logs.success ? [checked(logs.data, addresses, range)] : [];
      });
      const most = answers.toSorted((a, b) => b.length - a.length)[0];
      return most ?? (await logsOfReceipts(provider, addresses, header));
    },
    async isHeldElsewhere({ number, hash: expected }, head) {
      const [heads, blocks] = await Promise.all([
        provider.askOthers("eth_getBlockByNumber", ["latest", false]),
        provider.askOthers("eth_getBlockByNumber", [toQuantity(number), false]),
      ]);
      // One that failed in between makes the lists unlike: then nobody is a witness.
      if (heads.length !== blocks.length) return false;
      return heads.some((end, index) => {
        const isAsLong = (headerIn(end)?.number ?? -1) >= head.number;
        return isAsLong && headerIn(blocks[index])?.hash === expected;
      });
    },
  };
}

async function logsOfReceipts(
  provider: ResilientProvider,
  addresses: readonly string[],
  header: BlockHeader | undefined,
): Promise<ChainLog[] | undefined> {
  if (header?.logsBloom === undefined || falseAlarmRate(header.logsBloom) > MAX_FALSE_ALARMS)
    return undefined;
  const params = [header.hash];
  const answer: unknown = await provider.send("eth_getBlockReceipts", params).catch(() => undefined);
  const receipts = receiptsSchema.safeParse(answer);
  if (!receipts.success) return undefined;
  const logs = receipts.data.flatMap((receipt) => receipt.logs);
  return logs.filter(({ address, blockHash }) => blockHash === header.hash && isAmong(address, addresses));
}

function headerIn(end: RpcEnd | undefined): BlockHeader | undefined {
  const header = headerSchema.safeParse(end !== undefined && "result" in end ? end.result : undefined);
  return header.success ? header.data : undefined;
}

function filterOf(addresses: readonly string[], range: LogRange, topics: readonly string[]): object {
  const where =
    "blockHash" in range
      ? range
      : { fromBlock: toQuantity(range.fromBlock), toBlock: toQuantity(range.toBlock) };
  return { address: addresses, topics, ...where };
}

/** What was asked for, and nothing else: some endpoints leave a filter out that they do not know. */
function checked(logs: ChainLog[], addresses: readonly string[], range: LogRange): ChainLog[] {
  const isAsked = ({ address, blockHash, blockNumber }: ChainLog): boolean =>
    isAmong(address, addresses) &&
    ("blockHash" in range
      ? blockHash === range.blockHash
      : blockNumber >= range.fromBlock && blockNumber <= range.toBlock);
  if (logs.every(isAsked)) return logs;
  throw new NodeError("rpc-refused", "the endpoint answered with other logs than asked for", {
    retryable: true,
  });
}

function isAmong(address: string, addresses: readonly string[]): boolean {
  return addresses.some((each) => each.toLowerCase() === address.toLowerCase());
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
