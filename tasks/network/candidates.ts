import type { Session } from "../session.ts";
import { explained } from "../transaction.ts";

const PAGE = 50;

/** Operators that could serve the next call of a release, cheapest first, with their endpoints. */
export async function candidatesFor(session: Session, release: string, mode: number) {
  const { coverage, operators } = await session.readOnly();
  const found: Awaited<ReturnType<typeof coverage.coverage>>["candidates"][number][] = [];
  for (let offset = 0n; ; ) {
    const { candidates, next } = await explained(() => coverage.coverage(release, mode, offset, PAGE));
    found.push(...candidates);
    if (next === 0n) break;
    offset = next;
  }
  const withEndpoints = await Promise.all(
    found.map(async (candidate) => {
      const { operatorId, signer, price, coverRateBps, stake, freeSlots, acceptBudget } = candidate;
      const block = Number(candidate.endpointBlock);
      const events = await operators.queryFilter(operators.filters.EndpointSet(operatorId), block, block);
      const endpoint = events.at(-1)?.args.endpoint ?? "";
      return { operatorId, signer, price, coverRateBps, stake, freeSlots, acceptBudget, endpoint };
    }),
  );
  return withEndpoints.sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0));
}
