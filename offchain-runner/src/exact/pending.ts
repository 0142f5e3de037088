import type { Buffer, PlannedDense, Ref } from "./plannedOp.ts";
import type { Bounds } from "./value.ts";
import { INT64 } from "./value.ts";

/** A part of a product: what of it is one DENSE operation, and the copies that lay out its rows. */
export interface DensePart {
  readonly firstRow: number;
  readonly firstColumn: number;
  readonly prepare: () => Pick<PlannedDense, "x" | "xRowStride">;
  readonly rows: number;
  readonly weights: PlannedDense["weights"];
  /** What each column adds, the zero points of the operands folded in. */
  readonly addends: BigInt64Array;
}

/** What the affine step is applied to: a run of memory, or a product of `rows` rows of `columns`. */
export type PendingBase =
  | { readonly kind: "run"; readonly ref: Ref }
  | { readonly kind: "dense"; readonly columns: number; readonly parts: readonly DensePart[] };

const STAGES = ["add", "multiply", "divide", "clip"] as const;
export type Stage = (typeof STAGES)[number];

interface PendingParts {
  readonly base: PendingBase;
  readonly count: number;
  readonly stage: Stage;
  readonly b: BigInt64Array;
  readonly m: BigInt64Array;
  readonly divisor: bigint;
  readonly clip: Bounds;
}

/**
 * `clip(truncDiv((x + b)·m, divisor), lo, hi)` of every element, not computed yet: further steps of the same chain are
 * taken into it as long as the order of the steps allows. Elements are counted in memory order of the base.
 */
export class Pending {
  readonly base: PendingBase;
  readonly count: number;
  readonly stage: Stage;
  readonly b: BigInt64Array;
  readonly m: BigInt64Array;
  readonly divisor: bigint;
  readonly clip: Bounds;
  /** Where it was computed to. */
  settled: Buffer | undefined;
  /** What its elements can be. */
  readonly range: { bounds: Bounds };

  private constructor(parts: PendingParts, bounds: Bounds) {
    this.base = parts.base;
    this.count = parts.count;
    this.stage = parts.stage;
    this.b = parts.b;
    this.m = parts.m;
    this.divisor = parts.divisor;
    this.clip = parts.clip;
    this.range = { bounds };
  }

  static over(base: PendingBase, count: number, bounds: Bounds): Pending {
    const b = new BigInt64Array(count);
    const m = new BigInt64Array(count).fill(1n);
    return new Pending({ base, count, stage: "add", b, m, divisor: 1n, clip: INT64 }, bounds);
  }

  /** `undefined` where this step has to wait for the result of those before it. */
  add(addends: BigInt64Array, bounds: Bounds): Pending | undefined {
    if (!this.#admits("add", addends)) return undefined;
    const b = sums(this.b, addends);
    return b === undefined ? undefined : new Pending({ ...this, b, stage: "add" }, bounds);
  }

  multiply(factors: BigInt64Array, bounds: Bounds): Pending | undefined {
    if (!this.#admits("multiply", factors)) return undefined;
    const m = products(this.m, factors);
    return m === undefined ? undefined : new Pending({ ...this, m, stage: "multiply" }, bounds);
  }

  divide(divisor: bigint, bounds: Bounds): Pending | undefined {
    const product = this.divisor * divisor;
    if (!this.#admits("divide") || product > INT64.hi) return undefined;
    return new Pending({ ...this, divisor: product, stage: "divide" }, bounds);
  }

  /** @param limits with `lo` ≤ `hi` */
  limit(limits: Bounds, bounds: Bounds): Pending {
    const clip = { lo: within(this.clip.lo, limits), hi: within(this.clip.hi, limits) };
    return new Pending({ ...this, clip, stage: "clip" }, bounds);
  }

  #admits(stage: Stage, params?: BigInt64Array): boolean {
    if (STAGES.indexOf(this.stage) > STAGES.indexOf(stage)) return false;
    return params === undefined || this.base.kind === "run" || repeats(params, this.base.columns);
  }
}

function within(value: bigint, { lo, hi }: Bounds): bigint {
  return value < lo ? lo : value > hi ? hi : value;
}

function repeats(params: BigInt64Array, period: number): boolean {
  return params.every((value, i) => value === params[i % period]);
}

function sums(a: BigInt64Array, b: BigInt64Array): BigInt64Array | undefined {
  return combined(a, b, (x, y) => x + y);
}

function products(a: BigInt64Array, b: BigInt64Array): BigInt64Array | undefined {
  return combined(a, b, (x, y) => x * y);
}

function combined(a: BigInt64Array, b: BigInt64Array, join: (x: bigint, y: bigint) => bigint) {
  const result = new BigInt64Array(a.length);
  for (let i = 0; i < a.length; i++) {
    const value = join(a[i] ?? 0n, b[i] ?? 0n);
    if (value < INT64.lo || value > INT64.hi) return undefined;
    result[i] = value;
  }
  return result;
}
