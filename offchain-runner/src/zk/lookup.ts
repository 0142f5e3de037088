/** How a table is looked up: by the products of the low bits of a row, and of its high bits. */
export interface Lookup {
  readonly lowBits: number;
  readonly highBits: number;
  /** Of each column as a polynomial in the bits, by the mask of a product's bits. */
  readonly coefficients: readonly (readonly bigint[])[];
}

/** @param columns entries by row; rows that no index reaches are zeros */
export function lookupOf(columns: readonly (readonly bigint[])[], bits: number): Lookup {
  const splits = Array.from({ length: bits + 1 }, (_, highBits) => ({
    highBits,
    cost: products(bits - highBits) + products(highBits) + columns.length * (2 ** highBits - 1),
  }));
  const { highBits } = splits.reduce((best, split) => (split.cost < best.cost ? split : best));
  return {
    lowBits: bits - highBits,
    highBits,
    coefficients: columns.map((column) => polynomial(column, bits)),
  };
}

/** Products of two and more of so many bits. */
function products(bits: number): number {
  return 2 ** bits - bits - 1;
}

/** The one polynomial, linear in each bit, that has these values (Möbius transform over subsets). */
function polynomial(values: readonly bigint[], bits: number): bigint[] {
  const c = Array.from({ length: 2 ** bits }, (_, row) => values[row] ?? 0n);
  for (let bit = 1; bit < c.length; bit *= 2) {
    for (let mask = 0; mask < c.length; mask++) {
      if ((mask & bit) !== 0) c[mask] = (c[mask] as bigint) - (c[mask ^ bit] as bigint);
    }
  }
  return c;
}
