import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { keyBlob, powersIdIn } from "../../../../offchain-runner/src/zk/keyBlob.ts";
import { LOCAL_POWERS_ID } from "../../../../offchain-runner/src/zk/localPowers.ts";
import { setUpUniversal } from "../../../../offchain-runner/src/zk/plonk.ts";
import { gatesOf, powerOfGates } from "../../../../offchain-runner/src/zk/plonkGates.ts";
import type { PowersOfTau } from "../../../../offchain-runner/src/zk/powersOfTau.ts";
import { localPowers, powerOfFile, powersIdOf } from "../../../../offchain-runner/src/zk/powersOfTau.ts";
import type { CircuitKeys } from "../../../../offchain-runner/src/zk/proofSystem.ts";
import { prove, verify } from "../../../../offchain-runner/src/zk/proofSystem.ts";
import type { PlonkVerifyingKey } from "../../../../offchain-runner/src/zk/proverProtocol.ts";
import { publicSignals } from "../../../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../../sdk/src/tensorValues.ts";
import type { TestedCircuit } from "../../../fixtures/zk/circuits.ts";
import { CircuitBench } from "../../../fixtures/zk/circuits.ts";
import { comparisons, smallNetwork } from "../../../fixtures/zk/gadgetGraphs.ts";
import { knownKey } from "../../../fixtures/zk/knownKey.ts";
import { expectError } from "../expectError.ts";

const POWERS = fileURLToPath(new URL("../../../../cache/zk", import.meta.url));
const BINDING = 77n;

describe("keys of PLONK", () => {
  const bench = new CircuitBench();
  let network: TestedCircuit;
  let powers: PowersOfTau;
  let keys: CircuitKeys<PlonkVerifyingKey>;

  before(async function () {
    this.timeout(300_000);
    network = await bench.build(smallNetwork());
    powers = await localPowers(10, POWERS, bench.prover);
    keys = await setUpUniversal(network.circuit, powers, join(bench.folder, "plonk.zkey"), bench.prover);
  });
  after(async () => await bench.stop());

  const input = (...values: number[]) => encodeTensors([tensorFromNumbers("uint8", [4], values)]);
  const proveFor = (...values: number[]) =>
    prove(
      { circuit: network.circuit, keys, root: network.graph.root },
      { input: input(...values), binding: BINDING },
      bench.prover,
    );

  it("prove what the interpreter gives, and nothing else", async function () {
    this.timeout(60_000);
    const { root } = network.graph;
    const proved = await proveFor(1, 2, 250, 90);
    const output = new ExactInterpreter(network.graph).evaluate(input(1, 2, 250, 90));
    expect(proved.signals).to.deep.equal(publicSignals(root, input(1, 2, 250, 90), output, BINDING));
    expect(await verify(keys.verifyingKey, proved, bench.prover)).to.equal(true);
    const signals = proved.signals.with(0, (proved.signals[0] as bigint) + 1n);
    expect(await verify(keys.verifyingKey, { ...proved, signals }, bench.prover)).to.equal(false);
    // A proof of one system is none of the other.
    expect(await verify(knownKey(root), proved, bench.prover)).to.equal(false);
  });

  it("are the same bytes whoever makes them: anybody can make them again and compare", async function () {
    this.timeout(60_000);
    const again = await setUpUniversal(
      network.circuit,
      powers,
      join(bench.folder, "again.zkey"),
      bench.prover,
    );
    expect(again.provingKeyDigest).to.equal(keys.provingKeyDigest);
    expect(keyBlob(network.graph, again.verifyingKey)).to.deep.equal(
      keyBlob(network.graph, keys.verifyingKey),
    );
    expect(keys.origin).to.deep.equal({ kind: "universal" });
  });

  it("are counted in gates before they are made", async function () {
    this.timeout(60_000);
    const other = await bench.build(comparisons());
    const provingKey = join(bench.folder, "other.zkey");
    await setUpUniversal(
      other.circuit,
      await localPowers(12, POWERS, bench.prover),
      provingKey,
      bench.prover,
    );
    for (const { r1cs, file } of [
      { r1cs: network.r1cs, file: keys.provingKey },
      { r1cs: other.r1cs, file: provingKey },
    ])
      expect(gatesOf(r1cs)).to.equal(gatesIn(readFileSync(file)));
    expect(powerOfGates(1)).to.equal(3);
    expect(powerOfGates(1_024)).to.equal(10);
    expect(powerOfGates(1_025)).to.equal(11);
  });

  it("are refused where the powers of tau are too few, which is told before any work", async () => {
    const few = await localPowers(8, POWERS, bench.prover);
    const error = await expectError(
      setUpUniversal(network.circuit, few, join(bench.folder, "few.zkey"), bench.prover),
      "powers-of-tau-too-few",
    );
    expect(error.data).to.include({ gates: gatesOf(network.r1cs), power: 10 });
  });

  it("name the powers of tau that they rest on, as the file does", async () => {
    expect(await powersIdOf(powers.file)).to.equal(LOCAL_POWERS_ID);
    expect(powersIdIn(keyBlob(network.graph, keys.verifyingKey))).to.equal(LOCAL_POWERS_ID);
    expect(await powerOfFile(powers.file)).to.equal(10);
    const short = join(bench.folder, "short.ptau");
    for (const length of [0, 3, 11, 40, 100]) {
      writeFileSync(short, readFileSync(powers.file).subarray(0, length));
      await expectError(powersIdOf(short), "powers-of-tau-mismatch");
    }
    writeFileSync(short, Buffer.alloc(200, 1));
    await expectError(powerOfFile(short), "powers-of-tau-mismatch");
  });

  it("are refused as a blob where the contract would not take them", () => {
    const changed = (change: Partial<PlonkVerifyingKey>) => () =>
      keyBlob(network.graph, { ...keys.verifyingKey, ...change });
    for (const change of [{ k1: "5" }, { k2: "7" }, { nPublic: 9 }])
      expect(changed(change)).to.throw().with.property("code", "key-mismatch");
  });
});

/** Gates of a proving key (format: iden3/snarkjs): the last count of its header, before the cosets. */
function gatesIn(zkey: Buffer): number {
  let at = 12;
  while (zkey.readUInt32LE(at) !== 2) at += 12 + Number(zkey.readBigUInt64LE(at + 4));
  return zkey.readUInt32LE(at + 12 + 2 * (4 + 32) + 4 * 4);
}
