import { expect } from "chai";
import type { StoredGraph } from "../../../../offchain-runner/src/exact/blobs.ts";
import { determinacyOf } from "../../../../offchain-runner/src/zk/determinacy.ts";
import type { Constraint, R1cs } from "../../../../offchain-runner/src/zk/r1cs.ts";
import { brokenConstraints, FIELD } from "../../../../offchain-runner/src/zk/r1cs.ts";
import { BINDING_BYTES } from "../../../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../../sdk/src/tensorValues.ts";
import type { TestedCircuit } from "../../../fixtures/zk/circuits.ts";
import { CircuitBench } from "../../../fixtures/zk/circuits.ts";
import { comparisons, lookups, requantisations, smallNetwork } from "../../../fixtures/zk/gadgetGraphs.ts";

const CIRCUITS = {
  requantisations: {
    graph: requantisations,
    inputs: [bytes("int8", -77), bytes("int8", 0), bytes("int8", 127)],
  },
  comparisons: { graph: comparisons, inputs: [bytes("int8", 5, -9, 5), bytes("int8", -128, 127, 0)] },
  lookups: { graph: lookups, inputs: [bytes("uint8", 41), bytes("uint8", 200)] },
  network: { graph: smallNetwork, inputs: [bytes("uint8", 200, 3, 90, 255), bytes("uint8", 0, 0, 0, 0)] },
} satisfies Record<string, { graph: () => StoredGraph; inputs: Uint8Array[] }>;
type Name = keyof typeof CIRCUITS;

const ALONE = /^$/;

describe("the constraints of a circuit", () => {
  let bench: CircuitBench;
  const built = new Map<Name, TestedCircuit>();
  before(async function () {
    this.timeout(300_000);
    bench = new CircuitBench();
    for (const [name, { graph }] of Object.entries(CIRCUITS))
      built.set(name as Name, await bench.build(graph()));
  });
  after(async () => {
    await bench.stop();
  });

  function circuit(name: Name): TestedCircuit {
    return built.get(name) as TestedCircuit;
  }

  for (const name of Object.keys(CIRCUITS) as Name[]) {
    it(`of ${name} admit no other value of any wire`, async function () {
      this.timeout(300_000);
      const { r1cs, witness } = circuit(name);
      const { helpers } = determinacyOf(r1cs, "inputs");
      const touching = constraintsByWire(r1cs);
      for (const input of CIRCUITS[name].inputs) {
        const values = await witness(input);
        expect(brokenConstraints(r1cs, values)).to.deep.equal([]);
        for (let wire = 1; wire < r1cs.wires; wire++) {
          // Where what it inverts is zero an inverse is free, and nothing depends on it.
          if (helpers.includes(wire) && values[wire] === 0n) continue;
          const local = { ...r1cs, constraints: touching[wire] ?? [] };
          for (const other of alternatives(values[wire] as bigint)) {
            const altered = values.with(wire, other);
            expect(brokenConstraints(local, altered), `wire ${wire} as ${other}`).not.to.deep.equal([]);
          }
        }
      }
    });
  }

  // What a cheating prover would change together, so that each equation it touches still holds as far as it can.
  const attacks: { title: string; of: Name; change(values: Values): Record<string, bigint> }[] = [
    {
      title: "an output, with its bits and the statement",
      of: "network",
      change: ({ at }) => ({
        "data[0]": at("data[0]") + (at("out0[0].out[0]") === 0n ? 1n : -1n) * 256n ** 26n,
        "out0[0].out[0]": 1n - at("out0[0].out[0]"),
        "out0[0].in": at("out0[0].in") + (at("out0[0].out[0]") === 0n ? 1n : -1n),
      }),
    },
    {
      title: "a quotient of a divisor that is no power of two, with the rest that makes up for it",
      of: "requantisations",
      change: (values) => shiftedQuotient(values),
    },
    {
      title: "a sign, with the quotient that makes up for it",
      of: "comparisons",
      change: ({ at, find }) => {
        const bits = find(/^joined\d+\[0\]\.bits\.out\[\d+\]$/);
        const top = bits.at(-1) as string;
        return { [top]: 1n - at(top), [top.replace(/bits.*/, "out")]: 0n };
      },
    },
    {
      title: "a row of a table, with its bits",
      of: "lookups",
      change: ({ at, find }) => {
        const [bit = ""] = find(/^row\d+\[0\]\.low\[1\]$/);
        const [part = ""] = find(/^row\d+\[0\]\.part\[0\]\[1\]$/);
        return { [bit]: 1n - at(bit), [part]: at(part) + 1n };
      },
    },
    {
      title: "an input, with its bits",
      of: "network",
      change: ({ at }) => ({
        "x0[0]": at("x0[0]") ^ 1n,
        "in0[0].out[0]": 1n - at("in0[0].out[0]"),
      }),
    },
    {
      title: "an element by the order of the field",
      of: "network",
      change: ({ at, find }) => aliasOf(at("x0[0]"), find(/^in0\[0\]\.out\[\d\]$/)),
    },
    {
      title: "a part of the output moved to the binding, with the statement as it was",
      of: "network",
      change: ({ at }) => {
        const sign = at("out0[0].out[0]") === 0n ? 1n : -1n;
        const moved = sign * 256n ** BigInt(BINDING_BYTES);
        return {
          "out0[0].out[0]": 1n - at("out0[0].out[0]"),
          "out0[0].in": at("out0[0].in") + sign,
          "bound.out[0]": at("bound.out[0]") - moved,
          binding: at("binding") - moved,
        };
      },
    },
  ];
  for (const { title, of, change } of attacks) {
    it(`refuse ${title}`, async () => {
      const { r1cs, witness, wires } = circuit(of);
      for (const input of CIRCUITS[of].inputs) {
        const values = await witness(input);
        const altered = [...values];
        for (const [wireName, value] of Object.entries(change(new Values(values, wires)))) {
          const wire = wires.get(wireName);
          expect(wire, wireName).to.be.a("number");
          altered[wire as number] = ((value % FIELD) + FIELD) % FIELD;
        }
        expect(altered).not.to.deep.equal(values);
        expect(brokenConstraints(r1cs, altered)).not.to.deep.equal([]);
      }
    });
  }

  describe("with one of them missing or changed", () => {
    const mutants: { title: string; of: Name; wire: RegExp; only: RegExp }[] = [
      { title: "a bit that may be anything", of: "requantisations", wire: /split\.rest\[1\]$/, only: ALONE },
      {
        title: "a bit of the binding that may be anything",
        of: "network",
        wire: /^bound\.out\[3\]$/,
        only: ALONE,
      },
      { title: "bits that need not add up", of: "network", wire: /^in0\[0\]\.out\[\d\]$/, only: /x0\[0\]$/ },
      {
        title: "a rest beyond its divisor",
        of: "requantisations",
        wire: /belowDivisor\.in$/,
        only: /split\.r$/,
      },
      {
        title: "a quotient apart from the dividend",
        of: "requantisations",
        wire: /split\.q$/,
        only: /split\.r$|\.in$/,
      },
      {
        title: "a flag whose zero is not enforced",
        of: "requantisations",
        wire: /any\.out$/,
        only: /any\.out$|quotient|bits/,
      },
      {
        title: "a clipped value that is not computed",
        of: "requantisations",
        wire: /^clip\d+\[0\]\.out$/,
        only: /./,
      },
      {
        title: "a truncated value that is not computed",
        of: "requantisations",
        wire: /^truncate\d+\[0\]\.out$/,
        only: /./,
      },
      {
        title: "a maximum that is not computed",
        of: "comparisons",
        wire: /^joined\d+\[0\]\.out$/,
        only: /./,
      },
      { title: "a product that is not computed", of: "comparisons", wire: /^joined\d+\[1\]$/, only: /./ },
      { title: "an index that moves at will", of: "comparisons", wire: /^lead\d+\[0\]\.move$/, only: /./ },
      {
        title: "a row's part that is not computed",
        of: "lookups",
        wire: /^row\d+\[0\]\.part\[0\]\[2\]$/,
        only: /./,
      },
      { title: "a statement apart from the output", of: "network", wire: /^data\[0\]$/, only: /./ },
    ];
    for (const { title, of, wire, only } of mutants) {
      it(`leave open ${title}`, () => {
        const { r1cs, wires } = circuit(of);
        const wanted = [...wires].filter(([name]) => wire.test(name)).map(([, index]) => index);
        expect(wanted, "wires of that name").not.to.deep.equal([]);
        const names = new Map([...wires].map(([name, index]) => [index, name]));
        const candidates = [...r1cs.constraints.keys()].filter((index) => {
          const used = [...wiresOf(r1cs.constraints[index] as Constraint)];
          const touched = used.filter((index) => wanted.includes(index));
          const others = used
            .filter((index) => !wanted.includes(index))
            .map((index) => names.get(index) ?? "");
          const fits = only === ALONE ? others.length === 0 : others.some((name) => only.test(name));
          return touched.length > 0 && fits;
        });
        // That which computes it, where it is a product.
        const defines = (index: number) => {
          const { a, c } = r1cs.constraints[index] as Constraint;
          return a.length > 0 && c.some((term) => wanted.includes(term.wire));
        };
        const dropped = candidates.find(defines) ?? candidates[0];
        expect(dropped, "a constraint to drop").to.be.a("number");
        const constraints = r1cs.constraints.filter((_, i) => i !== dropped);
        const { undecided } = determinacyOf({ ...r1cs, constraints }, "inputs");
        expect(undecided).not.to.deep.equal([]);
      });
    }

    it("leave open digits that do not outgrow each other", () => {
      const { r1cs, wires } = circuit("network");
      const bit = wires.get("in0[0].out[5]") as number;
      const constraints = r1cs.constraints.map((constraint) =>
        scaled(constraint, bit, (value) => value / 2n),
      );
      expect(determinacyOf({ ...r1cs, constraints }, "inputs").undecided).to.include(bit);
    });

    it("leave open digits that reach around the field", () => {
      const { r1cs, wires } = circuit("network");
      const bit = wires.get("in0[0].out[7]") as number;
      const constraints = r1cs.constraints.map((constraint) => scaled(constraint, bit, () => FIELD - 127n));
      expect(determinacyOf({ ...r1cs, constraints }, "inputs").undecided).to.include(bit);
    });

    it("say so for a second witness that a mutant really has", async () => {
      const { r1cs, wires, witness } = circuit("network");
      const values = await witness(CIRCUITS.network.inputs[0] as Uint8Array);
      const packing = r1cs.constraints.findIndex((constraint) =>
        [...wiresOf(constraint)].includes(wires.get("data[0]") as number),
      );
      const open = { ...r1cs, constraints: r1cs.constraints.filter((_, i) => i !== packing) };
      const forged = values.with(wires.get("data[0]") as number, 1n);
      expect(brokenConstraints(open, forged)).to.deep.equal([]);
      expect(brokenConstraints(r1cs, forged)).to.deep.equal([packing]);
      expect(determinacyOf(open, "inputs").undecided).to.deep.equal([wires.get("data[0]")]);
    });
  });
});

/** A witness by the names of its wires. */
class Values {
  readonly #values: readonly bigint[];
  readonly #wires: ReadonlyMap<string, number>;

  constructor(values: readonly bigint[], wires: ReadonlyMap<string, number>) {
    this.#values = values;
    this.#wires = wires;
  }

  readonly at = (name: string): bigint => this.#values[this.#wires.get(name) ?? -1] ?? 0n;

  readonly find = (pattern: RegExp): string[] =>
    [...this.#wires.keys()].filter((name) => pattern.test(name)).sort((a, b) => indexOf(a) - indexOf(b));
}

function indexOf(name: string): number {
  return Number(/\[(\d+)\]$/.exec(name)?.[1] ?? 0);
}

/** One less for the quotient and a divisor more for the rest, in all wires that say them. */
function shiftedQuotient({ at, find }: Values): Record<string, bigint> {
  const q = find(/split\.q$/).find((name) => at(name) > 0n) as string;
  const stem = q.slice(0, -"q".length);
  const divisor = at(`${stem}belowDivisor.in`) + at(`${stem}r`) + 1n;
  const [quotient, rest] = [at(q) - 1n, at(`${stem}r`) + divisor];
  const bits = (part: string, value: bigint) =>
    find(new RegExp(`^${(stem + part).replace(/[[\].]/g, "\\$&")}\\[\\d+\\]$`)).map(
      (name, i) => [name, (value >> BigInt(i)) & 1n] as const,
    );
  return {
    [q]: quotient,
    [`${stem}r`]: rest,
    [`${stem}belowDivisor.in`]: divisor - 1n - rest,
    ...Object.fromEntries([...bits("quotient", quotient), ...bits("rest", rest)]),
  };
}

/** The bits of value + p as far as there are any: the same element of the field, another number. */
function aliasOf(value: bigint, bits: readonly string[]): Record<string, bigint> {
  return Object.fromEntries(bits.map((name, i) => [name, ((value + FIELD) >> BigInt(i)) & 1n]));
}

function alternatives(value: bigint): bigint[] {
  const others = [value + 1n, value - 1n, 1n - value, -value, 0n, value + 2n ** 40n, 2n * value];
  return [...new Set(others.map((other) => ((other % FIELD) + FIELD) % FIELD))].filter(
    (other) => other !== value,
  );
}

function constraintsByWire(r1cs: R1cs): Constraint[][] {
  const touching: Constraint[][] = Array.from({ length: r1cs.wires }, () => []);
  for (const constraint of r1cs.constraints)
    for (const wire of wiresOf(constraint)) touching[wire]?.push(constraint);
  return touching;
}

function wiresOf({ a, b, c }: Constraint): Set<number> {
  const wires = new Set([...a, ...b, ...c].map(({ wire }) => wire));
  wires.delete(0);
  return wires;
}

/** Changes the coefficient of a wire in the equations that sum it up with others. */
function scaled(constraint: Constraint, wire: number, change: (value: bigint) => bigint): Constraint {
  const { a, b, c } = constraint;
  if (a.length > 0 && b.length > 0) return constraint;
  const changed = c.map((term) => {
    if (term.wire !== wire) return term;
    const isNegative = term.coefficient > FIELD / 2n;
    const value = change(isNegative ? FIELD - term.coefficient : term.coefficient);
    return { wire, coefficient: isNegative ? FIELD - value : value };
  });
  return { a, b, c: changed };
}

function bytes(dtype: "int8" | "uint8", ...values: number[]): Uint8Array {
  return encodeTensors([tensorFromNumbers(dtype, [values.length], values)]);
}
