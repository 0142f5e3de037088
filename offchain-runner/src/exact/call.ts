import type { Dtype } from "@opg-network/sdk/dtype";
import { attributeOf } from "../hub/onnxFile.ts";
import { operatorOf, titleOf } from "../hub/onnxOperators.ts";
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../hub/onnxSchema.ts";
import type { Emitter } from "./emitter.ts";
import type { ExactErrorCode } from "./exactError.ts";
import { ExactError } from "./exactError.ts";
import type { Place, Value } from "./value.ts";
import { boundsOf } from "./value.ts";
import { product } from "./view.ts";

export const ARENA_WORDS = 16_384;
/** No graph can store more constants than that: its root lists their blobs. */
export const MAX_CONSTANT_ELEMENTS: number = 1 << 24;
const MAX_RANK = 32;
/** Number of an attribute's type in ONNX. */
const ATTRIBUTE = { int: 2, text: 3, tensor: 4, ints: 7 } as const;

/** What lowering one graph has computed so far, so that a file made to be slow or large ends in an error. */
export interface Effort {
  spent: number;
}

/** Elements of bounds, 16 bytes each. */
const MAX_EFFORT = 1 << 25;

interface CallParts {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  readonly emitter: Emitter;
  /** The node that gives each input. */
  readonly producers: readonly (OnnxNode | undefined)[];
  readonly effort: Effort;
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
  readonly #effort: Effort;

  constructor({ node, opset, inputs, emitter, producers, effort }: CallParts) {
    this.#effort = effort;
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

  /** The one element of an input that may be left out. */
  scalar(index: number, what: string, dtype: Dtype): bigint | undefined {
    if (this.inputs[index] === undefined) return undefined;
    const elements = this.constant(index, what);
    if (elements.length !== 1) this.refuse("exact-shape-invalid", `${what} is not a scalar`);
    const own = this.input(index).dtype;
    if (own !== dtype) this.refuse("exact-type-unsupported", `${what} is ${own}, not ${dtype}`);
    return elements[0];
  }

  /** Small whole numbers: axes, sizes, positions. */
  numbers(index: number, what: string, types: readonly Dtype[] = ["int64"]): number[] {
    const { dtype, shape } = this.input(index);
    if (!types.includes(dtype)) this.refuse("exact-type-unsupported", `${what} of ${dtype}`);
    if (shape.length > 1) this.refuse("exact-shape-invalid", `${what} in ${shape.length} dimensions`);
    return [...this.constant(index, what)].map((value) => this.#small(value));
  }

  /** Axes of a tensor of that rank, each once. */
  axes(given: readonly number[], rank: number): number[] {
    const axes = given.map((axis) => this.axis(axis, rank));
    if (new Set(axes).size < axes.length) this.refuse("exact-shape-invalid", `an axis twice in [${given}]`);
    return axes;
  }

  int(name: string, fallback: number): number {
    const attribute = this.#attribute(name, "int");
    return attribute === undefined ? fallback : this.#small(attribute.i ?? 0n);
  }

  /** An attribute that is 0 or 1; runtimes differ in what they make of anything else. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.int(name, fallback ? 1 : 0);
    if (value !== 0 && value !== 1) this.refuse("exact-attribute-unsupported", `${name} ${value}`);
    return value === 1;
  }

  ints(name: string): number[] | undefined {
    return this.#attribute(name, "ints")?.ints.map((value) => this.#small(value));
  }

  text(name: string, fallback: string): string {
    const attribute = this.#attribute(name, "text");
    return attribute === undefined ? fallback : new TextDecoder().decode(attribute.s);
  }

  tensor(name: string): OnnxTensor | undefined {
    return this.#attribute(name, "tensor")?.tensor;
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
    if (!(count >= 1)) this.refuse("exact-shape-invalid", "a tensor without elements");
    const limit = isInArena ? ARENA_WORDS : MAX_CONSTANT_ELEMENTS;
    if (count > limit) this.refuse("exact-too-large", `a tensor of ${count} elements, at most ${limit}`);
    this.spend(count);
  }

  checkShape(shape: readonly number[]): void {
    if (shape.length > MAX_RANK) this.refuse("exact-too-large", `a tensor of rank ${shape.length}`);
    if (shape.some((size) => !(size >= 1))) this.refuse("exact-shape-invalid", `a tensor of [${shape}]`);
  }

  /** Counts what the lowering computes and keeps, before it does. @param elements or as many multiply-adds by 16 */
  spend(elements: number): void {
    this.#effort.spent += elements;
    if (this.#effort.spent > MAX_EFFORT)
      this.refuse("exact-too-large", `the nodes up to here compute over ${MAX_EFFORT} elements`);
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

  #attribute(name: string, type: keyof typeof ATTRIBUTE): OnnxAttribute | undefined {
    const attribute = attributeOf(this.node, name);
    if (attribute?.reference !== undefined)
      this.refuse("exact-attribute-unsupported", `${name} is taken from a function`);
    // Of another type, runtimes take the default or refuse the file.
    if (attribute !== undefined && attribute.type !== ATTRIBUTE[type])
      this.refuse(
        "exact-attribute-unsupported",
        `${name} is of type ${attribute.type}, not ${ATTRIBUTE[type]}`,
      );
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
