import type { LinearCombination, R1cs } from "./r1cs.ts";
import { FIELD } from "./r1cs.ts";

/** Terms of a gate: left, right, output. */
const GATE_TERMS = 3;
/** A circuit of fewer rows has no room for what hides the witness. */
const LEAST_POWER = 3;

/**
 * Gates of PLONK that a circuit takes, counted as snarkjs makes them: one for each public signal; one for each constraint
 * and, since a gate joins two wires, one more for each further term of a sum.
 */
export function gatesOf({ publicOutputs, publicInputs, constraints }: R1cs): number {
  const gates = constraints.reduce((sum, { a, b, c }) => sum + gatesFor(a, b, c), 0);
  return publicOutputs + publicInputs + gates;
}

/** The least power of two of rows that holds so many gates. */
export function powerOfGates(gates: number): number {
  return Math.max(LEAST_POWER, Math.ceil(Math.log2(gates)));
}

function gatesFor(a: LinearCombination, b: LinearCombination, c: LinearCombination): number {
  const [left, right] = [split(a), split(b)];
  if (isZero(left) || isZero(right)) return sumGates(termsOf(c).size);
  if (left.terms.size === 0) return sumGates(difference(right.terms, left.constant, c));
  if (right.terms.size === 0) return sumGates(difference(left.terms, right.constant, c));
  return 1 + [left.terms, right.terms, termsOf(c)].reduce((sum, { size }) => sum + Math.max(0, size - 1), 0);
}

function sumGates(terms: number): number {
  return 1 + Math.max(0, terms - GATE_TERMS);
}

/** Terms that factor · terms − c has. */
function difference(terms: ReadonlyMap<number, bigint>, factor: bigint, c: LinearCombination): number {
  const rest = new Map([...terms].map(([wire, coefficient]) => [wire, (coefficient * factor) % FIELD]));
  for (const [wire, coefficient] of termsOf(c)) {
    const left = ((rest.get(wire) ?? 0n) - coefficient + FIELD) % FIELD;
    if (left === 0n) rest.delete(wire);
    else rest.set(wire, left);
  }
  return rest.size;
}

interface Split {
  readonly constant: bigint;
  readonly terms: ReadonlyMap<number, bigint>;
}

function split(combination: LinearCombination): Split {
  const constant = combination.find(({ wire }) => wire === 0)?.coefficient ?? 0n;
  return { constant, terms: termsOf(combination) };
}

function isZero({ constant, terms }: Split): boolean {
  return constant === 0n && terms.size === 0;
}

/** All but the constant. */
function termsOf(combination: LinearCombination): ReadonlyMap<number, bigint> {
  return new Map(
    combination
      .filter(({ wire, coefficient }) => wire !== 0 && coefficient !== 0n)
      .map(({ wire, coefficient }) => [wire, coefficient]),
  );
}
