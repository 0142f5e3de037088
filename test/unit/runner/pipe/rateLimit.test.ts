import { expect } from "chai";
import { RateLimit } from "../../../../offchain-runner/src/pipe/rateLimit.ts";
import { expectError } from "../expectError.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";

describe("RateLimit", () => {
  let clock: SteppedClock;
  let rates: RateLimit;

  beforeEach(() => {
    clock = new SteppedClock();
    rates = new RateLimit(clock);
  });

  const refused = (name: string, perMinute: number) =>
    expectError(
      Promise.resolve().then(() => rates.take(name, perMinute)),
      "rate-limit",
    );

  it("takes so many a minute, and says when the next one may come", async () => {
    for (let i = 0; i < 6; ++i) rates.take("alice", 6);
    expect((await refused("alice", 6)).data).to.deep.equal({ perMinute: 6, retryAfterMs: 10_000 });
    rates.take("bob", 6);
    clock.advance(9_999);
    await refused("alice", 6);
    clock.advance(1);
    rates.take("alice", 6);
    await refused("alice", 6);
  });

  it("saves up no more than a minute's worth", async () => {
    rates.take("alice", 2);
    clock.advance(3_600_000);
    rates.take("alice", 2);
    rates.take("alice", 2);
    await refused("alice", 2);
  });

  it("forgets the name that was idle longest, not the one that keeps calling", async () => {
    rates.take("alice", 1);
    for (let i = 0; i < 9_999; ++i) rates.take(`stranger ${i}`, 1_000);
    await refused("alice", 1);
    rates.take("one more", 1);
    rates.take("alice", 1);
  });
});
