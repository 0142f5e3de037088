import { coverPrice } from "@opg-network/sdk/cover";
import { formatOpg } from "@opg-network/sdk/opg";
import { GRAIN, MODES } from "@opg-network/sdk/request";
import { grainsArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { candidatesFor } from "../network/candidates.ts";
import type { Release } from "../release.ts";
import type { Session } from "../session.ts";

const BPS = 10_000n;

/** The fee that is named, or else the cheapest fitting offer; refused when it does not cover royalty and protocol fee. */
export async function requestFee(
  session: Session,
  release: Release,
  {
    fee: named,
    mode,
    operator,
    minStake,
    cover,
  }: { fee: string | undefined; mode: number; operator: number; minStake: bigint; cover: bigint },
): Promise<bigint> {
  const { requests } = await session.readOnly();
  const least = leastFee(release.royalty, await requests.protocolFeeBps());
  const candidates = (await candidatesFor(session, release.id, mode))
    .filter(
      (candidate) =>
        (operator === 0 || Number(candidate.operatorId) === operator) &&
        candidate.stake >= minStake &&
        (cover === 0n || candidate.coverRateBps !== 0n),
    )
    .map(({ price, coverRateBps }) => ({ price: price + coverPrice(cover, Number(coverRateBps)) }))
    .sort((a, b) => Number(a.price - b.price));
  const [cheapest] = candidates;
  if (cheapest === undefined) session.say(`Warning: no operator could serve this in ${MODES[mode]} now`);
  if (named === undefined) return cheapest !== undefined && cheapest.price > least ? cheapest.price : least;
  const fee = grainsArgument("--fee", named);
  if (fee < least) throw new CommandError("fee-too-low", { fee: formatOpg(fee), required: formatOpg(least) });
  if (cheapest !== undefined && fee < cheapest.price) {
    session.say(`Warning: the cheapest operator asks ${formatOpg(cheapest.price)} OPG`);
  }
  return fee;
}

/** The smallest fee, in whole grains, of which the protocol's share leaves the royalty. */
function leastFee(royalty: bigint, protocolFeeBps: bigint): bigint {
  const grains = royalty / GRAIN;
  const fee = (grains * BPS + (BPS - protocolFeeBps) - 1n) / (BPS - protocolFeeBps);
  return (fee === 0n ? 1n : fee) * GRAIN;
}
