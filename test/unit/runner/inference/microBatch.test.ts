import { writeFileSync } from "node:fs";
import type { Tensor } from "@opg-network/sdk/tensor";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { randomStream } from "../../../../bench/randomStream.ts";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import { hasFreeBatch } from "../../../../offchain-runner/src/hub/freeBatch.ts";
import { parseOnnx } from "../../../../offchain-runner/src/hub/onnxFile.ts";
import type { InferencePool, PoolOptions } from "../../../../offchain-runner/src/inference/inferencePool.ts";
import type { ServedModel } from "../../../../offchain-runner/src/inference/servedModel.ts";
import { campaign, recordCases } from "../../../fixtures/campaign.ts";
import { affine, byteSum, type MadeModel, sumsOfRows } from "../../../fixtures/models/make.ts";
import { PoolBench } from "./pool.ts";

describe("Micro-batching of inferences", () => {
  const bench = new PoolBench();
  const { signal } = new AbortController();
  const random = randomStream(`micro-batching ${campaign.seed}`);
  let batches: number[] = [];
  beforeEach(() => {
    batches = [];
  });
  afterEach(() => bench.close());

  async function serveExact(made: MadeModel, parts: Partial<ServedModel> = {}): Promise<ServedModel> {
    const served = await bench.serve("exact", made);
    const graph = lowerRelease(made.bytes, made.schema);
    return {
      ...served,
      graph,
      hasFreeBatch: hasFreeBatch(parseOnnx(made.bytes).graph, made.schema),
      ...parts,
    };
  }

  /** One process; it has run the model once, so that it knows how quick it is. */
  async function openPool(served: ServedModel, options: Partial<PoolOptions> = {}): Promise<InferencePool> {
    const metrics = {
      inferenceEnded: () => undefined,
      workerEnded: () => undefined,
      sessionEvicted: () => undefined,
      batchEnded: (_release: string, rows: number) => batches.push(rows),
    };
    const pool = bench.pool({ pipeline: { depth: 4, backlogMs: 1_000 }, ...options }, { metrics });
    await pool.warm(served, signal);
    await pool.run({ ...served, inputs: randomRow() }, signal);
    return pool;
  }

  const randomRow = (): Tensor[] => [
    { dtype: "uint8", shape: [1, 4], data: Uint8Array.from({ length: 4 }, () => Math.floor(random() * 256)) },
  ];
  const many = (count: number) => Array.from({ length: count }, randomRow);

  async function runAll(pool: InferencePool, served: ServedModel, rows: readonly Tensor[][]) {
    return Promise.all(
      rows.map(async (inputs) => encodeTensors((await pool.run({ ...served, inputs }, signal)).outputs)),
    );
  }

  function expectedOf({ graph }: ServedModel, rows: readonly Tensor[][]): Uint8Array[] {
    if (graph === undefined) throw new TypeError("the model is not exact");
    const interpreter = new ExactInterpreter(graph);
    return rows.map((inputs) => Uint8Array.from(interpreter.evaluate(encodeTensors(inputs))));
  }

  it("gives bit for bit what single runs give, over random batches", async () => {
    const served = await serveExact(sumsOfRows());
    const pool = await openPool(served);
    const alone = await openPool({ ...served, hasFreeBatch: false });
    const rounds = campaign.runs(8, 400);
    for (let round = 0; round < rounds; round++) {
      const rows = many(2 + Math.floor(random() * 60));
      const together = await runAll(pool, served, rows);
      expect(together).to.deep.equal(await runAll(alone, { ...served, hasFreeBatch: false }, rows));
      expect(together).to.deep.equal(expectedOf(served, rows));
    }
    recordCases("micro-batches", batches.length);
    expect(Math.max(...batches)).to.equal(16);
  });

  it("takes no more rows at once than it may, in number, bytes and time", async () => {
    const served = await serveExact(sumsOfRows());
    const few = await openPool(served, { batch: { rows: 3, bytes: 1_000 } });
    await runAll(few, served, many(40));
    expect(Math.max(...batches)).to.equal(3);
    batches = [];
    const small = await openPool(served, { batch: { rows: 16, bytes: 8 } });
    await runAll(small, served, many(40));
    expect(Math.max(...batches)).to.equal(2);
    batches = [];
    const hasty = await openPool(served, { pipeline: { depth: 4, backlogMs: 0 } });
    await runAll(hasty, served, many(40));
    expect(batches).to.deep.equal([]);
  });

  it("runs rows alone for good once they were found to mix, and gives no wrong one away", async () => {
    const served = await serveExact(sumsOfRows({ mixes: true }));
    expect(served.hasFreeBatch).to.equal(true);
    const pool = await openPool(served);
    const rows = many(60);
    expect(await runAll(pool, served, rows)).to.deep.equal(expectedOf(served, rows));
    const more = many(60);
    expect(await runAll(pool, served, more)).to.deep.equal(expectedOf(served, more));
    expect(batches).to.deep.equal([]);
  });

  it("joins nothing that is not compared afterwards", async () => {
    const served = await serveExact(sumsOfRows(), { graph: undefined });
    const pool = await openPool(served);
    await runAll(pool, served, many(60));
    expect(batches).to.deep.equal([]);
  });

  it("loses only those who left", async () => {
    const served = await serveExact(sumsOfRows());
    const pool = await openPool(served);
    const rows = many(60);
    const leaving = new AbortController();
    const runs = rows.map((inputs, index) =>
      pool.run({ ...served, inputs }, index % 2 === 0 ? signal : leaving.signal),
    );
    leaving.abort(new Error("left"));
    const ends = await Promise.allSettled(runs);
    const expected = expectedOf(served, rows);
    for (const [index, end] of ends.entries()) {
      if (index % 2 === 1) expect(end.status).to.equal("rejected");
      else if (end.status === "fulfilled")
        expect(encodeTensors(end.value.outputs)).to.deep.equal(expected[index]);
      else throw end.reason;
    }
  });

  it("answers all when its process is killed in the middle", async () => {
    const served = await serveExact(sumsOfRows());
    const pool = await openPool(served, {
      health: { loadFailureMs: 1, maxCrashes: 1_000, crashWindowMs: 1 },
    });
    const rows = many(200);
    const runs = rows.map((inputs) => pool.run({ ...served, inputs }, signal));
    const [pid] = pool.pids;
    process.kill(pid ?? 0, "SIGKILL");
    const ends = await Promise.allSettled(runs);
    const expected = expectedOf(served, rows);
    const answered = ends.flatMap((end, index) => (end.status === "fulfilled" ? [{ end, index }] : []));
    // The one run that was under way by itself is lost with its process, and says so.
    expect(answered.length).to.be.at.least(rows.length - 1);
    for (const { end, index } of answered)
      expect(encodeTensors(end.value.outputs)).to.deep.equal(expected[index]);
  });

  it("tells all that a model cannot be loaded any more, and tries it no further", async () => {
    const served = await serveExact(sumsOfRows());
    const pool = await openPool(served);
    writeFileSync(served.modelPath, "no model");
    const [pid] = pool.pids;
    process.kill(pid ?? 0, "SIGKILL");
    const ends = await Promise.allSettled(many(20).map((inputs) => pool.run({ ...served, inputs }, signal)));
    for (const end of ends)
      expect(end).to.have.nested.property("reason.code").that.is.oneOf(["model-load-failed", "worker-lost"]);
    expect(batches).to.deep.equal([]);
  });

  it("goes on with rows together after somebody else ended its process", async () => {
    const served = await serveExact(sumsOfRows());
    const pool = await openPool(served);
    const runs = many(60).map((inputs) => pool.run({ ...served, inputs }, signal));
    process.kill(pool.pids[0] ?? 0, "SIGKILL");
    await Promise.allSettled(runs);
    batches = [];
    await runAll(pool, served, many(60));
    expect(batches).not.to.deep.equal([]);
  });

  it("is for files that leave the first dimension open, and releases that fix it to 1", () => {
    const isFree = ({ bytes, schema }: MadeModel) => hasFreeBatch(parseOnnx(bytes).graph, schema);
    expect(isFree(sumsOfRows())).to.equal(true);
    expect(isFree(byteSum())).to.equal(false);
    expect(isFree(affine())).to.equal(false);
    const { bytes, schema } = sumsOfRows();
    const two = schema.inputs.map((spec) => ({ ...spec, shape: [2, 4] }));
    expect(isFree({ bytes, schema: { ...schema, inputs: two } })).to.equal(false);
  });
});
