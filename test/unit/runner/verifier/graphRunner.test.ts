import { expect } from "chai";
import { hexlify, keccak256 } from "ethers";
import { readExactModel } from "../../../../bench/exactRelease.ts";
import { blobAddress, blobDigest } from "../../../../offchain-runner/src/exact/blobs.ts";
import { type ChainGraph, readChainGraph } from "../../../../offchain-runner/src/verifier/chainGraph.ts";
import { ExactReleases } from "../../../../offchain-runner/src/verifier/exactReleases.ts";
import { GraphRunner } from "../../../../offchain-runner/src/verifier/graphRunner.ts";
import { exactModelOf } from "../../../fixtures/models/exactModel.ts";
import { rescaled } from "../../../fixtures/models/make.ts";
import { expectError } from "../expectError.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";

const STORE = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const OPTIONS = { threads: 1, threadMemoryMb: 256, runTimeoutMs: 60_000, graphBytes: 10_000_000 };
const { signal } = new AbortController();

describe("graphs from the chain", function () {
  this.timeout(60_000);
  const model = readExactModel("digits");
  const [input = new Uint8Array()] = model.inputs;
  const codes = new Map(
    model.graph.blobs.map((blob) => [
      blobAddress(STORE, blobDigest(blob)),
      hexlify(Uint8Array.of(0, ...blob)),
    ]),
  );
  let runner: GraphRunner;

  beforeEach(() => {
    runner = new GraphRunner(OPTIONS);
  });

  afterEach(() => runner.stop());

  function read(
    codeOf: (address: string) => string = (address) => codes.get(address) ?? "0x",
    maxBytes = 10_000_000,
  ): Promise<ChainGraph> {
    return readChainGraph(async (address) => codeOf(address), STORE, model.graph.graphRoot, maxBytes);
  }

  it("are read out of contract code, and give what the model gives", async () => {
    const graph = await read();
    expect(graph.stream).to.deep.equal(model.graph.stream);
    for (const each of model.inputs.slice(0, 3)) {
      const end = await runner.run(graph, each, signal);
      expect(end).to.deep.equal({ kind: "state", state: model.outputOf(each) });
      expect(await runner.runFresh(graph, each, signal)).to.deep.equal(end);
    }
  });

  it("are read once, however many ask for them at the same time", async () => {
    const reads: string[] = [];
    const readCode = async (address: string): Promise<string> => {
      reads.push(address);
      return codes.get(address) ?? "0x";
    };
    const clock = new SteppedClock();
    const releases = new ExactReleases(
      { hub: {} as never, readCode, clock },
      { ...OPTIONS, blobStore: STORE },
    );
    const terms = { graphRoot: model.graph.graphRoot, exactFrom: 1 };
    const graphs = await Promise.all(Array.from({ length: 50 }, () => releases.graphOf(terms)));
    expect(new Set(graphs).size).to.equal(1);
    expect(reads).to.have.length(codes.size);
    await releases.freshGraphOf(terms);
    expect(reads).to.have.length(2 * codes.size);
  });

  it("are refused where a blob is missing or another, and where they are too large", async () => {
    await expectError(
      read(() => "0x"),
      "graph-unreadable",
    );
    const [root, ...others] = [...codes.keys()].reverse();
    const swapped = (address: string): string =>
      codes.get(address === root ? root : (others[0] ?? "")) ?? "0x";
    const spoiled = (address: string): string => `${swapped(address).slice(0, -2)}ff`;
    await expectError(read(spoiled), "graph-unreadable");
    await expectError(read(undefined, 10), "graph-too-large");
  });

  it("say what input is none, and give checkpoints on the way", async () => {
    const graph = await read();
    expect(await runner.run(graph, input.slice(1), signal)).to.deep.equal({ kind: "input-invalid" });
    const { ExactInterpreter } = await import("../../../../offchain-runner/src/exact/interpreter.ts");
    const interpreter = new ExactInterpreter(model.graph);
    const [, stop = 0] = interpreter.stops;
    const end = await runner.run(graph, input, signal, stop);
    if (end.kind !== "state") throw new Error("no state");
    expect(keccak256(end.state)).to.equal(keccak256(interpreter.resume({ pc: 0, state: input }, stop).state));
    await expectError(runner.run(graph, input, signal, 3), "check-failed");
    expect((await runner.run(graph, input, signal)).kind).to.equal("state");
  });

  it("end what takes too long, and compute the next", async () => {
    const long = exactModelOf("long", rescaled(2_000), [Array.from({ length: 900 }, () => 1_000)]);
    const [slow = new Uint8Array()] = long.inputs;
    const hurried = new GraphRunner({ ...OPTIONS, runTimeoutMs: 1 });
    try {
      await expectError(hurried.run(long.graph, slow, signal), "check-too-slow");
    } finally {
      await hurried.stop();
    }
    expect((await runner.run(await read(), input, signal)).kind).to.equal("state");
  });

  it("stop at once when the node does", async () => {
    const stopping = new AbortController();
    const run = runner.run(await read(), input, stopping.signal);
    stopping.abort(new Error("over"));
    expect(await run.catch((error: Error) => error.message)).to.equal("over");
  });
});
