import { type Interface, type LogDescription, toQuantity } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { z } from "zod";

/** Public endpoints differ in how many blocks they answer for. */
const MOST_BLOCKS = 50_000;
const LEAST_BLOCKS = 500;

const logSchema = z.looseObject({
  address: z.string(),
  topics: z.array(z.string()),
  data: z.string(),
  blockNumber: z.string().transform(Number),
});

export interface EventLog extends LogDescription {
  blockNumber: number;
}

/** Every event that the contract emitted since block `from`, oldest first; of one topic, if `topics` are given. */
export async function eventLogs(
  connection: NetworkConnection<string>,
  contract: { address: string; abi: Interface },
  from: number,
  topics: readonly (string | null)[] = [],
): Promise<EventLog[]> {
  const latest = Number(await connection.provider.request({ method: "eth_blockNumber" }));
  const found: EventLog[] = [];
  let blocks = MOST_BLOCKS;
  for (let start = from; start <= latest; ) {
    const end = Math.min(latest, start + blocks - 1);
    const filter = {
      address: contract.address,
      fromBlock: toQuantity(start),
      toBlock: toQuantity(end),
      topics,
    };
    try {
      const logs = await connection.provider.request({ method: "eth_getLogs", params: [filter] });
      for (const log of z.array(logSchema).parse(logs)) {
        const parsed = contract.abi.parseLog(log);
        if (parsed !== null) found.push(Object.assign(parsed, { blockNumber: log.blockNumber }));
      }
      start = end + 1;
    } catch (cause) {
      if (blocks === LEAST_BLOCKS) throw cause;
      blocks = Math.max(LEAST_BLOCKS, blocks >> 2);
    }
  }
  return found;
}
