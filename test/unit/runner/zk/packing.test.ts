import { expect } from "chai";
import type { StoredGraph } from "../../../../offchain-runner/src/exact/blobs.ts";
import type { Op, TensorPlace } from "../../../../offchain-runner/src/exact/program.ts";
import { elementCount } from "../../../../offchain-runner/src/exact/program.ts";
import { boundsOf } from "../../../../offchain-runner/src/exact/value.ts";
import { circuitSource } from "../../../../offchain-runner/src/zk/circuit.ts";
import { determinacyOf } from "../../../../offchain-runner/src/zk/determinacy.ts";
import { brokenConstraints, FIELD } from "../../../../offchain-runner/src/zk/r1cs.ts";
import { BINDING_BYTES, SIGNAL_BYTES, statementForm } from "../../../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../../sdk/src/tensorValues.ts";
import type { TestedCircuit } from "../../../fixtures/zk/circuits.ts";
import { CircuitBench, graphOfSteps } from "../../../fixtures/zk/circuits.ts";
import { expectError } from "../expectError.ts";

const FREE = { divisor: 1n, lo: -(2n ** 63n), hi: 2n ** 63n - 1n };
const ONE = { outer: 1, channels: 1, inner: 1, perChannel: false as const };
const LARGEST_SIGNAL = 2n ** BigInt(8 * SIGNAL_BYTES);

/** Elements of all types, a scalar and an empty tensor, which leave as they came; `rest` bytes come before. */
function passing(rest: number): StoredGraph {
  const kinds: [TensorPlace["dtype"], number[]][] = [
    ["uint8", [rest]],
    ["bool", [3]],
    ["int64", []],
    ["uint8", [2, 0]],
    ["int16", [1, 2]],
    ["uint32", [1]],
  ];
  let offset = 0;
  const inputs = kinds.map(([dtype, shape]) => {
    const place = { dtype, shape, offset };
    offset += elementCount(shape);
    return place;
  });
  // Another order, so that nothing lies where its like lay.
  const outputs = [...inputs.slice(1)].reverse();
  return graphOfSteps({ steps: [], arenaWords: offset, inputs, outputs });
}

function filled({ root }: StoredGraph, element: (place: TensorPlace, i: number) => bigint): Uint8Array {
  return encodeTensors(
    root.inputs.map((place) =>
      tensorFromNumbers(
        place.dtype,
        place.shape,
        Array.from({ length: elementCount(place.shape) }, (_, i) =>
          place.dtype === "int64" ? element(place, i) : Number(element(place, i)),
        ) as number[],
      ),
    ),
  );
}

describe("the packing of a statement", () => {
  let bench: CircuitBench;
  before(() => {
    bench = new CircuitBench();
  });
  after(async () => {
    await bench.stop();
  });

  async function expectNoFreedom(tested: TestedCircuit, inputs: readonly Uint8Array[]): Promise<void> {
    for (const given of ["inputs", "statement"] as const)
      expect(determinacyOf(tested.r1cs, given).undecided, given).to.deep.equal([]);
    for (const input of inputs) expect(await tested.disagreement(input)).to.equal(undefined);
  }

  // The binding fills the last signal, goes one byte beyond, and begins one of its own.
  for (const rest of [8, 9, 24]) {
    it(`holds elements of every type and the binding, whatever shares a signal, after ${rest} bytes`, async function () {
      this.timeout(120_000);
      const graph = passing(rest);
      const tested = await bench.build(graph);
      const inputs = [
        filled(graph, ({ dtype }) => boundsOf(dtype).lo),
        filled(graph, ({ dtype }) => boundsOf(dtype).hi),
        filled(graph, ({ dtype }, i) => (boundsOf(dtype).lo < 0n ? -1n - BigInt(i) : BigInt(i % 2))),
      ];
      await expectNoFreedom(tested, inputs);
      const { chunks } = statementForm(graph.root);
      expect(tested.r1cs.publicOutputs + tested.r1cs.publicInputs).to.equal(chunks);
      for (const input of inputs) {
        const values = await tested.witness(input);
        for (let signal = 1; signal <= chunks; signal++) {
          const value = values[signal] as bigint;
          expect(value < LARGEST_SIGNAL).to.equal(true);
          // A byte that is not there, each bit of what is, and the same element of the field by another number.
          const others = [value + LARGEST_SIGNAL, value + 1n, value - 1n, FIELD - value - 1n];
          const flipped = Array.from({ length: 8 * SIGNAL_BYTES }, (_, bit) => value ^ (1n << BigInt(bit)));
          for (const other of [...others, ...flipped]) {
            const altered = values.with(signal, ((other % FIELD) + FIELD) % FIELD);
            expect(brokenConstraints(tested.r1cs, altered)).not.to.deep.equal([]);
          }
        }
      }
    });
  }

  it("leaves no prover a way to move a part of an element to its neighbour", async function () {
    this.timeout(120_000);
    const graph = passing(8);
    const tested = await bench.build(graph);
    const { wires, r1cs } = tested;
    const values = await tested.witness(filled(graph, (_, i) => BigInt(i % 2)));
    const wire = (name: string) => {
      const index = wires.get(name);
      if (index === undefined) throw new Error(`no wire ${name}`);
      return index;
    };
    const packed = r1cs.constraints.filter(({ c }) => c.some((term) => term.wire === 1));
    const before = brokenConstraints({ ...r1cs, constraints: packed }, values);
    expect(before).to.deep.equal([]);
    // Neighbours in a signal: one more of the lower is 256 times less of the upper, so that the sum is the same.
    const pairs = [
      ["in0[0].out[0]", "in0[1].out[0]", 256n],
      ["in0[7].out[0]", "x1[0]", 256n],
      ["x1[0]", "x1[1]", 256n],
    ] as const;
    for (const [upper, lower, weight] of pairs) {
      const altered = [...values];
      altered[wire(upper)] = ((values[wire(upper)] as bigint) + FIELD - 1n) % FIELD;
      altered[wire(lower)] = ((values[wire(lower)] as bigint) + weight) % FIELD;
      expect(brokenConstraints({ ...r1cs, constraints: packed }, altered), upper).to.deep.equal([]);
      expect(brokenConstraints(r1cs, altered), upper).not.to.deep.equal([]);
    }
  });

  it("has no witness for a bool that is neither, an element beyond its type, or a binding beyond its bytes", async function () {
    this.timeout(120_000);
    const graph = graphOfSteps({
      steps: [],
      arenaWords: 2,
      inputs: [
        { dtype: "bool", shape: [1], offset: 0 },
        { dtype: "int8", shape: [1], offset: 1 },
      ],
      outputs: [{ dtype: "bool", shape: [1], offset: 0 }],
    });
    const { circuit } = await bench.build(graph);
    const witness = (x0: bigint, x1: bigint, binding: bigint) =>
      bench.prover.run({
        kind: "witness",
        wasm: circuit.files.wasm,
        input: { binding: `${binding}`, x0: [`${x0}`], x1: [`${x1}`] },
      });
    const top = 2n ** BigInt(8 * BINDING_BYTES);
    expect(await witness(1n, 255n, top - 1n)).to.be.instanceOf(Uint8Array);
    for (const [x0, x1, binding] of [
      [2n, 0n, 0n],
      [255n, 0n, 0n],
      [FIELD - 1n, 0n, 0n],
      [0n, 256n, 0n],
      [0n, FIELD - 1n, 0n],
      [0n, 0n, top],
      [0n, 0n, FIELD - 1n],
    ] as const)
      await expectError(witness(x0, x1, binding), "proving-failed");
  });

  it("says what a program gives that ends where it began, gives a constant, or clips to one value", async function () {
    this.timeout(120_000);
    const clip = (dst: number, lo: bigint, hi: bigint): Op => {
      return { kind: "map", src: 0, dst, ...ONE, m: 1n, b: 0n, divisor: 1n, lo, hi };
    };
    const fill: Op = { kind: "fill", dst: 1, count: 1, value: -(2n ** 63n) };
    const steps: Op[] = [fill, clip(2, 9n, 9n), clip(3, -3n, -3n), clip(4, -(2n ** 63n), 2n ** 63n - 1n)];
    const graph = graphOfSteps({
      steps,
      arenaWords: 5,
      inputs: [{ dtype: "int64", shape: [], offset: 0 }],
      outputs: [
        { dtype: "int64", shape: [5], offset: 0 },
        { dtype: "uint8", shape: [0, 4], offset: 0 },
      ],
    });
    const tested = await bench.build(graph);
    const { lo, hi } = boundsOf("int64");
    const values = [lo, lo + 1n, -1n, 0n, 1n, 9n, hi];
    await expectNoFreedom(
      tested,
      values.map((value) => filled(graph, () => value)),
    );
  });
});

describe("the range of an absolute value", () => {
  const negative = (
    src: number,
    dst: number,
    changed: Partial<{ m: bigint; b: bigint; hi: bigint }> = {},
  ): Op => {
    return { kind: "map", src, dst, ...ONE, ...FREE, m: -1n, b: 0n, ...changed };
  };
  const zip = (kind: "max" | "min" | "add", a: number, b: number, dst: number): Op => {
    return { kind: "zip", zip: kind, a, b, dst, loops: [{ count: 1, aStride: 1, bStride: 1, dstStride: 1 }] };
  };
  const copy = (src: number, dst: number): Op => {
    return { kind: "copy", src, dst, loops: [{ count: 1, srcStride: 1, dstStride: 1 }] };
  };
  const graph = (steps: Op[], dtype: TensorPlace["dtype"]) =>
    graphOfSteps({
      steps,
      arenaWords: 8,
      inputs: [{ dtype: "int8", shape: [2], offset: 0 }],
      outputs: [{ dtype, shape: [1], offset: 7 }],
    });

  it("begins at zero, so that it leaves as an unsigned number", async function () {
    this.timeout(120_000);
    const bench = new CircuitBench();
    try {
      const steps = [negative(0, 2), copy(2, 3), copy(0, 4), zip("max", 3, 4, 7)];
      const tested = await bench.build(graph(steps, "uint8"));
      for (const given of ["inputs", "statement"] as const)
        expect(determinacyOf(tested.r1cs, given).undecided).to.deep.equal([]);
      for (const value of [-128, -127, -1, 0, 1, 127]) {
        const input = encodeTensors([tensorFromNumbers("int8", [2], [value, 0])]);
        expect(await tested.disagreement(input)).to.equal(undefined);
      }
    } finally {
      await bench.stop();
    }
  });

  it("is not taken for that of other values, nor after one of the two has changed", () => {
    const refused = (steps: Op[], dtype: TensorPlace["dtype"] = "uint8") =>
      expect(() => circuitSource(graph(steps, dtype)))
        .to.throw()
        .with.property("code", "circuit-range");
    expect(() => circuitSource(graph([negative(0, 2), zip("max", 0, 2, 7)], "uint8"))).not.to.throw();
    refused([negative(1, 2), zip("max", 0, 2, 7)]);
    refused([negative(0, 2), copy(1, 0), zip("max", 0, 2, 7)]);
    refused([negative(0, 2), zip("add", 2, 1, 2), zip("max", 0, 2, 7)], "uint16");
    refused([negative(0, 2), negative(2, 2, { m: 2n }), zip("max", 0, 2, 7)]);
    refused([negative(0, 2, { b: 1n }), zip("max", 0, 2, 7)]);
    refused([negative(0, 2, { hi: 100n }), zip("max", 0, 2, 7)]);
    refused([negative(0, 2), zip("min", 0, 2, 7)]);
    expect(() => circuitSource(graph([negative(0, 2), zip("min", 0, 2, 7)], "int16"))).not.to.throw();
  });
});
