import type { ReduceKind, ZipKind } from "../program.ts";
import type { Bounds } from "../value.ts";

/** Thirty-two bytes of an input's elements, each element big-endian. */
export interface WordNode {
  readonly kind: "word";
  readonly tensor: number;
  readonly index: number;
}

export interface ElementNode {
  readonly kind: "element";
  readonly word: ValueNode;
  /** Which element of the word. */
  readonly place: number;
  readonly width: number;
  readonly signed: boolean;
}

export interface ConstantNode {
  readonly kind: "constant";
  readonly value: bigint;
}

export interface ZipNode {
  readonly kind: "zip";
  readonly zip: ZipKind;
  readonly a: ValueNode;
  readonly b: ValueNode;
}

/** truncDiv((x + b)·m, divisor), then clipped on the sides that bind. */
export interface RequantisedNode {
  readonly kind: "requantised";
  readonly x: ValueNode;
  readonly b: bigint;
  readonly m: bigint;
  readonly divisor: bigint;
  readonly clipLow: bigint | undefined;
  readonly clipHigh: bigint | undefined;
}

/** Sums of products of several columns, side by side in one word: start + Σ x·word, modulo 2^256. */
export interface LanesNode {
  readonly kind: "lanes";
  readonly start: bigint;
  readonly terms: readonly { readonly x: ValueNode; readonly word: bigint }[];
}

/** One column's sum, raised so that it is never negative. */
export interface LaneNode {
  readonly kind: "lane";
  readonly lanes: ValueNode;
  readonly shift: number;
  readonly bits: number;
}

export interface LookUpNode {
  readonly kind: "look-up";
  readonly index: ValueNode;
  readonly table: LiteralTable;
  readonly column: number;
}

/** Which of the members leads. */
export interface PickNode {
  readonly kind: "pick";
  readonly reduce: Extract<ReduceKind, `arg${string}`>;
  readonly members: readonly ValueNode[];
}

export interface LiteralTable {
  readonly bytes: Uint8Array;
  readonly low: bigint;
  readonly rowLength: number;
  readonly width: number;
  readonly signed: boolean;
}

type Form =
  | WordNode
  | ElementNode
  | ConstantNode
  | ZipNode
  | RequantisedNode
  | LanesNode
  | LaneNode
  | LookUpNode
  | PickNode;

/** One value of the computation; operands come before what is made of them. */
export type ValueNode = Form & {
  readonly id: number;
  readonly bounds: Bounds;
  /** Step of the program that asked for it; −1 of inputs. */
  readonly step: number;
};

export type ValueForm = Form;

export function operandsOf(node: ValueForm): readonly ValueNode[] {
  switch (node.kind) {
    case "word":
    case "constant":
      return [];
    case "element":
      return [node.word];
    case "zip":
      return [node.a, node.b];
    case "requantised":
      return [node.x];
    case "lanes":
      return node.terms.map(({ x }) => x);
    case "lane":
      return [node.lanes];
    case "look-up":
      return [node.index];
    case "pick":
      return node.members;
  }
}
