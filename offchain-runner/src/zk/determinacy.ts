import { larger, smaller } from "../exact/wideNumbers.ts";
import type { Constraint, LinearCombination, R1cs } from "./r1cs.ts";
import { centred, FIELD, inverse } from "./r1cs.ts";
import type { Range } from "./ranges.ts";

/** What a circuit's constraints leave no choice about, once some wires are given. */
export interface Determinacy {
  readonly determined: number;
  /** Inverses that are free where what they invert is zero; nothing else depends on them. */
  readonly helpers: readonly number[];
  /** Wires for which no rule shows that there is one value; empty for a circuit without freedom. */
  readonly undecided: readonly number[];
}

/** Bounds beyond this are not kept: two numbers within it are the same when their elements are. */
const MAX_BOUND = 2n ** 251n;
const BOUND_ROUNDS = 8;

/**
 * Follows what is determined through the constraints. A wire is determined by
 * - an equation in which all else is, and its coefficient is a constant that is not zero;
 * - an equation whose unknown wires have bounds, with coefficients that each outgrow all smaller ones together, so
 *   that digits are unique, and nothing reaches around the field;
 * - the pair x · inverse = isNonZero, x · (1 − isNonZero) = 0 with x determined.
 * @param given `inputs`: does the circuit compute a function? `statement`: do the public signals fix its inputs?
 */
export function determinacyOf(r1cs: R1cs, given: "inputs" | "statement"): Determinacy {
  return new Propagation(r1cs, given).run();
}

class Propagation {
  readonly #r1cs: R1cs;
  readonly #isKnown: Uint8Array;
  readonly #isHelper: Uint8Array;
  readonly #bounds: (Range | undefined)[];
  readonly #uses: number[][];
  readonly #queue: number[] = [];
  readonly #firstInner: number;

  constructor(r1cs: R1cs, given: "inputs" | "statement") {
    this.#r1cs = r1cs;
    this.#isKnown = new Uint8Array(r1cs.wires);
    this.#isHelper = new Uint8Array(r1cs.wires);
    this.#bounds = new Array<Range | undefined>(r1cs.wires).fill(undefined);
    this.#uses = Array.from({ length: r1cs.wires }, () => []);
    const { publicOutputs, publicInputs, privateInputs } = r1cs;
    const first = given === "inputs" ? publicOutputs + 1 : 1;
    const end = 1 + publicOutputs + publicInputs + (given === "inputs" ? privateInputs : 0);
    this.#firstInner = 1 + publicOutputs + publicInputs + privateInputs;
    this.#isKnown[0] = 1;
    this.#isKnown.fill(1, first, end);
  }

  run(): Determinacy {
    const { constraints, wires } = this.#r1cs;
    for (const [i, constraint] of constraints.entries()) {
      for (const wire of wiresOf(constraint)) this.#uses[wire]?.push(i);
      const bit = bitOf(constraint);
      if (bit !== undefined) this.#narrow(bit, { lo: 0n, hi: 1n });
    }
    const equations = constraints.map(linearOf).filter((terms) => terms !== undefined);
    for (let round = 0, isNew = true; isNew && round < BOUND_ROUNDS; round++) {
      isNew = equations.map((terms) => this.#bound(terms)).includes(true);
    }
    this.#queue.push(...constraints.keys());
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.#visit(constraints[next] as Constraint);
    }
    const all = Array.from({ length: wires }, (_, wire) => wire);
    const undecided = all.filter((wire) => !this.#isKnown[wire] && !this.#isHelper[wire]);
    const helpers = all.filter((wire) => this.#isHelper[wire] && !this.#isKnown[wire]);
    return { determined: wires - undecided.length - helpers.length, helpers, undecided };
  }

  #visit(constraint: Constraint): void {
    const { a, b, c } = constraint;
    const linear = linearOf(constraint);
    if (linear !== undefined) this.#solve(linear);
    else if (this.#unknown(a).length === 0 && this.#unknown(b).length === 0) this.#solve(c);
    else {
      this.#isNonZero(a, b, c);
      this.#isNonZero(b, a, c);
    }
  }

  /** Σ terms is a known value: which of the unknown wires have one value then? */
  #solve(terms: LinearCombination): void {
    const unknown = this.#unknown(terms);
    if (unknown.length === 0) return;
    if (
      unknown.length === 1 ||
      this.#areDigits(unknown, 1n) ||
      this.#areDigits(unknown, unknown[0]?.coefficient ?? 1n)
    ) {
      for (const { wire } of unknown) this.#learn(wire);
    }
  }

  #areDigits(terms: LinearCombination, unit: bigint): boolean {
    const scale = inverse(unit);
    const digits = terms.map(({ wire, coefficient }) => {
      const factor = centred(coefficient * scale);
      return { weight: factor < 0n ? -factor : factor, range: this.#bounds[wire] };
    });
    digits.sort((x, y) => (x.weight < y.weight ? -1 : 1));
    let reach = 0n;
    for (const { weight, range } of digits) {
      if (range === undefined || weight <= reach) return false;
      reach += weight * (range.hi - range.lo);
    }
    return reach < FIELD;
  }

  /** x · helper = out and x · (β·out + γ) = 0: out has one value, whether x is zero or not. */
  #isNonZero(x: LinearCombination, helper: LinearCombination, out: LinearCombination): void {
    if (this.#unknown(x).length !== 0) return;
    const [hidden, ...others] = this.#unknown(helper);
    const [result, ...rest] = this.#unknown(out);
    if (hidden === undefined || result === undefined || others.length + rest.length > 0) return;
    if (hidden.wire === result.wire || this.#uses[hidden.wire]?.length !== 1) return;
    // A free output is no helper, nor is a free input.
    if (hidden.wire < this.#firstInner) return;
    const isDecided = this.#uses[result.wire]?.some((index) => {
      const { a, b, c } = this.#r1cs.constraints[index] as Constraint;
      const isFactor = (y: LinearCombination) =>
        y.length > 0 && y.every(({ wire }) => wire === 0 || wire === result.wire);
      return c.length === 0 && ((isMultiple(a, x) && isFactor(b)) || (isMultiple(b, x) && isFactor(a)));
    });
    if (isDecided !== true) return;
    this.#isHelper[hidden.wire] = 1;
    this.#learn(result.wire);
  }

  #learn(wire: number): void {
    if (this.#isKnown[wire]) return;
    this.#isKnown[wire] = 1;
    this.#queue.push(...(this.#uses[wire] ?? []));
  }

  #unknown(terms: LinearCombination): LinearCombination {
    return terms.filter(({ wire, coefficient }) => !this.#isKnown[wire] && centred(coefficient) !== 0n);
  }

  /** Bounds of each wire with coefficient ±1 out of those of the others. */
  #bound(terms: LinearCombination): boolean {
    const parts = terms.map(({ wire, coefficient }) => ({
      wire,
      factor: centred(coefficient),
      range: wire === 0 ? ONE : this.#bounds[wire],
    }));
    const open = parts.filter(({ range }) => range === undefined);
    if (open.length > 1) return false;
    const total = { lo: 0n, hi: 0n };
    for (const { factor, range } of parts) {
      if (range === undefined) continue;
      total.lo += factor * (factor < 0n ? range.hi : range.lo);
      total.hi += factor * (factor < 0n ? range.lo : range.hi);
    }
    let isNew = false;
    for (const { wire, factor, range } of open.length === 1 ? open : parts) {
      if (wire === 0 || (factor !== 1n && factor !== -1n)) continue;
      const own = range ?? { lo: 0n, hi: 0n };
      const [low, high] = factor > 0n ? [own.lo, own.hi] : [-own.hi, -own.lo];
      const others = { lo: total.lo - low, hi: total.hi - high };
      const result = factor > 0n ? { lo: -others.hi, hi: -others.lo } : others;
      isNew = this.#narrow(wire, result) || isNew;
    }
    return isNew;
  }

  #narrow(wire: number, { lo, hi }: Range): boolean {
    if (lo < -MAX_BOUND || hi > MAX_BOUND) return false;
    const before = this.#bounds[wire];
    const after =
      before === undefined ? { lo, hi } : { lo: larger(before.lo, lo), hi: smaller(before.hi, hi) };
    this.#bounds[wire] = after;
    return before === undefined || before.lo !== after.lo || before.hi !== after.hi;
  }
}

const ONE: Range = { lo: 1n, hi: 1n };

function* wiresOf({ a, b, c }: Constraint): Generator<number> {
  yield* new Set([...a, ...b, ...c].map(({ wire }) => wire));
}

/** The terms of a constraint that is an equation of first degree; their sum is zero. */
function linearOf({ a, b, c }: Constraint): LinearCombination | undefined {
  const negative = c.map(({ wire, coefficient }) => ({ wire, coefficient: -coefficient }));
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (one.some(({ wire }) => wire !== 0)) continue;
    const factor = one.reduce((sum, { coefficient }) => sum + coefficient, 0n);
    const terms = new Map<number, bigint>();
    for (const { wire, coefficient } of [
      ...other.map((term) => ({ ...term, coefficient: term.coefficient * factor })),
      ...negative,
    ])
      terms.set(wire, (terms.get(wire) ?? 0n) + coefficient);
    return [...terms].flatMap(([wire, coefficient]) =>
      centred(coefficient) === 0n ? [] : [{ wire, coefficient }],
    );
  }
  return undefined;
}

/** The wire that a constraint makes 0 or 1. */
function bitOf({ a, b, c }: Constraint): number | undefined {
  const wires = new Set([...a, ...b, ...c].map(({ wire }) => wire));
  wires.delete(0);
  const [wire] = wires;
  if (wire === undefined || wires.size !== 1) return undefined;
  const at = (terms: LinearCombination, value: bigint) =>
    terms.reduce((sum, term) => sum + term.coefficient * (term.wire === 0 ? 1n : value), 0n);
  const error = (value: bigint) => centred(at(a, value) * at(b, value) - at(c, value));
  // A polynomial of second degree that is not zero has no third root.
  return error(0n) === 0n && error(1n) === 0n && error(2n) !== 0n ? wire : undefined;
}

function isMultiple(terms: LinearCombination, of: LinearCombination): boolean {
  const [first] = of;
  if (first === undefined || terms.length !== of.length) return false;
  const own = new Map(terms.map(({ wire, coefficient }) => [wire, coefficient]));
  const scale = own.get(first.wire);
  if (scale === undefined || centred(scale) === 0n) return false;
  return of.every(
    ({ wire, coefficient }) =>
      centred((own.get(wire) ?? 0n) * first.coefficient - coefficient * scale) === 0n,
  );
}
