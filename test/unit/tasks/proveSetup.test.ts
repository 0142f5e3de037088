import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readManifest } from "@opg-network/sdk/manifest";
import { expect } from "chai";
import { AbiCoder, hexlify, id, keccak256, ZeroAddress, ZeroHash } from "ethers";
import hre from "hardhat";

import { blobDigest } from "../../../offchain-runner/src/exact/blobs.ts";
import type { KeysRecord } from "../../../offchain-runner/src/zk/keysRecord.ts";
import { LOCAL_POWERS_ID } from "../../../offchain-runner/src/zk/localPowers.ts";

import { CommandError } from "../../../tasks/commandError.ts";
import { loweredModel } from "../../../tasks/hub/loweredModel.ts";
import { proofKeysOf } from "../../../tasks/hub/proofKeys.ts";
import type { Session } from "../../../tasks/session.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";
import { byteSum } from "../../fixtures/models/make.ts";
import { contribute } from "../../fixtures/zk/contribute.ts";

/** Of a PLONK key: the point of its powers of tau. */
const SECRET_AT = 640;

describe("keys of proofs", () => {
  let cli: CommandLine;
  let folder: string;
  let keys: string;

  before(async () => {
    cli = await commandLine();
    folder = await modelFolder("byte-sum", ["ZK"], 1);
    keys = path.join(folder, "keys");
  });

  after(async () => await cli.close());

  async function modelFolder(name: string, modes: string[], weight: number): Promise<string> {
    const { bytes, schema } = byteSum(weight);
    const made = path.join(cli.folder, name);
    await mkdir(made, { recursive: true });
    await writeFile(path.join(made, "model.onnx"), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const manifest = {
      name,
      entry: "model.onnx",
      files: [{ path: "model.onnx", size: bytes.length, sha256 }],
      ...schema,
      modes,
      arithmetic: "exact",
      royalty: "0.01",
      minStake: "1000",
      contributors: [],
    };
    await writeFile(path.join(made, "manifest.json"), JSON.stringify(manifest));
    return made;
  }

  it("are made by hub prove-setup, which says what they are worth", async function () {
    this.timeout(600_000);
    const made = await cli.value("hub prove-setup", { folder });
    expect(made.origin).to.have.property("kind", "single");
    expect(made.powersOfTau).to.have.property("origin", "local");
    expect((made.warnings as string[]).join(" ")).to.include("ceremony");
    expect(JSON.parse(await readFile(path.join(keys, "keys.json"), "utf8"))).to.have.property(
      "graphRoot",
      made.graphRoot,
    );
  });

  it("go with hub publish into the release, and the verifier takes them", async () => {
    const { release, graphRoot } = await cli.value("hub publish", { folder, keys });
    const { hub, groth16, blobs } = cli.protocol;
    const record = JSON.parse(await readFile(path.join(keys, "keys.json"), "utf8")) as { keyDigest: string };
    const exact = await hub.exactCommitmentOf(release as string);
    expect(exact.graphRoot).to.equal(graphRoot);
    expect(exact.zkVerifier).to.equal(await groth16.getAddress());
    expect(exact.zkKeyDigest).to.equal(record.keyDigest);
    expect(exact.zkKeyOrigin).to.equal(1n);
    expect(await groth16.keyOf(release as string)).to.equal(await blobs.addressOf(record.keyDigest));
  });

  it("are made by PLONK without a secret of their own, and taken by its verifier", async function () {
    this.timeout(600_000);
    const out = path.join(cli.folder, "universal");
    const made = await cli.value("hub prove-setup", { folder, out, system: "plonk" });
    expect(made).to.include({ system: "plonk", powersId: LOCAL_POWERS_ID });
    expect(made.origin).to.deep.equal({ kind: "universal" });
    expect(made.powersOfTau).to.have.property("origin", "local");
    expect((made.warnings as string[]).join(" "))
      .to.include("--powers")
      .and.not.include("ceremony");
    const again = await cli.value("hub prove-setup", {
      ...{ folder, system: "plonk", out: path.join(cli.folder, "again") },
    });
    expect(again.keyDigest).to.equal(made.keyDigest);

    const { release } = await cli.value("hub publish", { folder, keys: out, major: true });
    const { hub, plonk, blobs } = cli.protocol;
    const exact = await hub.exactCommitmentOf(release as string);
    expect(exact.zkVerifier).to.equal(await plonk.getAddress());
    expect(exact.zkKeyOrigin).to.equal(3n);
    expect(await plonk.keyOf(release as string)).to.equal(await blobs.addressOf(made.keyDigest as string));
    const { data } = await cli.failure("hub admit-key", { release });
    expect(data).to.have.property("error", "KeyAlreadyAdmitted");
  });

  it("are refused where the verifier of PLONK does not know their powers of tau", async () => {
    const unknown = path.join(cli.folder, "unknown");
    await mkdir(unknown);
    const out = path.join(cli.folder, "universal");
    const record = JSON.parse(await readFile(path.join(out, "keys.json"), "utf8"));
    const blob = await readFile(path.join(out, "verifier.key"));
    blob[SECRET_AT] = (blob[SECRET_AT] ?? 0) ^ 1;
    record.keyDigest = blobDigest(blob);
    await writeFile(path.join(unknown, "keys.json"), JSON.stringify(record));
    await writeFile(path.join(unknown, "verifier.key"), blob);
    expect(await cli.failure("hub publish", { folder, keys: unknown, major: true })).to.include({
      code: "file-unreadable",
    });
    expect(await cli.failure("hub prove-setup", { folder, system: "fflonk" })).to.include({
      code: "argument-invalid",
    });
    const ceremony = "key.zkey";
    expect(await cli.failure("hub prove-setup", { folder, system: "plonk", ceremony })).to.include({
      code: "arguments-conflict",
    });
  });

  it("are asked for where ZK is among the modes, and refused where it is not", async () => {
    expect(await cli.failure("hub publish", { folder })).to.include({ code: "argument-missing" });
    const plain = await modelFolder("plain", ["VANILLA"], 1);
    expect(await cli.failure("hub publish", { folder: plain, keys })).to.include({
      code: "arguments-conflict",
    });
  });

  it("are refused when they are of another model, changed, or not there", async () => {
    const other = await modelFolder("another", ["ZK"], 2);
    expect(await cli.failure("hub publish", { folder: other, keys })).to.include({ code: "file-unreadable" });
    expect(await cli.failure("hub publish", { folder, keys: cli.folder })).to.include({
      code: "file-unreadable",
    });
    const changed = path.join(cli.folder, "changed");
    await mkdir(changed);
    await copyFile(path.join(keys, "keys.json"), path.join(changed, "keys.json"));
    const blob = await readFile(path.join(keys, "verifier.key"));
    blob[200] = (blob[200] ?? 0) ^ 1;
    await writeFile(path.join(changed, "verifier.key"), blob);
    expect(await cli.failure("hub publish", { folder, keys: changed })).to.include({
      code: "file-unreadable",
    });
  });

  it("come from powers of tau with the digest that was given, or not at all", async function () {
    this.timeout(600_000);
    const powers = path.join(hre.config.paths.cache, "zk", "powers-8.ptau");
    const out = path.join(cli.folder, "given");
    const powersDigest = createHash("sha256")
      .update(await readFile(powers))
      .digest("hex");
    const wrong = powersDigest.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    const given = { folder, out, powers };
    expect(await cli.failure("hub prove-setup", given)).to.include({ code: "argument-missing" });
    for (const none of ["xyz", powersDigest.slice(1), `${powersDigest}00`])
      expect(await cli.failure("hub prove-setup", { ...given, powersDigest: none })).to.include({
        code: "argument-invalid",
      });
    expect(await cli.failure("hub prove-setup", { ...given, powersDigest: wrong })).to.include({
      code: "powers-of-tau-mismatch",
    });
    const made = await cli.value("hub prove-setup", { ...given, powersDigest });
    expect(made.powersOfTau).to.deep.equal({ origin: "local", sha256: `0x${powersDigest}` });
    expect((made.warnings as string[]).join(" ")).to.include("everybody knows");

    const alone = path.join(out, "proving.zkey");
    expect(await cli.failure("hub prove-setup", { ...given, powersDigest, ceremony: alone })).to.include({
      code: "ceremony-too-small",
    });
    const ceremony = path.join(cli.folder, "ceremony.zkey");
    await contribute(alone, ceremony);
    const adopted = await cli.value("hub prove-setup", { ...given, powersDigest, ceremony });
    expect(adopted.origin).to.have.property("kind", "ceremony");
    const { transcript } = adopted.origin as { transcript: string };
    const blob = await readFile(path.join(out, "verifier.key"));
    expect(hexlify(blob.subarray(96, 112))).to.equal(transcript.slice(0, 34));
    const foreign = await cli.failure("hub prove-setup", {
      ...{ ...given, powersDigest, ceremony },
      folder: await modelFolder("foreign", ["ZK"], 2),
      out: path.join(cli.folder, "foreign-keys"),
    });
    expect(["key-mismatch", "proving-failed"]).to.include(foreign.code);

    const { release } = await cli.value("hub publish", { folder, keys: out, major: true });
    const { hub, groth16, blobs } = cli.protocol;
    expect(await hub.proofKeyOriginOf(release as string)).to.equal(2n);
    expect(await groth16.keyOf(release as string)).to.equal(
      await blobs.addressOf(adopted.keyDigest as string),
    );
  });

  it("count on a local chain alone where their powers of tau are local, as where one alone made them", async () => {
    const shown = path.join(cli.folder, "shown");
    await mkdir(shown);
    const record = JSON.parse(await readFile(path.join(keys, "keys.json"), "utf8")) as KeysRecord;
    const manifest = await readManifest(path.join(folder, "manifest.json"));
    const graph = await loweredModel(folder, manifest);
    const [local, given] = ["local", "given"].map((origin) => ({ ...record.powersOfTau, origin }));
    const ceremony = { kind: "ceremony", transcript: `0x${"ab".repeat(32)}` };
    const blob = await readFile(path.join(keys, "verifier.key"));
    const held = Buffer.from(blob).fill(0xab, 96, 112);
    const accepted = async (chainId: number, least: number, change: object, given?: Buffer) => {
      const verifierKey = given ?? ("origin" in change ? held : blob);
      const keyDigest = blobDigest(verifierKey);
      await writeFile(path.join(shown, "verifier.key"), verifierKey);
      await writeFile(path.join(shown, "keys.json"), JSON.stringify({ ...record, ...change, keyDigest }));
      const groth16 = {
        LEAST_ORIGIN: async () => BigInt(least),
        getAddress: async () => ZeroAddress,
      };
      const session = { chainId, contracts: async () => ({ groth16 }) } as unknown as Session;
      return await proofKeysOf(session, manifest, graph, shown).then(
        () => true,
        (error: unknown) => {
          expect(error).to.be.instanceOf(CommandError).with.property("code", "file-unreadable");
          return false;
        },
      );
    };
    const [LOCAL, ELSEWHERE, SINGLE, CEREMONY] = [31_337, 84_532, 1, 2];
    expect(await accepted(LOCAL, SINGLE, { powersOfTau: local })).to.equal(true);
    expect(await accepted(LOCAL, SINGLE, { powersOfTau: local, origin: ceremony })).to.equal(true);
    expect(await accepted(ELSEWHERE, CEREMONY, { powersOfTau: local, origin: ceremony })).to.equal(false);
    expect(await accepted(ELSEWHERE, SINGLE, { powersOfTau: local })).to.equal(false);
    expect(await accepted(ELSEWHERE, CEREMONY, { powersOfTau: given })).to.equal(false);
    expect(await accepted(ELSEWHERE, CEREMONY, { powersOfTau: given, origin: ceremony })).to.equal(true);
    // A key names the transcript that its record does, and none where there was none.
    expect(await accepted(LOCAL, SINGLE, { powersOfTau: given, origin: ceremony }, blob)).to.equal(false);
    expect(await accepted(LOCAL, SINGLE, { powersOfTau: given }, held)).to.equal(false);
  });

  it("are taken by hub admit-key, from whomever, once", async () => {
    const { hub, groth16, deployer } = cli.protocol;
    const record = JSON.parse(await readFile(path.join(keys, "keys.json"), "utf8")) as KeysRecord;
    const content = {
      ...{ entry: 0, contributors: [], arithmetic: 1 },
      files: [{ path: "model.onnx", size: 1, sha256Digest: id("late"), uri: "https://models.example.org/1" }],
      inputs: [{ name: "x", dtype: 2, shape: [1] }],
      outputs: [{ name: "y", dtype: 2, shape: [1] }],
      exact: {
        ...{ graphRoot: record.graphRoot, loweringVersion: 1, zkVerifier: await groth16.getAddress() },
        zkKeyOrigin: 1,
      },
    };
    const publish = async (name: string, zkKeyDigest: string): Promise<string> => {
      await (await hub.createModel(name)).wait();
      const model = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "string"], [deployer, name]));
      const exact = { ...content.exact, zkKeyDigest };
      await (await hub.publish(model, false, { ...content, exact }, 0n, 0n, 2, "", ZeroHash)).wait();
      return await hub.releaseAt(model, 1, 0);
    };
    const release = await publish("late", record.keyDigest);
    const admitted = await cli.value("hub admit-key", { release, from: cli.accounts[3] });
    expect(admitted).to.include({ release, keyDigest: record.keyDigest, origin: "single" });
    expect(admitted.key).to.equal(await groth16.keyOf(release));
    const refusal = async (named: string) => {
      const { code, data } = await cli.failure("hub admit-key", { release: named });
      return code === "reverted" ? data.error : code;
    };
    expect(await refusal(release)).to.equal("KeyAlreadyAdmitted");
    expect(await refusal(await publish("unstored", id("no key")))).to.equal("KeyNotStored");
    expect(await refusal(ZeroHash)).to.equal("release-unknown");
    expect(await refusal("nobody")).to.equal("release-unknown");
    const eth = path.join(hre.config.paths.root, "models", "eth-volatility-1h");
    const { release: signed } = await cli.value("hub publish", { folder: eth });
    expect(await refusal(signed as string)).to.equal("arguments-conflict");
  });

  it("refuses an approximate model", async () => {
    const eth = path.join(hre.config.paths.root, "models", "eth-volatility-1h");
    expect(await cli.failure("hub prove-setup", { folder: eth })).to.include({ code: "arguments-conflict" });
  });
});
