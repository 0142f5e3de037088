import { expect } from "chai";
import { randomStream } from "../../../../bench/randomStream.ts";
import type { StoredGraph } from "../../../../offchain-runner/src/exact/blobs.ts";
import { determinacyOf } from "../../../../offchain-runner/src/zk/determinacy.ts";
import type { Constraint, R1cs } from "../../../../offchain-runner/src/zk/r1cs.ts";
import { brokenConstraints } from "../../../../offchain-runner/src/zk/r1cs.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../../sdk/src/tensorValues.ts";
import { campaign, recordCases } from "../../../fixtures/campaign.ts";
import type { TestedCircuit } from "../../../fixtures/zk/circuits.ts";
import { CircuitBench } from "../../../fixtures/zk/circuits.ts";
import { Forger, wiresOf } from "../../../fixtures/zk/forgery.ts";
import { comparisons, lookups, requantisations, smallNetwork } from "../../../fixtures/zk/gadgetGraphs.ts";

const ATTEMPTS = campaign.runs(1_500, 60_000);
const ATTEMPTS_ON_MUTANTS = campaign.runs(60, 600);
const CIRCUITS: Record<string, { graph: () => StoredGraph; input: Uint8Array }> = {
  requantisations: { graph: requantisations, input: bytes("int8", -77) },
  comparisons: { graph: comparisons, input: bytes("int8", 5, -9, 5) },
  lookups: { graph: lookups, input: bytes("uint8", 41) },
  network: { graph: smallNetwork, input: bytes("uint8", 200, 3, 90, 255) },
};

interface Built {
  readonly tested: TestedCircuit;
  readonly witness: readonly bigint[];
  /** Inverses that may be anything where what they invert is zero. */
  readonly helpers: ReadonlySet<number>;
}

describe("a prover who changes a wire and repairs what that breaks", () => {
  let bench: CircuitBench;
  const built = new Map<string, Built>();
  before(async function () {
    this.timeout(300_000);
    bench = new CircuitBench();
    for (const [name, { graph, input }] of Object.entries(CIRCUITS)) {
      const tested = await bench.build(graph());
      const helpers = new Set(determinacyOf(tested.r1cs, "inputs").helpers);
      built.set(name, { tested, helpers, witness: await tested.witness(input) });
    }
  });
  after(async () => {
    await bench.stop();
  });

  /**
   * Second witnesses for the same input, or for the same statement, that so many attempts find.
   * @param begin wires that are changed first; without them any
   */
  function forgeries(
    r1cs: R1cs,
    { witness, helpers }: Built,
    { attempts, seed, begin }: { attempts: number; seed: string; begin?: readonly number[] },
  ): bigint[][] {
    const random = randomStream(`${campaign.seed}/${seed}`);
    const forger = new Forger(r1cs, random);
    const { publicOutputs, publicInputs, privateInputs, wires } = r1cs;
    const firstInput = 1 + publicOutputs;
    const firstInner = firstInput + publicInputs + privateInputs;
    const range = (from: number, end: number) =>
      new Set(Array.from({ length: end - from }, (_, i) => from + i));
    const givens = [range(firstInput, firstInner), range(1, firstInput + publicInputs)];
    const found: bigint[][] = [];
    for (let i = 0; i < attempts; i++) {
      const fixed = givens[i % 2] as Set<number>;
      const wire = begin
        ? (begin[Math.floor(random() * begin.length)] as number)
        : 1 + Math.floor(random() * (wires - 1));
      if (fixed.has(wire)) continue;
      const value = witness[wire] as bigint;
      const others = [1n - value, value + 1n, value - 1n, value + 2n, value + 2n ** 32n, -value];
      const other = others[Math.floor(random() * others.length)] as bigint;
      const forged = forger.forged(witness, fixed, { wire, value: other });
      if (forged?.some((now, at) => now !== witness[at] && !helpers.has(at))) found.push(forged);
    }
    return found;
  }

  for (const name of Object.keys(CIRCUITS)) {
    it(`finds no second witness of ${name}`, function () {
      this.timeout(campaign.runs(120_000, 3_600_000));
      const one = built.get(name) as Built;
      const { r1cs } = one.tested;
      expect(brokenConstraints(r1cs, one.witness)).to.deep.equal([]);
      expect(forgeries(r1cs, one, { attempts: ATTEMPTS, seed: name })).to.deep.equal([]);
      recordCases("zk-forgeries", ATTEMPTS);
    });
  }

  it("finds some where a constraint is missing, and determinacy tells of every one", function () {
    this.timeout(campaign.runs(120_000, 3_600_000));
    let [mutants, forged] = [0, 0];
    for (const name of ["network", "lookups", "comparisons"]) {
      const one = built.get(name) as Built;
      const { r1cs } = one.tested;
      const { constraints } = r1cs;
      for (let dropped = 0; dropped < constraints.length; dropped += campaign.runs(23, 1)) {
        const mutant = { ...r1cs, constraints: constraints.filter((_, i) => i !== dropped) };
        const left = (["inputs", "statement"] as const).flatMap(
          (given) => determinacyOf(mutant, given).undecided,
        );
        expect(left, `${name} without constraint ${dropped}`).not.to.deep.equal([]);
        const begin = [...wiresOf(constraints[dropped] as Constraint)];
        const found = forgeries(mutant, one, {
          attempts: ATTEMPTS_ON_MUTANTS,
          seed: `${name}/${dropped}`,
          begin,
        });
        for (const values of found) expect(brokenConstraints(mutant, values)).to.deep.equal([]);
        mutants += 1;
        forged += Number(found.length > 0);
      }
    }
    recordCases("zk-mutants", mutants);
    recordCases("zk-mutants-forged", forged);
    expect(forged).to.be.above(mutants / 20);
  });
});

function bytes(dtype: "int8" | "uint8", ...values: number[]): Uint8Array {
  return encodeTensors([tensorFromNumbers(dtype, [values.length], values)]);
}
