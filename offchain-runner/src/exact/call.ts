import type { Dtype } from "@opg-network/sdk/dtype";
import { attributeOf } from "../hub/onnxFile.ts";
import { operatorOf, titleOf } from "../hub/onnxOperators.ts";
import type { OnnxAttribute, OnnxNode } from "../hub/onnxSchema.ts";
import type { Emitter } from "./emitter.ts";
import type { ExactErrorCode } from "./exactError.ts";
import { ExactError } from "./exactError.ts";
import type { Place, Value } from "./value.ts";
import { boundsOf } from "./value.ts";
import { product } from "./view.ts";

export const ARENA_WORDS = 16_384;
const MAX_CONSTANT_ELEMENTS = 1 << 24;

interface CallParts {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  readonly emitter: Emitter;
  /** The node that gives each input. */
  readonly producers: readonly (OnnxNode | undefined)[];
}

/** One node being lowered: its inputs and attributes, and where what it does is written to. */
export class Call {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  readonly emitter: Emitter;
  readonly producers: readonly (OnnxNode | undefined)[];
  /** Whether the node has the same outputs in every run. */
  readonly folds: boolean;

  constructor({ node, opset, inputs, emitter, producers }: CallParts) {
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.emitter = emitter;
    this.producers = producers;
    this.folds = inputs.every((input) => input === undefined || input.place === undefined);
  }

  refuse(code: ExactErrorCode, reason: string): never {
    throw new ExactError(code, { reason, node: titleOf(this.node), operator: operatorOf(this.node) });
  }

  input(index: number): Value {
    return this.inputs[index] ?? this.refuse("exact-shape-invalid", `input ${index} is missing`);
  }

  /** The elements of an input that has to be constant. */
  constant(index: number, what: string): BigInt64Array {
    const input = this.input(index);
    if (input.place !== undefined) this.refuse("exact-constant-needed", `${what} is not a constant`);
    return input.lo;
  }

  optionalConstant(index: number, what: string): BigInt64Array | undefined {
    return this.inputs[index] === undefined ? undefined : this.constant(index, what);
  }

  /** Small whole numbers: axes, sizes, positions. */
  numbers(index: number, what: string): number[] {
    return [...this.constant(index, what)].map((value) => this.#small(value));
  }

  int(name: string, fallback: number): number {
    const value = this.#attribute(name)?.i;
    return value === undefined ? fallback : this.#small(value);
  }

  /** An attribute that is 0 or 1; runtimes differ in what they make of anything else. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.int(name, fallback ? 1 : 0);
    if (value !== 0 && value !== 1) this.refuse("exact-attribute-unsupported", `${name} ${value}`);
    return value === 1;
  }

  ints(name: string): number[] | undefined {
    const attribute = this.#attribute(name);
    return attribute?.ints.map((value) => this.#small(value));
  }

  text(name: string, fallback: string): string {
    const value = this.#attribute(name)?.s;
    return value === undefined ? fallback : new TextDecoder().decode(value);
  }

  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (!(axis >= 0 && axis < rank)) this.refuse("exact-shape-invalid", `axis ${value} of rank ${rank}`);
    return axis;
  }

  /** An output, proved to stay within its type. */
  value(
    dtype: Dtype,
    shape: readonly number[],
    { lo, hi }: { lo: BigInt64Array; hi: BigInt64Array },
    place: Place | undefined,
  ): Value {
    this.checkCount(product(shape), place !== undefined);
    return { dtype, shape, lo, hi: place === undefined ? lo : hi, place };
  }

  checkCount(count: number, isInArena: boolean): void {
    if (count < 1) this.refuse("exact-shape-invalid", "a tensor without elements");
    const limit = isInArena ? ARENA_WORDS : MAX_CONSTANT_ELEMENTS;
    if (count > limit) this.refuse("exact-too-large", `a tensor of ${count} elements, at most ${limit}`);
  }

  /** Bounds of a result, element by element; `at` gives both bounds of the i-th. */
  bounded(dtype: Dtype, count: number, at: (i: number) => readonly [lo: bigint, hi: bigint]) {
    this.checkCount(count, !this.folds);
    const limits = boundsOf(dtype);
    const lo = new BigInt64Array(count);
    const hi = new BigInt64Array(count);
    for (let i = 0; i < count; i++) {
      const [low, high] = at(i);
      if (low < limits.lo || high > limits.hi) this.#overflow(dtype, low, high);
      lo[i] = low;
      hi[i] = high;
    }
    return { lo, hi };
  }

  checkBounds(dtype: Dtype, value: Pick<Value, "lo" | "hi">): void {
    const limits = boundsOf(dtype);
    for (const low of value.lo) if (low < limits.lo) this.#overflow(dtype, low, low);
    for (const high of value.hi) if (high > limits.hi) this.#overflow(dtype, high, high);
  }

  /** ONNX Runtime 1.30 compares the low halves of int64 as if they had signs: right only for what fits int32. */
  checkComparable(...values: readonly Pick<Value, "dtype" | "lo" | "hi">[]): void {
    const { lo, hi } = boundsOf("int32");
    for (const value of values) {
      if (value.dtype !== "int64") continue;
      const wide = value.lo.find((low) => low < lo) ?? value.hi.find((high) => high > hi);
      if (wide !== undefined)
        this.refuse("exact-range-overflow", `it compares int64 values that can be ${wide}, beyond int32`);
    }
  }

  #overflow(dtype: Dtype, low: bigint, high: bigint): never {
    this.refuse("exact-range-overflow", `an element can lie in ${low} to ${high}, beyond ${dtype}`);
  }

  #attribute(name: string): OnnxAttribute | undefined {
    const attribute = attributeOf(this.node, name);
    if (attribute?.reference !== undefined)
      this.refuse("exact-attribute-unsupported", `${name} is taken from a function`);
    return attribute;
  }

  #small(value: bigint): number {
    // The ends of slices are often written as the largest or smallest int64.
    const limit = BigInt(Number.MAX_SAFE_INTEGER);
    if (value > limit) return Number.MAX_SAFE_INTEGER;
    if (value < -limit) return -Number.MAX_SAFE_INTEGER;
    return Number(value);
  }
}
