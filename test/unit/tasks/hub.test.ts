import { createHash } from "node:crypto";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { modeBits, readManifest, releaseContentOf } from "@opg-network/sdk/manifest";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import hre from "hardhat";
import { modelIdOf } from "../../../tasks/release.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";
import { circling } from "../../fixtures/exact/circlingGraph.ts";
import { FLOAT, model, node, value } from "../../fixtures/models/onnxBuilder.ts";

const MODELS = path.join(hre.config.paths.root, "models");
const ETH = path.join(MODELS, "eth-volatility-1h");
const DIGITS = path.join(MODELS, "digits");
const EXACT_ETH = path.join(MODELS, "eth-volatility-1h-exact");
const EXACT_BTC = path.join(MODELS, "btc-volatility-1h-exact");

interface RawManifest {
  name: string;
  royalty: string;
  files: { path: string; size: number; sha256: string }[];
  inputs: { name: string; dtype: string; shape: number[] }[];
  outputs: { name: string; dtype: string; shape: number[] }[];
}

describe("hub commands", () => {
  let cli: CommandLine;

  before(async () => {
    cli = await commandLine();
  });

  after(async () => await cli.close());

  /** A copy of the ETH model with another manifest. */
  async function variant(name: string, change: (manifest: RawManifest) => void): Promise<string> {
    const folder = path.join(cli.folder, name);
    await cp(ETH, folder, { recursive: true });
    const file = path.join(folder, "manifest.json");
    const manifest = JSON.parse(await readFile(file, "utf8")) as RawManifest;
    change(manifest);
    await writeFile(file, JSON.stringify(manifest));
    return folder;
  }

  it("publishes the shipped model as v1.00, with URIs inside the node's model folder", async () => {
    const published = await cli.value("hub publish", { folder: ETH });

    expect(published).to.include({ name: "eth-volatility-1h", version: "v1.00", publisher: cli.accounts[0] });
    const shown = await cli.value("hub show", { release: published.release });
    expect(shown).to.deep.include({
      release: published.release,
      name: "eth-volatility-1h",
      version: "v1.00",
      status: "experimental",
      royalty: "0.01",
      minStake: "1000",
      modes: ["VANILLA"],
      isExact: false,
      entry: "model.onnx",
      inputs: [{ name: "candles", dtype: "float32", shape: [-1, 24, 4] }],
      outputs: [{ name: "volatility", dtype: "float32", shape: [-1, 1] }],
      offers: 0,
    });
    expect((shown.files as { uri: string }[])[0]?.uri).to.equal("eth-volatility-1h/model.onnx");
  });

  it("refuses to publish what changes nothing", async () => {
    expect(await cli.failure("hub publish", { folder: ETH })).to.include({ code: "release-unchanged" });
  });

  it("publishes a minor release when only terms change, with URIs below the base", async () => {
    const folder = await variant("cheaper", (manifest) => {
      manifest.royalty = "0.005";
    });
    const published = await cli.value("hub publish", { folder, uriBase: "https://models.example/eth" });

    expect(published.version).to.equal("v1.01");
    const shown = await cli.value("hub show", { release: "eth-volatility-1h@v1.01" });
    expect((shown.files as { uri: string }[])[0]?.uri).to.equal("https://models.example/eth/model.onnx");
  });

  it("demands --major when the schema changes", async () => {
    const folder = await variant("fixed-batch", (manifest) => {
      manifest.inputs = manifest.inputs.map((input) => ({ ...input, shape: [1, 24, 4] }));
    });
    expect(await cli.failure("hub publish", { folder })).to.include({ code: "schema-changed" });

    expect(await cli.value("hub publish", { folder, major: true })).to.include({ version: "v2.00" });
  });

  it("refuses a file of another digest, of another size, or not there", async () => {
    const tampered = await variant("tampered", () => undefined);
    const file = path.join(tampered, "model.onnx");
    const bytes = await readFile(file);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const digest = await cli.failure("hub publish", { folder: tampered });
    expect(digest.code).to.equal("digest-mismatch");
    expect(digest.data).to.include({ path: "model.onnx", what: "sha256" });

    await writeFile(file, bytes.subarray(1));
    expect((await cli.failure("hub publish", { folder: tampered })).data).to.include({ what: "size" });

    const missing = await variant("missing", (manifest) => {
      manifest.files.push({ path: "weights.bin", size: 1, sha256: "0".repeat(64) });
    });
    expect(await cli.failure("hub publish", { folder: missing })).to.include({ code: "file-unreadable" });
  });

  it("refuses a manifest that claims another interface than the model has", async () => {
    const folder = await variant("wrong-io", (manifest) => {
      manifest.outputs = manifest.outputs.map((output) => ({ ...output, dtype: "float64" }));
    });
    expect(await cli.failure("hub publish", { folder, major: true })).to.include({
      code: "model-schema-mismatch",
    });
  });

  it("RULES 10: refuses a model whose output is not a function of its inputs", async () => {
    const random = model({
      nodes: [node("RandomNormalLike", ["x"], ["noise"]), node("Add", ["x", "noise"], ["y"])],
      inputs: [value("x", FLOAT, [1])],
      outputs: [value("y", FLOAT, [1])],
    });
    const folder = await variant("random", (manifest) => {
      const sha256 = createHash("sha256").update(random).digest("hex");
      manifest.files = [{ path: "model.onnx", size: random.length, sha256 }];
      manifest.inputs = [{ name: "x", dtype: "float32", shape: [1] }];
      manifest.outputs = [{ name: "y", dtype: "float32", shape: [1] }];
    });
    await writeFile(path.join(folder, "model.onnx"), random);

    const error = await cli.failure("hub publish", { folder, major: true });
    expect(error.code).to.equal("model-operator-refused");
    expect(error.data).to.include({ operator: "RandomNormalLike" });
  });

  it("names what is wrong in a manifest", async () => {
    const folder = await variant("bad-manifest", (manifest) => {
      manifest.royalty = "0.0000001";
      manifest.name = "Not A Name";
    });
    const error = await cli.failure("hub publish", { folder });
    expect(error.code).to.equal("manifest-invalid");
    expect(error.message)
      .to.match(/royalty/)
      .and.to.match(/name/);
    expect(await cli.failure("hub publish", { folder: cli.folder })).to.include({ code: "manifest-invalid" });
  });

  it("binds the entry file's own CID after a commitment", async () => {
    const folder = path.join(MODELS, "btc-volatility-1h");
    const wrong = `bafkrei${"a".repeat(52)}`;
    expect(await cli.failure("hub publish", { folder, contentId: wrong })).to.include({
      code: "content-id-mismatch",
    });

    const publishing = cli.value("hub publish", { folder, contentId: "cid" });
    const committed = cli.protocol.hub.filters.ContentCommitted();
    while ((await cli.protocol.hub.queryFilter(committed)).length === 0)
      await new Promise((wake) => setTimeout(wake, 20));
    await cli.increaseTime(61);
    const published = await publishing;
    const shown = await cli.value("hub show", { release: `content:${published.contentId}` });
    expect(shown.release).to.equal(published.release);
  });

  it("makes releases callable through SolidML, once", async () => {
    const { solidML } = cli.protocol;
    const release = `${cli.accounts[0]}/eth-volatility-1h@v1.00`;
    const registered = await cli.value("hub register-schema", { release, from: cli.accounts[1] });
    const modelCID = `${cli.accounts[0]?.toLowerCase()}/eth-volatility-1h@v1.00`;
    expect(registered.modelCID).to.equal(modelCID);
    expect(await solidML.releaseOf(modelCID)).to.equal(registered.release);
    const [inputs] = await solidML.schemaOf(String(registered.release));
    expect(inputs.map(({ name, dtype, shape }) => [name, Number(dtype), shape.map(Number)])).to.deep.equal([
      ["candles", 1, [-1, 24, 4]],
    ]);
    expect(await cli.value("hub register-schema", { release })).to.include({ transaction: null, gas: 0 });
    expect(await cli.failure("hub register-schema", { release: "no-such-model" })).to.include({
      code: "release-unknown",
    });
  });

  it("publishes for SolidML in one go", async () => {
    const folder = path.join(MODELS, "eth-drawdown-24h");
    const { release } = await cli.value("hub publish", { folder, solidml: true });
    expect(await cli.protocol.solidML.isRegistered(String(release))).to.equal(true);
  });

  it("lists releases, by publisher and by name", async () => {
    const all = (await cli.value("hub list")).releases as { name: string; version: string }[];
    expect(all.map(({ name, version }) => `${name} ${version}`)).to.deep.equal([
      "eth-volatility-1h v1.00",
      "eth-volatility-1h v1.01",
      "eth-volatility-1h v2.00",
      "btc-volatility-1h v1.00",
      "eth-drawdown-24h v1.00",
    ]);
    expect((await cli.value("hub list", { name: "btc-volatility-1h" })).releases).to.have.length(1);
    expect((await cli.value("hub list", { publisher: cli.accounts[1] })).releases).to.deep.equal([]);
    expect(await cli.failure("hub list", { publisher: "me" })).to.include({ code: "argument-invalid" });
  });

  it("moves a release along its life-cycle, and yanks it only when told so", async () => {
    const release = `${cli.accounts[0]}/eth-volatility-1h@v2.00`;
    expect(await cli.value("hub set-status", { release, status: "stable" })).to.include({
      from: "experimental",
      to: "stable",
    });
    const again = await cli.failure("hub set-status", { release, status: "stable" });
    expect(again.code).to.equal("reverted");
    expect(again.data).to.include({ error: "ReleaseStatusEdgeInvalid" });
    expect(await cli.failure("hub set-status", { release, status: "gone" })).to.include({
      code: "argument-invalid",
    });
    expect(await cli.failure("hub set-status", { release, status: "yanked" })).to.include({
      code: "not-confirmed",
    });
    expect(await cli.value("hub set-status", { release, status: "yanked", yes: true })).to.include({
      to: "yanked",
    });
    const foreign = await cli.failure("hub set-status", {
      release: "eth-volatility-1h",
      status: "stable",
      from: cli.accounts[1],
    });
    expect(foreign.data).to.include({ error: "NotPublisher" });
  });

  it("refuses references that mean no release, or several", async () => {
    for (const release of ["no-such-model", "eth-volatility-1h@v7.00", `0x${"12".repeat(32)}`]) {
      expect(await cli.failure("hub show", { release }), release).to.include({ code: "release-unknown" });
    }
    for (const release of [
      "Not A Name",
      "eth-volatility-1h@v1.1",
      "eth-volatility-1h@latest",
      "0x1234/eth-volatility-1h",
    ]) {
      expect(await cli.failure("hub show", { release }), release).to.include({ code: "argument-invalid" });
    }
    await cli.value("hub publish", { folder: ETH, from: cli.accounts[1] });
    const ambiguous = await cli.failure("hub show", { release: "eth-volatility-1h" });
    expect(ambiguous.code).to.equal("release-ambiguous");
    expect(ambiguous.data.candidates).to.have.length(2);
  });

  it("lowers an exact model, stores its graph once, and publishes it as exact", async () => {
    const lowered = await cli.value("hub lower", { folder: DIGITS });
    expect(lowered).to.include({ loweringVersion: 1, gas: null });
    const published = await cli.value("hub publish", { folder: DIGITS });
    expect(published).to.include({ name: "digits", graphRoot: lowered.graphRoot });
    expect(await cli.value("hub show", { release: published.release })).to.include({ isExact: true });
    const { graphRoot, loweringVersion } = await cli.protocol.hub.exactCommitmentOf(
      published.release as string,
    );
    expect([graphRoot, loweringVersion]).to.deep.equal([lowered.graphRoot, 1n]);
    expect(await cli.protocol.blobs.isStored(graphRoot)).to.equal(true);
    expect(await cli.value("hub lower", { folder: DIGITS, store: true })).to.include({ graphRoot, gas: 0 });
    const again = await cli.failure("hub confirm-exact", { release: published.release });
    expect(again.data).to.include({ error: "ExactAlreadyConfirmed" });
  });

  it("confirms a release whose graph was stored late, from a day on", async () => {
    const { hub } = cli.protocol;
    const manifest = await readManifest(path.join(EXACT_ETH, "manifest.json"));
    const { graphRoot, loweringVersion } = await cli.value("hub lower", { folder: EXACT_ETH });
    const commitment = { graphRoot: String(graphRoot), loweringVersion: Number(loweringVersion) };
    const content = releaseContentOf(manifest, ({ path: file }) => `${manifest.name}/${file}`, commitment);
    await hub.createModel(manifest.name);
    const { royalty, minStake, modes } = manifest;
    const terms = [royalty, minStake, modeBits(modes), "", ZeroHash] as const;
    await hub.publish(modelIdOf(cli.accounts[0] as string, manifest.name), false, content, ...terms);
    const release = manifest.name;
    const early = await cli.failure("hub confirm-exact", { release });
    expect(early.data).to.include({ error: "GraphNotStored" });

    await cli.value("hub lower", { folder: EXACT_ETH, store: true });
    const { exactFrom } = await cli.value("hub confirm-exact", { release });
    const { timestamp } = (await cli.connection.ethers.provider.getBlock("latest")) ?? { timestamp: 0 };
    expect(Date.parse(exactFrom as string) / 1_000 - timestamp).to.equal(86_400);
    expect(await cli.value("hub show", { release })).to.include({ isExact: false });
    await cli.connection.networkHelpers.time.increase(86_401);
    expect(await cli.value("hub show", { release })).to.include({ isExact: true });
  });

  it("confirms no release whose graph takes and gives other tensors than it declares", async () => {
    const { hub } = cli.protocol;
    const manifest = await readManifest(path.join(DIGITS, "manifest.json"));
    const { graphRoot, loweringVersion } = await cli.value("hub lower", { folder: EXACT_BTC });
    const commitment = { graphRoot: String(graphRoot), loweringVersion: Number(loweringVersion) };
    const content = releaseContentOf(manifest, ({ path: file }) => `other/${file}`, commitment);
    const name = "digits-by-mistake";
    await hub.createModel(name);
    const { royalty, minStake, modes } = manifest;
    const terms = [royalty, minStake, modeBits(modes), "", ZeroHash] as const;
    await hub.publish(modelIdOf(cli.accounts[0] as string, name), false, content, ...terms);
    await cli.value("hub lower", { folder: EXACT_BTC, store: true });
    const refused = await cli.failure("hub confirm-exact", { release: name });
    expect(refused.code).to.equal("exact-shape-invalid");
    expect(
      await hub.exactGraphOf(await hub.releaseAt(modelIdOf(cli.accounts[0] as string, name), 1, 0)),
    ).to.include(0n);
  });

  it("confirms no release whose graph no transaction can run", async () => {
    const { hub, blobs } = cli.protocol;
    const { graphRoot, rootBytes } = circling(1, 2 ** 32 - 1, 2 ** 32 - 1);
    const manifest = await readManifest(path.join(DIGITS, "manifest.json"));
    manifest.inputs = [{ name: "x", dtype: "int32", shape: [1] }];
    manifest.outputs = [{ name: "y", dtype: "int32", shape: [1] }];
    const content = releaseContentOf(manifest, ({ path: file }) => `circling/${file}`, {
      ...{ graphRoot, loweringVersion: 1 },
    });
    const name = "circling";
    await hub.createModel(name);
    const { royalty, minStake, modes } = manifest;
    const terms = [royalty, minStake, modeBits(modes), "", ZeroHash] as const;
    await hub.publish(modelIdOf(cli.accounts[0] as string, name), false, content, ...terms);
    await blobs.put(rootBytes);
    const refused = await cli.failure("hub confirm-exact", { release: name });
    expect(refused.code).to.equal("program-limit");
  });

  it("refuses to lower a model that is declared approximate", async () => {
    expect(await cli.failure("hub lower", { folder: ETH })).to.include({ code: "arguments-conflict" });
  });

  it("acts only for accounts of the network", async () => {
    const from = `0x${"77".repeat(20)}`;
    expect(await cli.failure("hub publish", { folder: ETH, from })).to.include({ code: "account-unknown" });
    expect(await cli.failure("hub publish", { folder: ETH, from: "me" })).to.include({
      code: "argument-invalid",
    });
  });
});
