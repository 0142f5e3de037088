import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { numbersFromTensor, tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import type { PreparedRelease } from "../../../../offchain-runner/src/hub/releaseStore.ts";
import { OnnxEngine } from "../../../../offchain-runner/src/jobs/onnxEngine.ts";
import { byteSum } from "../../../fixtures/models/make.ts";
import { expectError } from "../expectError.ts";
import { PoolBench } from "./pool.ts";

const ID = `0x${"cd".repeat(32)}`;

describe("OnnxEngine on exact releases", () => {
  const pools = new PoolBench();
  const { signal } = new AbortController();
  afterEach(() => pools.close());

  /** Serves the sum of bytes, and checks it against the graph of a sum with this weight. */
  async function engineAgainst(weight: number) {
    const served = await pools.serve("sum", byteSum());
    const { inputs, outputs } = served.schema;
    const graph = lowerRelease(byteSum(weight).bytes, served.schema);
    const files = [{ path: "model.onnx", size: served.bytes, sha256: ID, uri: "" }];
    const record = { id: ID, entry: 0, files, inputs, outputs };
    const prepared: PreparedRelease = { ...served, release: record, graph, close: () => Promise.resolve() };
    const alarms: string[] = [];
    const store = { prepare: () => Promise.resolve(prepared) };
    const engine = new OnnxEngine(store, pools.pool(), (id) => alarms.push(id));
    await engine.prepare(record, signal);
    return { engine, record, alarms };
  }

  const input = encodeTensors([tensorFromNumbers("uint8", [1, 4], [1, 2, 3, 250])]);

  it("gives what runtime and interpreter agree on", async () => {
    const { engine, record, alarms } = await engineAgainst(1);
    const output = decodeTensors(await engine.run(record, input, signal));
    expect(output.map(numbersFromTensor)).to.deep.equal([[256]]);
    expect(alarms).to.deep.equal([]);
  });

  it("gives nothing and raises the alarm when they differ", async () => {
    const { engine, record, alarms } = await engineAgainst(2);
    const error = await expectError(engine.run(record, input, signal), "exact-runtime-disagrees");
    expect(error.retryable).to.equal(false);
    expect(alarms).to.deep.equal([ID]);
  });
});
