import { expect } from "chai";
import type { MarketHour } from "../../../bench/market/replay/hourlyMarket.ts";
import { type Flow, type Market, marketOf, replay } from "../../../bench/market/replay/replay.ts";
import { normal, seededRandom } from "../../../bench/market/replay/seededRandom.ts";
import { expectNear } from "../../fixtures/near.ts";

const FLOW: Flow = { dailyDemand: 0.2, patience: 0.005, followsVolume: false };
const BLOCK_SEC = 60;
const FIRST_HOUR = 470_000;

/** A market that wanders by about 0.6 % an hour; the hours before `from` do not depend on `seed`. */
function hoursOf(count: number, from = 0, seed = 0): MarketHour[] {
  const [common, own] = [seededRandom(1), seededRandom(seed)];
  let open = 2_000;
  return Array.from({ length: count }, (_, i) => {
    const close = open * Math.exp(0.006 * normal(i < from ? common : own));
    const [high, low] = [Math.max(open, close) * 1.002, Math.min(open, close) * 0.998];
    const hour = { hour: FIRST_HOUR + i, open, high, low, close, volume: 1_000 };
    open = close;
    return hour;
  });
}

/** Forecasts the mean move within the hours that it is shown. */
async function meanMove(input: Float32Array): Promise<number> {
  let sum = 0;
  for (let i = 0; i < 24; i++) sum += Math.abs((input[4 * i + 3] ?? 0) - (input[4 * i] ?? 0));
  return sum / 24;
}

describe("the replay of a pool", () => {
  it("earns nothing from prices that come later", async () => {
    const rule = { base: 0.001, slope: 0.4 };
    const days = 4;
    const [one, other] = await Promise.all(
      [2, 3].map((seed) =>
        replay(marketOf(hoursOf(24 * 2 * days, 24 * days, seed), FLOW, BLOCK_SEC, 5), rule, meanMove),
      ),
    );
    expect(one?.daily.slice(0, days)).to.deep.equal(other?.daily.slice(0, days));
    expect(one?.daily.slice(days)).to.not.deep.equal(other?.daily.slice(days));
  });

  it("shows the forecast only hours that have ended, and none in the first day", async () => {
    const hours = hoursOf(72);
    const asked: number[] = [];
    const market = marketOf(hours, { ...FLOW, dailyDemand: 1e-9 }, BLOCK_SEC, 5);
    await replay(market, { base: 0, slope: 0.001 }, async (input) => {
      // The pool follows the market, so the newest open it is shown tells which hour that was.
      asked.push(1 / (1 + (input[4 * 23] ?? 0)));
      return 0;
    });
    expect(asked).to.have.length(72 - 25);
    asked.forEach((closeOverOpen, i) => {
      const newest = hours[25 + i - 1] as MarketHour;
      expectNear(closeOverOpen, newest.close / newest.open, 0.002);
    });
  });

  it("meets the same traders and prices under every rule", async () => {
    const market = marketOf(hoursOf(72), FLOW, BLOCK_SEC, 5);
    const rule = { base: 0.002, slope: 0 };
    const before = await replay(market, rule, meanMove);
    await replay(market, { base: 0.001, slope: 0.8 }, meanMove);
    expect(await replay(market, rule, meanMove)).to.deep.equal(before);
  });

  /** Milionis, Moallemi, Roughgarden and Zhang (2022): a constant-product pool loses variance / 8. */
  it("loses an eighth of the variance to arbitrage where there is no fee", async () => {
    const deviation = 0.0005;
    const random = seededRandom(9);
    const hours = hoursOf(24 * 60);
    const path = new Float64Array((hours.length * 3_600) / BLOCK_SEC);
    path[0] = 2_000;
    for (let i = 1; i < path.length; i++) {
      path[i] = (path[i - 1] as number) * Math.exp(deviation * normal(random) - deviation ** 2 / 2);
    }
    const market: Market = { hours, path, blocksPerHour: 3_600 / BLOCK_SEC, arrivals: [] };
    const { loss, net, fees } = await replay(market, { base: 0, slope: 0 }, meanMove);
    expect(fees).to.equal(0);
    expect(net).to.equal(-loss);
    expectNear(loss / ((deviation ** 2 / 8) * path.length), 1, 0.03);
  });
});
