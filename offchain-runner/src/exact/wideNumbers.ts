/** `Math.max` of whole numbers of any size. */
export function larger(a: bigint, b: bigint): bigint {
  const isLess = a < b;
  return isLess ? b : a;
}

/** `Math.min` of whole numbers of any size. */
export function smaller(a: bigint, b: bigint): bigint {
  const isLess = a < b;
  return isLess ? a : b;
}

/** A value as a word of the machine keeps it: 256 bits, signed. */
export function wrapped(value: bigint): bigint {
  return BigInt.asIntN(256, value);
}
