/** How the keys were made that prove a release's answers, weakest first, by the number that the hub has: `KeyOrigin.sol`. */
export const KEY_ORIGINS = ["none", "single", "ceremony", "universal"] as const;

export type KeyOriginName = (typeof KEY_ORIGINS)[number];

const SHIFT = 6;

/** What is added to a query's modes, or to a request's mode, so that only keys made like this, or better, prove the answer. */
export function demandOf(least: KeyOriginName): number {
  return KEY_ORIGINS.indexOf(least) << SHIFT;
}

/** What a query's modes, or a request's mode, demand; `none` = nothing. */
export function demandedBy(modes: number): KeyOriginName {
  return KEY_ORIGINS[modes >> SHIFT] ?? "none";
}

/** What two sets of modes both allow, under the stronger demand. */
export function modesOfBoth(one: number, other: number): number {
  const allowed = (1 << SHIFT) - 1;
  return (one & other & allowed) | (Math.max(one >> SHIFT, other >> SHIFT) << SHIFT);
}

/** Whether keys made in one way do where another is demanded. */
export function meetsDemand(origin: KeyOriginName, least: KeyOriginName): boolean {
  return KEY_ORIGINS.indexOf(origin) >= KEY_ORIGINS.indexOf(least);
}
