import type { ContractRunner } from "ethers";
import type { TypedContractEvent, TypedDeferredTopicFilter, TypedEventLog } from "../types/common.ts";

/** Public endpoints answer for a few thousand blocks at a time. */
const BLOCKS_A_QUERY = 2_000;

interface EventSource {
  runner: ContractRunner | null;
  queryFilter<Event extends TypedContractEvent>(
    filter: TypedDeferredTopicFilter<Event>,
    from: number,
    to: number,
  ): Promise<TypedEventLog<Event>[]>;
}

/** Every event that matches, from the oldest on. */
export async function allEvents<Event extends TypedContractEvent>(
  contract: EventSource,
  filter: TypedDeferredTopicFilter<Event>,
  from: number,
): Promise<TypedEventLog<Event>[]> {
  const latest = await latestBlock(contract);
  const found: TypedEventLog<Event>[] = [];
  for (let start = from; start <= latest; start += BLOCKS_A_QUERY) {
    found.push(...(await contract.queryFilter(filter, start, Math.min(latest, start + BLOCKS_A_QUERY - 1))));
  }
  return found;
}

/** The newest event that matches; looks backwards, so what happened lately is found at once. */
export async function latestEvent<Event extends TypedContractEvent>(
  contract: EventSource,
  filter: TypedDeferredTopicFilter<Event>,
  from: number,
): Promise<TypedEventLog<Event> | undefined> {
  for (let end = await latestBlock(contract); end >= from; end -= BLOCKS_A_QUERY) {
    const found = await contract.queryFilter(filter, Math.max(from, end - BLOCKS_A_QUERY + 1), end);
    const last = found.at(-1);
    if (last !== undefined) return last;
  }
  return undefined;
}

async function latestBlock({ runner }: EventSource): Promise<number> {
  if (!runner?.provider) throw new Error("the contract is not connected to a chain");
  return await runner.provider.getBlockNumber();
}
