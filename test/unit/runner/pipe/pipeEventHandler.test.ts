import { encodeBundle, type ResultBundle } from "@opg-network/sdk/carriedResults";
import { signedResultsOf } from "@opg-network/sdk/signedBundle";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import type { ChainLog } from "../../../../offchain-runner/src/chain/chainReader.ts";
import { pipeInterface } from "../../../../offchain-runner/src/chain/contracts.ts";
import { PipeEventHandler } from "../../../../offchain-runner/src/pipe/pipeEventHandler.ts";
import { ServedResults } from "../../../../offchain-runner/src/pipe/servedResults.ts";
import { CONSUMER, EXECUTOR, PAYER, PIPE } from "../fakes/pipeNode.ts";
import { silentLogger } from "../fakes/silentLogger.ts";
import { RELEASE } from "../fakes/someRequest.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";

const SIGNER = EXECUTOR;
const GRAINS = 100;

describe("PipeEventHandler", () => {
  let temp: TempDatabase;
  let served: ServedResults;
  let handler: PipeEventHandler;
  let consumed: number;

  beforeEach(() => {
    temp = new TempDatabase();
    open();
  });

  afterEach(() => temp.dispose());

  function open(): void {
    served = new ServedResults(temp.database, new SteppedClock());
    consumed = 0;
    handler = new PipeEventHandler(
      served,
      { pipe: PIPE, signer: SIGNER },
      (count) => {
        consumed += count;
      },
      silentLogger,
    );
  }

  function bundleOf(inputs: number[], consumer = CONSUMER): ResultBundle {
    const results = inputs.map((input) => ({
      ...{ release: RELEASE, inputHash: `0x${String(input).padStart(64, "0")}`, mode: 0, codec: 1 },
      ...{ fee: 0n, maxCover: 0n, output: "0x01", proof: "0x" },
    }));
    return { consumer, validUntil: 1, results, signature: `0x${"00".repeat(65)}` };
  }

  /** Books the results as given to a caller. */
  function give(bundle: ResultBundle, payer = PAYER, caller = "alice"): void {
    for (const result of signedResultsOf(bundle, payer))
      served.record({ caller, network: "n", isNewcomer: false }, { ...result, grains: GRAINS });
  }

  function loaded(
    bundle: ResultBundle | string,
    block: number,
    { payer = PAYER, signer = SIGNER, address = PIPE, index = 0 } = {},
  ): ChainLog {
    const encoded = typeof bundle === "string" ? bundle : encodeBundle(bundle);
    const { data, topics } = pipeInterface.encodeEventLog("ResultsLoaded", [signer, payer, encoded]);
    const transactionHash = `0x${"0a".repeat(32)}`;
    const blockHash = `0x${"0b".repeat(32)}`;
    return { address, topics, data, blockNumber: block, blockHash, transactionHash, index };
  }

  const totals = () => served.totals(0);

  it("notes that every result of a bundle was used, once for each log", () => {
    const bundle = bundleOf([1, 2]);
    give(bundle);
    give(bundleOf([3]));
    handler.apply([loaded(bundle, 10)]);
    handler.apply([loaded(bundle, 10)]);
    expect(totals()).to.deep.equal({ served: 3, consumed: 2, unpaidGrains: GRAINS });
  });

  it("counts what anybody may use by itself", () => {
    const bundle = bundleOf([1], ZeroAddress);
    give(bundle);
    handler.apply([loaded(bundle, 10, { payer: EXECUTOR })]);
    expect(totals()).to.include({ consumed: 1 });
  });

  it("takes nothing of another operator, another contract or for another payer", () => {
    const bundle = bundleOf([1]);
    give(bundle);
    handler.apply([loaded(bundle, 10, { signer: CONSUMER }), loaded(bundle, 10, { address: CONSUMER })]);
    expect(consumed).to.equal(0);
    handler.apply([loaded(bundle, 10, { payer: CONSUMER })]);
    expect(totals()).to.include({ consumed: 0 });
  });

  it("takes payments back with the blocks that a reorganisation takes away, and counts them where they come again", () => {
    const [first, second] = [bundleOf([1]), bundleOf([2])];
    give(first);
    give(second);
    handler.apply([loaded(first, 10), loaded(second, 11, { index: 1 })]);
    handler.rollback(10);
    expect(totals()).to.include({ consumed: 1, unpaidGrains: GRAINS });
    handler.apply([loaded(second, 12, { index: 4 })]);
    handler.rollback(12);
    expect(totals()).to.include({ consumed: 2, unpaidGrains: 0 });
  });

  it("knows after a restart what was used before", () => {
    const bundle = bundleOf([1]);
    give(bundle);
    handler.apply([loaded(bundle, 10)]);
    temp.reopen();
    open();
    handler.apply([loaded(bundle, 10)]);
    expect(totals()).to.deep.equal({ served: 1, consumed: 1, unpaidGrains: 0 });
  });

  it("goes on after a log that holds no bundle", () => {
    const bundle = bundleOf([1]);
    give(bundle);
    handler.apply([loaded("0x0011", 10), loaded(bundle, 10, { index: 1 })]);
    expect(totals()).to.include({ consumed: 1 });
  });
});
