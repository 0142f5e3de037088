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
