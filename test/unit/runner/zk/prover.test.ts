import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { concat, getBytes, hexlify } from "ethers";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { constraintsOf, powerOf, sha256 } from "../../../../offchain-runner/src/zk/compiledCircuit.ts";
import { contributionsOf } from "../../../../offchain-runner/src/zk/contributions.ts";
import { adoptCeremony, setUp } from "../../../../offchain-runner/src/zk/groth16.ts";
import { keyBlob, namesTranscript } from "../../../../offchain-runner/src/zk/keyBlob.ts";
import type { PowersOfTau } from "../../../../offchain-runner/src/zk/powersOfTau.ts";
import { givenPowers, localPowerFor, localPowers } from "../../../../offchain-runner/src/zk/powersOfTau.ts";
import type { CircuitKeys } from "../../../../offchain-runner/src/zk/proofSystem.ts";
import { prove, verify } from "../../../../offchain-runner/src/zk/proofSystem.ts";
import { Prover } from "../../../../offchain-runner/src/zk/prover.ts";
import type { Groth16VerifyingKey } from "../../../../offchain-runner/src/zk/proverProtocol.ts";
import { bindingOf, publicSignals } from "../../../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../../sdk/src/tensorValues.ts";
import type { TestedCircuit } from "../../../fixtures/zk/circuits.ts";
import { CircuitBench } from "../../../fixtures/zk/circuits.ts";
import { addBeacon, contribute, freshPowers } from "../../../fixtures/zk/contribute.ts";
import { smallNetwork } from "../../../fixtures/zk/gadgetGraphs.ts";
import { expectError } from "../expectError.ts";

/** Made once, and kept: the same bytes on every machine. */
const POWERS = fileURLToPath(new URL("../../../../cache/zk", import.meta.url));
const BINDING = bindingOf({
  operatorId: 7,
  chainId: 31_337n,
  verifier: `0x${"5a".repeat(20)}`,
  release: `0x${"c3".repeat(32)}`,
});

describe("prover", () => {
  let bench: CircuitBench;
  let network: TestedCircuit;
  let powers: PowersOfTau;
  let keys: CircuitKeys<Groth16VerifyingKey>;

  before(async function () {
    this.timeout(300_000);
    bench = new CircuitBench();
    network = await bench.build(smallNetwork());
    powers = await localPowers(
      localPowerFor(powerOf(await constraintsOf(network.circuit))),
      POWERS,
      bench.prover,
    );
    keys = await setUp(network.circuit, powers, join(bench.folder, "single.zkey"), bench.prover);
  });
  after(async () => {
    await bench.stop();
  });

  const input = (...values: number[]) => encodeTensors([tensorFromNumbers("uint8", [4], values)]);
  const proveFor = (values: number[], binding = BINDING, prover = bench.prover, signal?: AbortSignal) =>
    prove(
      { circuit: network.circuit, keys, root: network.graph.root },
      { input: input(...values), binding },
      prover,
      signal,
    );

  it("proves what the interpreter gives, for the statement that the contract makes of it", async () => {
    const interpreter = new ExactInterpreter(network.graph);
    for (const values of [
      [0, 0, 0, 0],
      [255, 255, 255, 255],
      [1, 2, 250, 90],
    ]) {
      const proved = await proveFor(values);
      const output = interpreter.evaluate(input(...values));
      expect(proved.signals).to.deep.equal(
        publicSignals(network.graph.root, input(...values), output, BINDING),
      );
      expect(await verify(keys.verifyingKey, proved, bench.prover)).to.equal(true);
    }
  });

  it("gives a proof that is one of nothing else", async () => {
    const proved = await proveFor([9, 8, 7, 6]);
    const output = new ExactInterpreter(network.graph).evaluate(input(9, 8, 7, 6));
    const other = bindingOf({
      operatorId: 8,
      chainId: 31_337n,
      verifier: `0x${"5a".repeat(20)}`,
      release: `0x${"c3".repeat(32)}`,
    });
    const changes = [
      publicSignals(network.graph.root, input(9, 8, 7, 6), output, other),
      proved.signals.with(0, (proved.signals[0] as bigint) + 256n ** 26n),
      proved.signals.with(0, (proved.signals[0] as bigint) + 256n ** 30n),
    ];
    for (const signals of changes) {
      expect(await verify(keys.verifyingKey, { ...proved, signals }, bench.prover)).to.equal(false);
    }
  });

  it("has keys whose gamma and delta differ, and says how they were made", () => {
    expect(keys.verifyingKey.vk_gamma_2).not.to.deep.equal(keys.verifyingKey.vk_delta_2);
    expect(keys.verifyingKey.nPublic).to.equal(1);
    expect(keys.verifyingKey.IC).to.have.length(2);
    expect(keys.origin.kind).to.equal("single");
    expect(keys.powers).to.include({ origin: "local", digest: powers.digest });
  });

  it("takes keys of a ceremony for the same circuit alone", async function () {
    this.timeout(120_000);
    const provingKey = join(bench.folder, "ceremony.zkey");
    await contribute(keys.provingKey, provingKey);
    const contributions = await contributionsOf(provingKey);
    expect(contributions.map(({ isBeacon }) => isBeacon)).to.deep.equal([false, false]);
    // As the library told the one who made it.
    expect(keys.origin).to.deep.equal({ kind: "single", contribution: contributions[0]?.hash });
    const adopted = await adoptCeremony(network.circuit, powers, provingKey, bench.prover);
    const transcript = sha256(getBytes(concat(contributions.map(({ hash }) => hash))));
    expect(adopted.origin).to.deep.equal({ kind: "ceremony", transcript });
    expect(adopted.verifyingKey.vk_delta_2).not.to.deep.equal(keys.verifyingKey.vk_delta_2);
    const other = await bench.build(smallNetwork(14));
    await expectError(adoptCeremony(other.circuit, powers, provingKey, bench.prover), "key-mismatch");
    await expectError(
      prove(
        { circuit: other.circuit, keys, root: other.graph.root },
        { input: input(1, 1, 1, 1), binding: 1n },
        bench.prover,
      ),
      "key-mismatch",
    );
  });

  it("calls no ceremony what one alone contributed to, with a beacon or without", async function () {
    this.timeout(120_000);
    const provingKey = join(bench.folder, "beacon.zkey");
    await addBeacon(keys.provingKey, provingKey);
    const contributions = await contributionsOf(provingKey);
    expect(contributions.map(({ isBeacon }) => isBeacon)).to.deep.equal([false, true]);
    for (const key of [keys.provingKey, provingKey])
      await expectError(adoptCeremony(network.circuit, powers, key, bench.prover), "ceremony-too-small");
    await expectError(contributionsOf(powers.file), "key-mismatch");
  });

  it("names a ceremony's transcript in its key, by 16 bytes, and in no other", () => {
    const transcript = `0x${"c7".repeat(16)}${"11".repeat(16)}`;
    const [single, held] = [keys.origin, { kind: "ceremony", transcript } as const].map((origin) => ({
      blob: keyBlob(network.graph, keys.verifyingKey, origin),
      origin,
    }));
    if (single === undefined || held === undefined) throw new Error("two keys were made");
    expect(hexlify(single.blob.subarray(96, 112))).to.equal(`0x${"00".repeat(16)}`);
    expect(hexlify(held.blob.subarray(96, 112))).to.equal(`0x${"c7".repeat(16)}`);
    expect(held.blob.subarray(112)).to.deep.equal(single.blob.subarray(112));
    expect(namesTranscript(held.blob, held.origin)).to.equal(true);
    expect(namesTranscript(single.blob, single.origin)).to.equal(true);
    expect(namesTranscript(held.blob, single.origin)).to.equal(false);
    expect(namesTranscript(single.blob, held.origin)).to.equal(false);
  });

  it("makes the local powers anew where they are missing or changed, the same bytes as the library's", async function () {
    this.timeout(120_000);
    const folder = join(bench.folder, "powers");
    const { file, digest } = await localPowers(8, folder, bench.prover);
    const made = readFileSync(file);
    expect(sha256(made)).to.equal(digest);
    writeFileSync(file, made.subarray(1));
    await localPowers(8, folder, bench.prover);
    expect(sha256(readFileSync(file))).to.equal(digest);
    expect(readdirSync(folder)).to.deep.equal(["powers-8.ptau"]);
    await expectError(localPowers(9, folder, bench.prover), "circuit-too-large");
  });

  it("refuses powers of tau that are not the ones asked for", async () => {
    const altered = join(bench.folder, "altered.ptau");
    const bytes = readFileSync(powers.file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(altered, bytes);
    await expectError(givenPowers(altered, powers.digest), "powers-of-tau-mismatch");
    await expectError(givenPowers(join(bench.folder, "none.ptau"), powers.digest), "powers-of-tau-mismatch");
  });

  it("knows the local powers of tau by their secret, in whatever file they come", async () => {
    const altered = join(bench.folder, "renamed.ptau");
    const bytes = readFileSync(powers.file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(altered, bytes);
    expect(await givenPowers(altered, sha256(bytes))).to.include({ origin: "local", digest: sha256(bytes) });
    const others = join(bench.folder, "fresh.ptau");
    await freshPowers(others);
    const digest = sha256(readFileSync(others));
    expect(await givenPowers(others, digest)).to.include({ origin: "given", digest });
  });

  it("has local powers of tau stay local, whoever brings them", async () => {
    const { digest } = powers;
    const brought = await givenPowers(powers.file, digest.toUpperCase().replace("X", "x"));
    expect(brought).to.include({ origin: "local", digest });
  });

  it("refuses an input that is not the encoding of what the circuit takes", async () => {
    const wrong = encodeTensors([tensorFromNumbers("uint8", [5], [1, 2, 3, 4, 5])]);
    const work = { circuit: network.circuit, keys, root: network.graph.root };
    await expectError(prove(work, { input: wrong, binding: 1n }, bench.prover), "proof-statement-invalid");
    await expectError(
      prove(work, { input: new Uint8Array(3), binding: 1n }, bench.prover),
      "proof-statement-invalid",
    );
  });

  it("goes on in a new process after one that died, and after a job that failed", async function () {
    this.timeout(120_000);
    const prover = new Prover();
    try {
      await expectError(
        prover.run({ kind: "verifying-key", key: join(bench.folder, "none.zkey") }),
        "proving-failed",
      );
      const early = AbortSignal.abort();
      await expectError(proveFor([1, 2, 3, 4], BINDING, prover, early), "proving-stopped");
      const giveUp = new AbortController();
      const dying = proveFor([1, 2, 3, 4], BINDING, prover, giveUp.signal);
      // Not at once: it is to be under way.
      setImmediate(() => giveUp.abort());
      await expectError(dying, "proving-stopped");
      const proved = await proveFor([1, 2, 3, 4], BINDING, prover);
      expect(await verify(keys.verifyingKey, proved, prover)).to.equal(true);
    } finally {
      await prover.stop();
    }
    await expectError(proveFor([1, 2, 3, 4], BINDING, prover), "proving-stopped");
  });

  it("ends a process that takes more memory than it may", async function () {
    if (process.platform !== "linux") this.skip();
    const prover = new Prover({ memoryBytes: 1 });
    try {
      await expectError(proveFor([1, 2, 3, 4], BINDING, prover), "proving-memory-exceeded");
    } finally {
      await prover.stop();
    }
  });
});
