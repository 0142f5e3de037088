import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import pino from "pino";
import type { KeyRegistry } from "../../../../offchain-runner/src/chain/keyRegistry.ts";
import type { ServedRelease } from "../../../../offchain-runner/src/config.ts";
import { checkProofs } from "../../../../offchain-runner/src/doctor/proofChecks.ts";
import { blobDigest } from "../../../../offchain-runner/src/exact/blobs.ts";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import type { PublishedRelease } from "../../../../offchain-runner/src/hub/releaseCatalog.ts";
import { resultOf } from "../../../../offchain-runner/src/jobs/fulfilSource.ts";
import type { Job } from "../../../../offchain-runner/src/jobs/job.ts";
import { CircuitCache } from "../../../../offchain-runner/src/proving/circuitCache.ts";
import { keysBeside } from "../../../../offchain-runner/src/proving/keysFolder.ts";
import { ProverPool } from "../../../../offchain-runner/src/proving/proverPool.ts";
import { ProvingEngine } from "../../../../offchain-runner/src/proving/provingEngine.ts";
import { openReleaseProofs, requireAdmitted } from "../../../../offchain-runner/src/proving/releaseProofs.ts";
import { setUp } from "../../../../offchain-runner/src/zk/groth16.ts";
import { keyBlob } from "../../../../offchain-runner/src/zk/keyBlob.ts";
import { KEY_ORIGINS } from "../../../../offchain-runner/src/zk/keysRecord.ts";
import { localPowers } from "../../../../offchain-runner/src/zk/powersOfTau.ts";
import { Prover } from "../../../../offchain-runner/src/zk/prover.ts";
import { byteSum } from "../../../fixtures/models/make.ts";
import { type MadeKeys, makeKeys, POWERS } from "../../../fixtures/zk/keysFolder.ts";
import { expectError } from "../expectError.ts";
import { SOME_RELEASE } from "../fakes/scriptedEngine.ts";
import { someRequest } from "../fakes/someRequest.ts";

const VERIFIER = `0x${"5A".repeat(20)}`;
const CHAIN_ID = 31_337n;

describe("proofs of a release", function () {
  this.timeout(300_000);

  let folder: string;
  let keys: MadeKeys;
  let release: PublishedRelease;
  let pool: ProverPool;
  let compiled: number;
  const { signal } = new AbortController();
  const logger = pino({}, { write: (line: string) => void (line.includes("compiling") && ++compiled) });
  const registry: KeyRegistry = {
    verifiers: async () => [VERIFIER],
    isOffered: async () => true,
    isAdmitted: async () => true,
    refusal: async () => undefined,
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "opg-proofs-"));
    pool = new ProverPool({ provers: 1, memoryBytes: 4 * 1024 ** 3, timeoutMs: 120_000 });
    const prover = new Prover();
    const made = join(folder, "keys");
    mkdirSync(made);
    keys = await makeKeys(byteSum(), made, prover).finally(() => prover.stop());
    release = {
      ...SOME_RELEASE,
      isExact: true,
      graph: { graphRoot: keys.graph.graphRoot, loweringVersion: 1 },
      proofKey: { verifier: VERIFIER, digest: keys.record.keyDigest, origin: KEY_ORIGINS.single },
    };
  });

  after(async () => {
    await pool.stop();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    compiled = 0;
  });

  const input = (...values: number[]) => encodeTensors([tensorFromNumbers("uint8", [1, 4], values)]);
  const cache = (name = "circuits") => new CircuitCache(join(folder, name));

  const openWith = (
    options: { keys?: string; release?: Partial<PublishedRelease>; registry?: Partial<KeyRegistry> } = {},
    circuits = cache(),
    until = signal,
  ) =>
    openReleaseProofs(
      { ...release, ...options.release },
      { graph: keys.graph, folder: options.keys ?? keys.folder },
      { registry: { ...registry, ...options.registry }, circuits, pool, chainId: CHAIN_ID, logger },
      until,
    );

  /** A copy of the keys with something else in it. */
  function changed(name: string, change: (folder: string) => void): string {
    const copy = join(folder, name);
    cpSync(keys.folder, copy, { recursive: true });
    change(copy);
    return copy;
  }

  const rewrite = (file: string, edit: (value: Record<string, unknown>) => object) => (copy: string) => {
    const path = join(copy, file);
    writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, "utf8")))));
  };

  it("are made with keys that fit from the file to a first proof, and compiled once", async () => {
    const opened = await openWith();
    expect(opened.verifier).to.equal(VERIFIER);
    expect(opened.trialMs).to.be.greaterThan(0);
    await openWith();
    expect(compiled).to.equal(1);
    expect(readdirSync(join(folder, "circuits"))).to.have.length(1);
  });

  it("leave the files of a circuit to who reads them, when others compile it at the same time", async () => {
    const circuits = cache("shared");
    const provers = [new Prover(), new Prover()];
    try {
      const [first, second] = await Promise.all(provers.map((each) => circuits.make(keys.graph, each)));
      expect(first?.files).to.deep.equal(second?.files);
      const inode = () => statSync(first?.files.r1cs ?? "").ino;
      const kept = inode();
      await circuits.make(keys.graph, provers[0] as Prover);
      expect(inode()).to.equal(kept);
      expect(readdirSync(join(folder, "shared"))).to.have.length(1);
    } finally {
      for (const each of provers) await each.stop();
    }
  });

  it("are of a circuit that is compiled again where what is kept was changed", async () => {
    await openWith({}, cache("damaged"));
    const [kept = ""] = readdirSync(join(folder, "damaged"));
    const flip = (file: string) => {
      const path = join(folder, "damaged", kept, file);
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    };
    for (const file of ["circuit.r1cs", "digests.json", "circuit.wasm"]) {
      flip(file);
      expect(await cache("damaged").get(keys.graph)).to.equal(undefined);
      if (file !== "circuit.wasm") flip(file);
    }
    await openWith({}, cache("damaged"));
    expect(compiled).to.equal(2);
    expect((await cache("damaged").get(keys.graph))?.r1csDigest).to.equal(keys.record.constraints);
    // A draft is what a process left that was ended over it.
    mkdirSync(join(folder, "damaged", "draft-1"));
    await cache("damaged").clean();
    expect(readdirSync(join(folder, "damaged"))).to.deep.equal([kept]);
  });

  const idle = (): Promise<Prover> => pool.use(async (prover) => prover, signal);

  it("are given up at once when the node stops, and leave nothing half-made", async () => {
    const stop = new AbortController();
    const stopping = openWith({}, cache("stopped"), stop.signal);
    while (compiled === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await expectError(stopping, "proving-stopped");
    expect(readdirSync(join(folder, "stopped"))).to.deep.equal([]);
  });

  it("are looked for beside the model, inside the model folder alone", () => {
    const beside = (uri: string) =>
      keysBeside({ ...release, files: [{ path: "m", size: 1, sha256: "", uri }] }, "/models");
    expect(beside("credit/model.onnx")).to.equal("/models/credit/keys");
    for (const uri of ["../else/model.onnx", "/etc/model.onnx", "https://models.example.org/m", "data:,", ""])
      expect(beside(uri)).to.equal(undefined);
  });

  it("are refused without keys, and with files that are none", async () => {
    await expectError(openWith({ keys: join(folder, "none") }), "proof-keys-missing");
    const bare = changed("bare", (copy) => rmSync(join(copy, "proving.zkey")));
    await expectError(openWith({ keys: bare }), "proof-keys-missing");
    const text = changed("text", (copy) => writeFileSync(join(copy, "keys.json"), "{"));
    await expectError(openWith({ keys: text }), "proof-keys-invalid");
    const odd = changed(
      "odd",
      rewrite("verifying.json", () => ({ protocol: "groth16" })),
    );
    await expectError(openWith({ keys: odd }), "proof-keys-invalid");
  });

  it("are made with keys of a ceremony, under the name of its transcript alone", async () => {
    const held = (byte: string) => ({ kind: "ceremony", transcript: `0x${byte.repeat(32)}` }) as const;
    const blob = keyBlob(keys.graph, keys.verifyingKey, held("c7"));
    const proofKey = { verifier: VERIFIER, digest: blobDigest(blob), origin: KEY_ORIGINS.ceremony };
    const folderOf = (byte: string) =>
      changed(
        `ceremony-${byte}`,
        rewrite("keys.json", (record) => ({ ...record, origin: held(byte) })),
      );
    const opened = await openWith({ keys: folderOf("c7"), release: { proofKey } });
    expect(opened.trialMs).to.be.greaterThan(0);
    await expectError(openWith({ keys: folderOf("c8"), release: { proofKey } }), "proof-key-mismatch");
  });

  it("are refused with keys of another release, or of another circuit", async () => {
    const root = `0x${"ab".repeat(32)}`;
    const graph = changed(
      "graph",
      rewrite("keys.json", (record) => ({ ...record, graphRoot: root })),
    );
    await expectError(openWith({ keys: graph }), "proof-key-mismatch");
    const key = { ...release.proofKey, digest: root } as NonNullable<PublishedRelease["proofKey"]>;
    await expectError(openWith({ release: { proofKey: key } }), "proof-key-mismatch");
    const ceremony = { ...key, digest: keys.record.keyDigest, origin: KEY_ORIGINS.ceremony };
    await expectError(openWith({ release: { proofKey: ceremony } }), "proof-key-mismatch");
    const circuit = changed(
      "circuit",
      rewrite("keys.json", (record) => ({ ...record, constraints: root })),
    );
    await expectError(openWith({ keys: circuit }), "proof-circuit-mismatch");
  });

  it("are refused with a proving key that was changed, or belongs to another verifying key", async () => {
    const damaged = changed("flipped", (copy) => {
      const path = join(copy, "proving.zkey");
      const bytes = readFileSync(path);
      bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    });
    await expectError(openWith({ keys: damaged }), "proof-key-mismatch");
    const prover = await idle();
    const circuit = await cache().get(keys.graph);
    if (circuit === undefined) throw new Error("it is compiled");
    const powers = await localPowers(8, POWERS, prover);
    const second = join(folder, "second.zkey");
    const other = await setUp(circuit, powers, second, prover);
    const foreign = changed("foreign", (copy) => {
      cpSync(second, join(copy, "proving.zkey"));
      rewrite("keys.json", (record) => ({ ...record, provingKey: other.provingKeyDigest }))(copy);
    });
    await expectError(openWith({ keys: foreign }), "proof-key-mismatch");
  });

  it("are refused where the release or the network has no place for them", async () => {
    await expectError(openWith({ release: { isExact: false } }), "proof-not-exact");
    await expectError(openWith({ release: { proofKey: undefined } }), "proof-not-committed");
    await expectError(openWith({ registry: { verifiers: async () => [] } }), "proof-not-committed");
    const other = `0x${"6b".repeat(20)}`;
    await expectError(openWith({ registry: { verifiers: async () => [other] } }), "proof-not-committed");
    await expectError(openWith({ registry: { isOffered: async () => false } }), "proof-mode-not-offered");
  });

  it("need a key that the verifier has admitted, or would admit", async () => {
    const wanted: string[] = [];
    const admitted = (isAdmitted: boolean, refusal: string | undefined) =>
      requireAdmitted(
        release.id,
        VERIFIER,
        { ...registry, isAdmitted: async () => isAdmitted, refusal: async () => refusal },
        (_, id) => void wanted.push(id),
      );
    await admitted(true, "KeyAlreadyAdmitted");
    await admitted(false, "KeyAlreadyAdmitted");
    await expectError(admitted(false, "KeyNotStored"), "proof-key-not-stored");
    await expectError(admitted(false, "KeyOriginRefused"), "proof-key-origin-refused");
    await expectError(admitted(false, "KeyForgeable"), "proof-key-refused");
    expect(wanted).to.deep.equal([]);
    await expectError(admitted(false, undefined), "proof-key-not-admitted");
    expect(wanted).to.deep.equal([release.id]);
  });

  it("are examined by the doctor: the folder, what the release committed to, and its admission", async () => {
    const served = {
      release: "net",
      modes: ["VANILLA", "ZK"],
      proofs: keys.folder,
    } as unknown as ServedRelease;
    const look = async (
      { proofs = keys.folder, ...others }: { proofs?: string } & Partial<PublishedRelease> = {},
      on: Partial<KeyRegistry> = {},
    ) => {
      const found = [{ reference: "net", release: { ...release, ...others } }];
      const settings = { serve: [{ ...served, proofs }], modelDir: folder };
      const checks = await checkProofs(settings, found, { ...registry, ...on });
      return checks.map(({ id, status }) => `${id} ${status}`).join();
    };
    expect(await look()).to.equal("proofs:net ok");
    expect(await look({ proofs: join(folder, "nowhere") })).to.equal("proofs:net fail");
    const other = { verifier: VERIFIER, digest: `0x${"00".repeat(32)}`, origin: KEY_ORIGINS.single };
    expect(await look({ proofKey: other })).to.equal("proofs:net fail");
    expect(await look({}, { verifiers: async () => [] })).to.equal("proofs:net fail");
    expect(await look({}, { isOffered: async () => false })).to.equal("proofs:net fail");
    const open = { isAdmitted: async () => false };
    expect(await look({}, open)).to.equal("proofs:net warn");
    expect(await look({}, { ...open, refusal: async () => "KeyOriginRefused" })).to.equal("proofs:net fail");
    const plain = { ...served, modes: ["VANILLA" as const] };
    expect(await checkProofs({ serve: [plain], modelDir: folder }, [], registry)).to.deep.equal([]);
  });

  it("differ each time, and leave what is signed the same", async () => {
    const ends: string[] = [];
    const account = { operatorId: 0 };
    const open = async () => {
      const engine = new ProvingEngine({
        ...{ registry, circuits: cache(), pool, account, chainId: CHAIN_ID, logger },
        wantAdmission: () => undefined,
        onProof: (end) => void ends.push(end),
      });
      await engine.prepare(release, { graph: keys.graph, folder: keys.folder }, signal);
      return engine;
    };
    const [first, second] = [await open(), await open()];
    const given = input(1, 2, 3, 250);
    await expectError(first.run(release, given, signal), "proof-not-ready");
    account.operatorId = 7;
    const output = new ExactInterpreter(keys.graph).evaluate(given);
    const made = await first.run(release, given, signal);
    const again = await second.run(release, given, signal);
    expect(made.proof).to.not.equal(again.proof);
    expect(made.signals).to.deep.equal(first.signalsOf(release, given, output));
    expect(again.signals).to.deep.equal(made.signals);
    // Asked again, an engine has it at once.
    expect([first.hasProof(release, given), first.hasProof(release, input(1, 0, 0, 0))]).to.deep.equal([
      true,
      false,
    ]);
    expect(await first.run(release, given, signal)).to.equal(made);
    expect(ends).to.deep.equal(["made", "made"]);

    const job = { id: `0x${"11".repeat(32)}`, request: someRequest({ mode: 1 }), output } as Job;
    const hashes = [made, again].map(({ proof }) =>
      resultHash(resultOf({ ...job, proof: Buffer.from(proof.slice(2), "hex") }, 99)),
    );
    expect(hashes[0]).to.equal(hashes[1]);
  });
});
