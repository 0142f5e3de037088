import { expect } from "chai";
import { determinacyOf } from "../../../../offchain-runner/src/zk/determinacy.ts";
import type { Constraint, LinearCombination, R1cs } from "../../../../offchain-runner/src/zk/r1cs.ts";
import { brokenConstraints, FIELD } from "../../../../offchain-runner/src/zk/r1cs.ts";

/** Wires by their numbers: 1 is the output, 2 the input of every circuit here, which come behind the constant. */
const [ONE, OUT, IN, FIRST] = [0, 1, 2, 3];

function sum(...terms: [coefficient: bigint, wire: number][]): LinearCombination {
  return terms.map(([coefficient, wire]) => ({ wire, coefficient: ((coefficient % FIELD) + FIELD) % FIELD }));
}

function circuit(wires: number, constraints: Constraint[], inputs: "public" | "private" = "public"): R1cs {
  const [publicInputs, privateInputs] = inputs === "public" ? [1, 0] : [0, 1];
  return { wires, publicOutputs: 1, publicInputs, privateInputs, constraints };
}

function isBit(wire: number): Constraint {
  return { a: sum([1n, wire]), b: sum([1n, wire], [-1n, ONE]), c: [] };
}

function equation(...terms: [coefficient: bigint, wire: number][]): Constraint {
  return { a: [], b: [], c: sum(...terms) };
}

function product(a: LinearCombination, b: LinearCombination, c: LinearCombination): Constraint {
  return { a, b, c };
}

describe("determinacy", () => {
  it("leaves open a square root, which has two values", () => {
    const root = product(sum([1n, FIRST]), sum([1n, FIRST]), sum([1n, IN]));
    const r1cs = circuit(4, [root, equation([1n, OUT], [-1n, FIRST])]);
    expect(brokenConstraints(r1cs, [1n, 3n, 9n, 3n])).to.deep.equal([]);
    expect(brokenConstraints(r1cs, [1n, FIELD - 3n, 9n, FIELD - 3n])).to.deep.equal([]);
    expect(determinacyOf(r1cs, "inputs").undecided).to.deep.equal([OUT, FIRST]);
  });

  it("says that it cannot decide where there is one value that its rules do not find", () => {
    // A square root of two bits: of the two roots one alone is below 4.
    const [root, low, high] = [FIRST, FIRST + 1, FIRST + 2];
    const r1cs = circuit(6, [
      isBit(low),
      isBit(high),
      equation([1n, root], [-1n, low], [-2n, high]),
      product(sum([1n, root]), sum([1n, root]), sum([1n, IN])),
      equation([1n, OUT], [-1n, root]),
    ]);
    for (const value of [0n, 1n, 2n, 3n]) {
      const witness = (other: bigint) => [1n, other, value * value, other, other & 1n, other >> 1n];
      const roots = [0n, 1n, 2n, 3n].filter((other) => brokenConstraints(r1cs, witness(other)).length === 0);
      expect(roots).to.deep.equal([value]);
    }
    expect(determinacyOf(r1cs, "inputs").undecided).to.deep.equal([OUT, root, low, high]);
  });

  it("leaves open a factor of what may be zero", () => {
    const r1cs = circuit(4, [
      product(sum([1n, IN]), sum([1n, FIRST]), sum([1n, IN])),
      equation([1n, OUT], [-1n, FIRST]),
    ]);
    expect(determinacyOf(r1cs, "inputs").undecided).to.deep.equal([OUT, FIRST]);
  });

  it("leaves open what an equation names with the coefficient zero, and what none names", () => {
    const r1cs = circuit(5, [equation([1n, IN], [0n, OUT], [FIELD, FIRST])]);
    expect(determinacyOf(r1cs, "inputs").undecided).to.deep.equal([OUT, FIRST, FIRST + 1]);
    const hidden = product(sum([1n, IN]), sum([1n, IN]), sum([1n, IN], [FIELD, OUT]));
    expect(determinacyOf(circuit(3, [hidden]), "inputs").undecided).to.deep.equal([OUT]);
  });

  it("takes no output and no input for an inverse that may be free", () => {
    const flag = FIRST;
    const isNonZero = (x: number, inverse: number) => [
      product(sum([1n, x]), sum([1n, inverse]), sum([1n, flag])),
      product(sum([1n, x]), sum([1n, ONE], [-1n, flag]), []),
    ];
    expect(determinacyOf(circuit(4, isNonZero(IN, OUT)), "inputs").undecided).to.include(OUT);
    const hiddenInput = circuit(4, isNonZero(OUT, IN), "private");
    expect(determinacyOf(hiddenInput, "statement").undecided).to.include(IN);
    const inner = determinacyOf(
      circuit(5, [...isNonZero(IN, FIRST + 1), equation([1n, OUT], [-1n, flag])]),
      "inputs",
    );
    expect(inner).to.deep.equal({ determined: 4, helpers: [FIRST + 1], undecided: [] });
  });

  it("takes no inverse for free that something else depends on, and no flag whose zero nothing enforces", () => {
    const [flag, inverse] = [FIRST, FIRST + 1];
    const times = product(sum([1n, IN]), sum([1n, inverse]), sum([1n, flag]));
    const enforced = product(sum([1n, IN]), sum([1n, ONE], [-1n, flag]), []);
    const leaked = circuit(5, [times, enforced, equation([1n, OUT], [-1n, inverse])]);
    expect(determinacyOf(leaked, "inputs").undecided).to.include.members([OUT, inverse]);
    const open = circuit(5, [times, equation([1n, OUT], [-1n, flag])]);
    expect(determinacyOf(open, "inputs").undecided).to.include.members([OUT, flag]);
    const other = product(sum([1n, IN], [1n, ONE]), sum([1n, ONE], [-1n, flag]), []);
    expect(
      determinacyOf(circuit(5, [times, other, equation([1n, OUT], [-1n, flag])]), "inputs").undecided,
    ).to.include(flag);
  });

  it("reads no bit out of an equation that other values fulfil, too", () => {
    const digits = (bit: (wire: number) => Constraint) => {
      const bits = [FIRST, FIRST + 1];
      const value = equation([1n, IN], [-1n, FIRST], [-2n, FIRST + 1]);
      return determinacyOf(
        circuit(5, [...bits.map(bit), value, equation([1n, OUT], [-1n, FIRST])]),
        "inputs",
      );
    };
    expect(digits(isBit).undecided).to.deep.equal([]);
    const upToTwo = (wire: number) => product(sum([1n, wire]), sum([1n, wire], [-2n, ONE]), []);
    expect(digits(upToTwo).undecided).to.include(FIRST);
    const nothing = (wire: number) => product(sum([1n, wire]), sum([1n, ONE]), sum([1n, wire]));
    expect(digits(nothing).undecided).to.include(FIRST);
  });
});
