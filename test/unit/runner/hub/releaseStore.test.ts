import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import { artifactFetcher } from "../../../../offchain-runner/src/hub/artifactFetcher.ts";
import { ModelCache } from "../../../../offchain-runner/src/hub/modelCache.ts";
import { ONNX_LIMITS } from "../../../../offchain-runner/src/hub/onnxFile.ts";
import type { Release, ReleaseFile } from "../../../../offchain-runner/src/hub/release.ts";
import { ReleaseStore } from "../../../../offchain-runner/src/hub/releaseStore.ts";
import { parseTensorSchema } from "../../../../sdk/src/schema.ts";
import { affine, byteSum, integerDivision, type MadeModel } from "../../../fixtures/models/make.ts";
import { external, FLOAT, floats, model, node, value } from "../../../fixtures/models/onnxBuilder.ts";
import { expectError } from "../expectError.ts";
import { PoolBench } from "../inference/pool.ts";
import { float32, valuesOf } from "../inference/tensors.ts";
import { ArtifactBench, fileOf, OPEN_POLICY } from "./artifacts.ts";

const ID = `0x${"ab".repeat(32)}`;
const MODELS = fileURLToPath(new URL("../../../../models/", import.meta.url));

describe("ReleaseStore", () => {
  const bench = new ArtifactBench();
  const pools = new PoolBench();
  const { signal } = new AbortController();
  afterEach(() => Promise.all([bench.close(), pools.close()]));

  async function openStore(
    modelFolder?: string,
    limits = ONNX_LIMITS,
  ): Promise<{ store: ReleaseStore; cache: ModelCache }> {
    const folder = await bench.folder();
    const policy = {
      ...OPEN_POLICY,
      maxDataUriBytes: 100_000,
      ...(modelFolder === undefined ? {} : { modelFolder }),
    };
    const options = { folder: join(folder, "cache"), maxBytes: 1_000_000, minFreeBytes: 0 };
    const fetcher = artifactFetcher(policy, systemClock);
    const cache = await ModelCache.open(options, { fetcher, clock: systemClock });
    return { cache, store: await ReleaseStore.open({ cache, folder: join(folder, "releases"), limits }) };
  }

  function dataFile(bytes: Uint8Array, path: string): ReleaseFile {
    return fileOf(bytes, `data:;base64,${Buffer.from(bytes).toString("base64")}`, path);
  }

  function releaseOf({ bytes, schema }: MadeModel, parts: Partial<Release> = {}): Release {
    return { id: ID, entry: 0, files: [dataFile(bytes, "model.onnx")], ...schema, ...parts };
  }

  /** A model whose weights lie in a file beside it. */
  function split(): Release {
    const bytes = model({
      nodes: [node("Add", ["x", "w"], ["y"])],
      initializers: [external("w", FLOAT, [2], "data/w.bin")],
      inputs: [value("x", FLOAT, [2])],
      outputs: [value("y", FLOAT, [2])],
    });
    const spec = (name: string) => ({ name, dtype: "float32", shape: [2] }) as const;
    const files = [dataFile(floats([10, 20]), "net/data/w.bin"), dataFile(bytes, "net/model.onnx")];
    return { id: ID, entry: 1, files, inputs: [spec("x")], outputs: [spec("y")] };
  }

  it("lays a release out so that the runtime finds all of it", async () => {
    const { store } = await openStore();
    const { release, modelPath, bytes } = await store.prepare(split(), signal);
    const served = { release: release.id, modelPath, bytes, schema: release };
    const { outputs } = await pools.pool().run({ ...served, inputs: [float32([1, 2])] }, signal);
    expect(outputs.map(valuesOf)).to.deep.equal([[11, 22]]);
  });

  it("keeps the files until the last user has closed", async () => {
    const { store, cache } = await openStore();
    const [first, second] = await Promise.all([
      store.prepare(split(), signal),
      store.prepare(split(), signal),
    ]);
    await first.close();
    await first.close();
    expect(existsSync(second.modelPath)).to.equal(true);
    await second.close();
    expect(existsSync(dirname(dirname(second.modelPath)))).to.equal(false);
    const third = await store.prepare(split(), signal);
    expect(existsSync(third.modelPath)).to.equal(true);
    expect(cache.usedBytes).to.equal(third.bytes);
  });

  it("refuses what the policy refuses, and leaves nothing behind", async () => {
    const { store } = await openStore();
    const error = await expectError(
      store.prepare(releaseOf(integerDivision()), signal),
      "model-divisor-refused",
    );
    expect(error.data).to.deep.include({ node: "Div_y", operator: "Div" });
    expect(await readdir(join(await bench.folder(), "releases"))).to.deep.equal([]);
    await (await store.prepare(releaseOf(affine()), signal)).close();
  });

  it("gives the lowered graph of an exact release, and refuses one that commits to another", async () => {
    const { store } = await openStore();
    const { graphRoot, root } = lowerRelease(byteSum().bytes, byteSum().schema);
    const loweringVersion = root.loweringVersion;
    const exact = await store.prepare(
      releaseOf(byteSum(), { graph: { graphRoot, loweringVersion } }),
      signal,
    );
    expect(exact.graph?.root).to.deep.equal(root);
    await exact.close();
    const refuses = (graph: Release["graph"], code: string) =>
      expectError(store.prepare(releaseOf(byteSum(), { graph }), signal), code);
    await refuses({ graphRoot: ID, loweringVersion }, "exact-graph-root-mismatch");
    await refuses({ graphRoot, loweringVersion: loweringVersion + 1 }, "exact-lowering-unknown");
    const float = releaseOf(affine(), { graph: { graphRoot, loweringVersion } });
    const error = await expectError(store.prepare(float, signal), "exact-type-unsupported");
    expect(error.data).to.have.property("reason");
    expect(await readdir(join(await bench.folder(), "releases"))).to.deep.equal([]);
  });

  it("refuses a wrong digest before anything reads the file", async () => {
    const { store } = await openStore();
    const [file] = releaseOf(affine()).files;
    if (file === undefined) throw new Error("no file");
    const { sha256 } = fileOf("other", "");
    await expectError(
      store.prepare(releaseOf(affine(), { files: [{ ...file, sha256 }] }), signal),
      "artifact-digest-mismatch",
    );
  });

  it("refuses file lists that could be written anywhere else", async () => {
    const { store } = await openStore();
    const { bytes } = affine();
    for (const path of [
      "../model.onnx",
      "/model.onnx",
      "a//b.onnx",
      "a/./b.onnx",
      ".hidden",
      "a\\b",
      "",
      "a\0b",
      "c:/x",
      "ü.onnx",
    ]) {
      const release = releaseOf(affine(), { files: [dataFile(bytes, path)] });
      await expectError(store.prepare(release, signal), "release-files-invalid");
    }
    const pairs = [
      ["a.onnx", "a.onnx"],
      ["a", "a/b.onnx"],
    ].map((paths) => paths.map((path) => dataFile(bytes, path)));
    for (const files of pairs)
      await expectError(store.prepare(releaseOf(affine(), { files }), signal), "release-files-invalid");
  });

  it("refuses an entry that is not there, and an id that is none", async () => {
    const { store } = await openStore();
    await expectError(store.prepare(releaseOf(affine(), { entry: 1 }), signal), "release-files-invalid");
    await expectError(store.prepare(releaseOf(affine(), { id: "../x" }), signal), "release-files-invalid");
  });

  it("refuses a model file that is too large, before it is fetched", async () => {
    const { store, cache } = await openStore(undefined, { ...ONNX_LIMITS, maxFileBytes: 10 });
    await expectError(store.prepare(releaseOf(affine()), signal), "model-too-large");
    expect(cache.usedBytes).to.equal(0);
  });

  it("ends with the caller's reason when aborted", async () => {
    const { store } = await openStore();
    const origin = await bench.serve(() => undefined);
    const abort = new AbortController();
    const release = releaseOf(affine(), { files: [fileOf(affine().bytes, origin)] });
    const outcome = store.prepare(release, abort.signal).catch((error: unknown) => error);
    abort.abort("enough");
    expect(await outcome).to.equal("enough");
    await (await store.prepare(releaseOf(affine()), signal)).close();
  });

  it("accepts the models that are shipped", async () => {
    const { store } = await openStore(MODELS);
    for (const name of ["btc-volatility-1h", "eth-volatility-1h"]) {
      const manifest = JSON.parse(await readFile(join(MODELS, name, "manifest.json"), "utf8"));
      const [inputs, outputs] = [parseTensorSchema(manifest.inputs), parseTensorSchema(manifest.outputs)];
      const [{ path, size, sha256 }] = manifest.files;
      const files = [{ path, size, sha256: `0x${sha256}`, uri: `${name}/${path}` }];
      await (await store.prepare({ id: ID, entry: 0, files, inputs, outputs }, signal)).close();
    }
  });
});
