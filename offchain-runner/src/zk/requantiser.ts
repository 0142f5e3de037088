import type { Requantisation } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import type { Range } from "./ranges.ts";
import { bitsFor, clipped, floorDiv, rangeOf, signedBitsFor, unionOf } from "./ranges.ts";

/** Bits that a checked number may have: far from the order of the field, so that nothing wraps around it. */
export const MAX_CHECKED_BITS = 250;

/** How the instances of one step divide and clip; `bits` differ by channel, all else is one for the step. */
export type Requantiser =
  | { kind: "constant"; value: bigint }
  | { kind: "linear" }
  | { kind: "gadgets"; truncate: Truncation | undefined; clip: FloorClipping | undefined };

/** `Truncate`: v / divisor toward zero. */
export interface Truncation {
  readonly divisor: bigint;
  readonly restBits: number;
  readonly bits: readonly number[];
}

/** `FloorClip`: base + clip(floor(v / divisor) − base, 0, cap). */
export interface FloorClipping {
  readonly divisor: bigint;
  readonly restBits: number;
  readonly base: bigint;
  readonly isSigned: boolean;
  readonly isCapped: boolean;
  readonly cap: bigint;
  /** Not 0 where cap = 2^capBits − 1. */
  readonly capBits: number;
  readonly bits: readonly number[];
}

/** @param channels what v can be, by channel */
export function requantiserOf(channels: readonly Range[], { divisor, lo, hi }: Requantisation): Requantiser {
  const v = unionOf(channels);
  const result = resultRange(v, { divisor, lo, hi });
  if (result.lo === result.hi) return { kind: "constant", value: result.lo };
  const [first, last] = [v.lo / divisor, v.hi / divisor];
  if (divisor === 1n && first >= lo && last <= hi) return { kind: "linear" };
  // Rounding down and rounding toward zero differ only below zero, which a bound from 0 up cuts off.
  if (divisor === 1n || v.lo >= 0n || lo >= 0n) {
    return { kind: "gadgets", truncate: undefined, clip: clipping(channels, divisor, { lo, hi }) };
  }
  const truncate = truncation(channels, divisor);
  const isClipped = first < lo || last > hi;
  const quotients = channels.map((range) => ({ lo: range.lo / divisor, hi: range.hi / divisor }));
  return { kind: "gadgets", truncate, clip: isClipped ? clipping(quotients, 1n, { lo, hi }) : undefined };
}

export function resultRange(v: Range, { divisor, lo, hi }: Requantisation): Range {
  return rangeOf(clipped(v.lo / divisor, { lo, hi }), clipped(v.hi / divisor, { lo, hi }));
}

function truncation(channels: readonly Range[], divisor: bigint): Truncation {
  const restBits = bitsFor(divisor - 1n);
  const bits = channels.map((range) =>
    signedBitsFor({ lo: floorDiv(range.lo, divisor), hi: floorDiv(range.hi, divisor) }),
  );
  checkWidth(restBits + Math.max(...bits) + 1);
  return { divisor, restBits, bits };
}

function clipping(channels: readonly Range[], divisor: bigint, { lo, hi }: Range): FloorClipping {
  const floors = channels.map((range) => ({
    lo: floorDiv(range.lo, divisor),
    hi: floorDiv(range.hi, divisor),
  }));
  const all = unionOf(floors);
  const isSigned = all.lo < lo;
  const isCapped = all.hi > hi;
  const base = isSigned ? lo : all.lo;
  const cap = isCapped ? hi - base : 0n;
  const isMask = isCapped && (cap & (cap + 1n)) === 0n;
  const capBits = isMask ? bitsFor(cap) : 0;
  const least = isMask ? capBits + 1 : bitsFor(cap);
  const bits = floors.map((range) =>
    Math.max(least, signedBitsFor({ lo: isSigned ? range.lo - base : 0n, hi: range.hi - base })),
  );
  const restBits = divisor === 1n ? 0 : bitsFor(divisor - 1n);
  checkWidth(restBits + Math.max(...bits) + 1);
  return { divisor, restBits, base, isSigned, isCapped, cap, capBits, bits };
}

export function checkWidth(bits: number): void {
  if (bits > MAX_CHECKED_BITS)
    throw new CircuitError("circuit-range", {
      reason: `a value takes ${bits} bits, at most ${MAX_CHECKED_BITS}`,
    });
}
