import { expect } from "chai";
import { parseEther } from "ethers";
import type { Caller } from "../../../../offchain-runner/src/pipe/caller.ts";
import { networkOf } from "../../../../offchain-runner/src/pipe/caller.ts";
import { ServedResults } from "../../../../offchain-runner/src/pipe/servedResults.ts";
import { UnpaidQuota } from "../../../../offchain-runner/src/pipe/unpaidQuota.ts";
import { expectError } from "../expectError.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";

const TERMS = {
  windowSec: 3_600,
  base: parseEther("2"),
  growth: 0.5,
  most: parseEther("3"),
  newcomers: parseEther("3"),
  anonymous: parseEther("1"),
  least: parseEther("0.001"),
  leastProof: parseEther("0.05"),
};
const ALICE: Caller = { id: "alice", isAnonymous: false, network: "10.0.0.1" };
const STRANGER: Caller = { id: "anonymous:10.0.0.2", isAnonymous: true, network: "10.0.0.2" };

describe("UnpaidQuota", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let served: ServedResults;
  let quota: UnpaidQuota;

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    served = new ServedResults(temp.database, clock);
    quota = new UnpaidQuota(served, TERMS, clock);
  });

  afterEach(() => temp.dispose());

  const key = (name: string) => ({ context: "c", release: "r", codec: 1, inputHash: name });
  const charge = (caller: Caller, ...names: string[]) =>
    quota.charge(
      caller,
      names.map((name) => ({ ...key(name), fee: parseEther("1") })),
    );
  const refused = (caller: Caller, ...names: string[]) =>
    expectError(
      Promise.resolve().then(() => charge(caller, ...names)),
      "unpaid-quota",
    );

  it("refuses more than the base, and says when to come back", async () => {
    charge(ALICE, "a", "b");
    const { data } = await refused(ALICE, "c");
    expect(data).to.include({ of: "caller", quota: parseEther("2").toString(), retryAfterMs: 3_600_000 });
    clock.advance(3_600_001);
    charge(ALICE, "c");
  });

  it("books all or none", async () => {
    await refused(ALICE, "a", "b", "c");
    expect(quota.totals().served).to.equal(0);
  });

  it("counts what is asked for again once", () => {
    charge(ALICE, "a", "b");
    charge(ALICE, "a", "b");
    expect(quota.totals()).to.include({ served: 2, consumed: 0 });
  });

  it("counts again what is worth more than before: with a proof", () => {
    const chargeFor = (opg: string) => quota.charge(ALICE, [{ ...key("a"), fee: parseEther(opg) }]);
    chargeFor("0.1");
    chargeFor("0.3");
    chargeFor("0.1");
    expect(quota.totals()).to.include({ served: 2, unpaidGrains: 400_000 });
  });

  it("grows with what was paid, once for each log", async () => {
    charge(ALICE, "a", "b");
    expect(served.consume(key("a"), 10, "tx:0")).to.equal(1_000_000);
    expect(served.consume(key("a"), 10, "tx:0")).to.equal(0);
    served.consume(key("b"), 10, "tx:1");
    charge(ALICE, "c", "d", "e");
    await refused(ALICE, "f");
  });

  it("forgets payments of blocks that a reorganisation took away", () => {
    charge(ALICE, "a");
    served.consume(key("a"), 10, "tx:0");
    served.rollback(9);
    expect(quota.totals()).to.include({ consumed: 0, unpaidGrains: 1_000_000 });
    expect(served.consume(key("a"), 10, "tx:0")).to.equal(1_000_000);
  });

  it("takes back what the node could not make", () => {
    charge(ALICE, "a", "b")();
    charge(ALICE, "c", "d");
    expect(quota.totals().served).to.equal(2);
  });

  it("lets new names of one network share a quota", async () => {
    charge(ALICE, "a", "b");
    const bob = { ...ALICE, id: "bob" };
    charge(bob, "a");
    expect((await refused({ ...ALICE, id: "carol" }, "a")).data.of).to.equal("newcomers");
    charge({ ...ALICE, id: "carol", network: "10.0.0.9" }, "a");
  });

  it("gives strangers little", async () => {
    charge(STRANGER, "a");
    expect((await refused(STRANGER, "b")).data.of).to.equal("anonymous");
  });

  it("counts free results too", () => {
    quota.charge(ALICE, [{ ...key("a"), fee: 0n }]);
    expect(quota.totals().unpaidGrains).to.equal(1_000);
  });

  it("counts a proof for what making it costs, however little it is sold for", async () => {
    const proofs = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...key(`${from + at}`), fee: 0n, isProved: true }));
    quota.charge(STRANGER, proofs(0, 20));
    expect(quota.totals().unpaidGrains).to.equal(1_000_000);
    await expectError(
      Promise.resolve().then(() => quota.charge(STRANGER, proofs(20, 1))),
      "unpaid-quota",
    );
  });

  it("shares the node's time among networks, and among those who have paid", () => {
    const names = ["alice", "bob", "carol"].map((id) => quota.flowOf({ ...ALICE, id }));
    expect(new Set(names).size).to.equal(1);
    charge(ALICE, "a");
    served.consume(key("a"), 10, "tx:0");
    expect(quota.flowOf(ALICE)).to.not.equal(quota.flowOf({ ...ALICE, id: "bob" }));
    expect(quota.flowOf({ ...STRANGER, network: ALICE.network })).to.equal(names[0]);
  });

  it("takes an address of IPv6 by its site", () => {
    expect(networkOf("2001:db8:1:2:3:4:5:6")).to.equal(networkOf("2001:db8:1:2::1"));
    expect(networkOf("::ffff:10.0.0.1")).to.equal("10.0.0.1");
  });
});
