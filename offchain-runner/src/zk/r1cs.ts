import { CircuitError } from "./circuitError.ts";

/** The order of the field: that of the groups of BN254. */
export const FIELD: bigint = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Σ coefficient · wire; wire 0 is the constant one. */
export type LinearCombination = readonly { readonly wire: number; readonly coefficient: bigint }[];

/** a · b = c. */
export interface Constraint {
  readonly a: LinearCombination;
  readonly b: LinearCombination;
  readonly c: LinearCombination;
}

/** Wires are: one, public outputs, public inputs, private inputs, all others. */
export interface R1cs {
  readonly wires: number;
  readonly publicOutputs: number;
  readonly publicInputs: number;
  readonly privateInputs: number;
  readonly constraints: readonly Constraint[];
}

const HEADER = 1;
const CONSTRAINTS = 2;
const FIELD_BYTES = 32;

/** Reads the compiler's file (format: iden3/r1csfile). */
export function readR1cs(bytes: Uint8Array): R1cs {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number) => view.getUint32(at, true);
  const sections = new Map<number, number>();
  for (let i = 0, at = 12; i < u32(8); i++) {
    sections.set(u32(at), at + 12);
    at += 12 + Number(view.getBigUint64(at + 4, true));
  }
  const header = sections.get(HEADER);
  const start = sections.get(CONSTRAINTS);
  if (header === undefined || start === undefined || u32(header) !== FIELD_BYTES)
    throw new CircuitError("circuit-compiler-failed", { reason: "no constraints in its output" });
  const counts = header + 4 + FIELD_BYTES;
  let at = start;
  const combination = (): LinearCombination => {
    const terms = u32(at);
    at += 4;
    return Array.from({ length: terms }, () => {
      const term = { wire: u32(at), coefficient: readElement(view, at + 4) };
      at += 4 + FIELD_BYTES;
      return term;
    });
  };
  return {
    wires: u32(counts),
    publicOutputs: u32(counts + 4),
    publicInputs: u32(counts + 8),
    privateInputs: u32(counts + 12),
    constraints: Array.from({ length: u32(counts + 24) }, () => ({
      a: combination(),
      b: combination(),
      c: combination(),
    })),
  };
}

/** Values of all wires out of a witness file. */
export function readWitness(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Two sections: a header of 40 bytes, and the values.
  const values = 12 + 12 + 40 + 12;
  return Array.from({ length: (bytes.length - values) / FIELD_BYTES }, (_, i) =>
    readElement(view, values + i * FIELD_BYTES),
  );
}

/** Indices of the constraints that the values break. */
export function brokenConstraints({ constraints }: R1cs, witness: readonly bigint[]): number[] {
  const value = (terms: LinearCombination) =>
    terms.reduce((sum, { wire, coefficient }) => sum + coefficient * (witness[wire] as bigint), 0n);
  return constraints.flatMap(({ a, b, c }, i) =>
    (value(a) * value(b) - value(c)) % FIELD === 0n ? [] : [i],
  );
}

/** The number of least magnitude that an element of the field stands for. */
export function centred(element: bigint): bigint {
  const reduced = ((element % FIELD) + FIELD) % FIELD;
  return reduced > FIELD / 2n ? reduced - FIELD : reduced;
}

export function inverse(element: bigint): bigint {
  let [a, b] = [((element % FIELD) + FIELD) % FIELD, FIELD];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return x;
}

function readElement(view: DataView, at: number): bigint {
  return (
    view.getBigUint64(at, true) |
    (view.getBigUint64(at + 8, true) << 64n) |
    (view.getBigUint64(at + 16, true) << 128n) |
    (view.getBigUint64(at + 24, true) << 192n)
  );
}
