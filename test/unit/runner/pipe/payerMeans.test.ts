import { expect } from "chai";
import { ZeroHash } from "ethers";
import { ChainTime } from "../../../../offchain-runner/src/chain/chainTime.ts";
import { PayerMeans } from "../../../../offchain-runner/src/pipe/payerMeans.ts";
import { CONSUMER, EXECUTOR, PAYER, PIPE } from "../fakes/pipeNode.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";

describe("PayerMeans", () => {
  let budget: { balance: bigint; blockLimit: bigint };
  let balance: bigint;
  let reads: string[];
  let time: ChainTime;
  let means: PayerMeans;

  beforeEach(() => {
    [budget, balance, reads] = [{ balance: 10n, blockLimit: 4n }, 7n, []];
    time = new ChainTime(new SteppedClock());
    head(1);
    const contract = {
      address: PIPE,
      pipe: {
        budgetOf: async (payer: string, consumer: string) => {
          reads.push(payer + consumer);
          return budget;
        },
      },
      escrow: {
        balanceOf: async (payer: string) => {
          reads.push(payer);
          return balance;
        },
      },
    };
    means = new PayerMeans(contract as never, time);
  });

  function head(number: number): void {
    const hash = `0x${String(number).padStart(64, "0")}`;
    time.observe({ number, hash, parentHash: ZeroHash, timestamp: number, baseFee: 1n });
  }

  it("are the budget within its block limit, or the balance", async () => {
    expect(await means.of("appended", PAYER, CONSUMER)).to.equal(4n);
    budget = { balance: 3n, blockLimit: 4n };
    expect(await means.of("appended", PAYER, EXECUTOR)).to.equal(3n);
    expect(await means.of("batch", PAYER, CONSUMER)).to.equal(7n);
    expect(await means.of("executor", PAYER, EXECUTOR)).to.equal(7n);
    expect(reads).to.deep.equal([PAYER + CONSUMER, PAYER + EXECUTOR, PAYER]);
  });

  it("are read once a block", async () => {
    await Promise.all([means.of("appended", PAYER, CONSUMER), means.of("appended", PAYER, CONSUMER)]);
    expect(await means.shortOf(4n, "appended", PAYER, CONSUMER)).to.equal(undefined);
    expect(reads).to.have.length(1);
    head(2);
    await means.of("appended", PAYER, CONSUMER);
    expect(reads).to.have.length(2);
  });

  it("are read again before they are found too little", async () => {
    expect(await means.shortOf(5n, "appended", PAYER, CONSUMER)).to.equal(4n);
    budget = { balance: 10n, blockLimit: 5n };
    expect(await means.shortOf(5n, "appended", PAYER, CONSUMER)).to.equal(undefined);
  });

  it("are asked for anew after a failure", async () => {
    budget = undefined as never;
    expect(await means.of("appended", PAYER, CONSUMER).catch(() => "failed")).to.equal("failed");
    budget = { balance: 1n, blockLimit: 1n };
    expect(await means.of("appended", PAYER, CONSUMER)).to.equal(1n);
  });
});
