import type { Schedule } from "./schedule.ts";
import type { LiteralTable, LookUpNode, PickNode, RequantisedNode, ValueNode, ZipNode } from "./valueNode.ts";

const WORD_BITS = 256;
/** Terms of one expression: the compiler's parser goes only so deep. */
const TERMS = 16;

export interface Places {
  readonly schedule: Schedule;
  readonly tables: ReadonlyMap<LiteralTable, number>;
}

/** The statement that computes a value and keeps it. Words of inputs are not computed here. */
export function statementOf(node: ValueNode, places: Places): string[] {
  const address = hex(places.schedule.addressOf.get(node) as number);
  const keep = (expression: string) => `mstore(${address}, ${expression})`;
  switch (node.kind) {
    case "lanes":
      return lanesStatement(node, places, keep);
    case "zip":
      if (node.zip !== "max" && node.zip !== "min") break;
      return [
        `{ let a := ${valueText(node.a, places)} let b := ${valueText(node.b, places)}`,
        `  if ${node.zip === "max" ? "sgt" : "slt"}(b, a) { a := b } ${keep("a")} }`,
      ];
    case "requantised":
      return clippedStatement(node, places, keep);
    case "look-up":
      return [keep(lookUp(node, places))];
    case "pick":
      return pickStatement(node, places, keep);
  }
  return [keep(expressionOf(node, places))];
}

/** The value where it is kept, or as an expression. */
export function valueText(node: ValueNode, places: Places): string {
  const address = places.schedule.addressOf.get(node);
  return address === undefined ? expressionOf(node, places) : `mload(${hex(address)})`;
}

function expressionOf(node: ValueNode, places: Places): string {
  switch (node.kind) {
    case "constant":
      return hex(node.value);
    case "element":
      return element(node, valueText(node.word, places));
    case "lane":
      return lane(valueText(node.lanes, places), node.shift, node.bits);
    case "zip":
      return zip(node, places);
    case "requantised":
      return quotient(node, places);
    default:
      throw new TypeError(`a ${node.kind} is no expression`);
  }
}

function element({ place, width, signed }: Extract<ValueNode, { kind: "element" }>, word: string): string {
  const byte = width === 1 ? `byte(${place}, ${word})` : undefined;
  if (byte !== undefined) return signed ? `signextend(0, ${byte})` : byte;
  const bits = 8 * width;
  const aligned = place === 0 ? word : `shl(${place * bits}, ${word})`;
  return `${signed ? "sar" : "shr"}(${WORD_BITS - bits}, ${aligned})`;
}

function lane(word: string, shift: number, bits: number): string {
  const low = shift === 0 ? word : `shr(${shift}, ${word})`;
  return shift + bits === WORD_BITS ? low : `and(${low}, ${hex((1n << BigInt(bits)) - 1n)})`;
}

function zip({ zip: kind, a, b }: ZipNode, places: Places): string {
  return `${kind}(${valueText(a, places)}, ${valueText(b, places)})`;
}

function quotient({ x, b, m, divisor }: RequantisedNode, places: Places): string {
  const sum = b === 0n ? valueText(x, places) : `add(${valueText(x, places)}, ${hex(b)})`;
  const product = m === 1n ? sum : `mul(${sum}, ${hex(m)})`;
  return divisor === 1n ? product : `sdiv(${product}, ${hex(divisor)})`;
}

function clippedStatement(
  node: RequantisedNode,
  places: Places,
  keep: (expression: string) => string,
): string[] {
  const { clipLow, clipHigh } = node;
  const exact = quotient(node, places);
  if (clipLow !== undefined && clipHigh !== undefined) {
    // One comparison: below the lower end the difference is negative, which is above everything as an unsigned number.
    const span = hex(clipHigh - clipLow);
    const raised = clipLow === 0n ? exact : `sub(${exact}, ${hex(clipLow)})`;
    const result = clipLow === 0n ? "u" : `add(u, ${hex(clipLow)})`;
    return [`{ let u := ${raised} if gt(u, ${span}) { u := mul(${span}, sgt(u, 0)) } ${keep(result)} }`];
  }
  if (clipLow !== undefined)
    return [`{ let u := ${exact} if slt(u, ${hex(clipLow)}) { u := ${hex(clipLow)} } ${keep("u")} }`];
  if (clipHigh !== undefined)
    return [`{ let u := ${exact} if sgt(u, ${hex(clipHigh)}) { u := ${hex(clipHigh)} } ${keep("u")} }`];
  return [keep(exact)];
}

function lanesStatement(
  { start, terms }: Extract<ValueNode, { kind: "lanes" }>,
  places: Places,
  keep: (expression: string) => string,
): string[] {
  const lines: string[] = [`{ let s := ${hex(start)}`];
  for (let from = 0; from < terms.length; from += TERMS) {
    const group = terms.slice(from, from + TERMS);
    const products = group.map(({ x, word }) => `mul(${valueText(x, places)}, ${hex(word)})`);
    // The second argument is computed first, so that nesting there keeps the stack flat.
    lines.push(`  s := ${products.reduce((sum, product) => `add(${product}, ${sum})`, "s")}`);
  }
  return [...lines, `  ${keep("s")} }`];
}

/** Bytes of a table may be read at any address: what follows the element is shifted out. */
function lookUp({ index, table, column }: LookUpNode, places: Places): string {
  const { low, rowLength, width, signed } = table;
  const stride = BigInt(rowLength * width);
  const base = BigInt((places.tables.get(table) as number) + column * width) - low * stride;
  const offset =
    stride === 1n ? valueText(index, places) : `mul(${valueText(index, places)}, ${hex(stride)})`;
  return `${signed ? "sar" : "shr"}(${WORD_BITS - 8 * width}, mload(add(${offset}, ${hex(base)})))`;
}

function pickStatement(
  { reduce, members }: PickNode,
  places: Places,
  keep: (expression: string) => string,
): string[] {
  const [first, ...rest] = members.map((member) => valueText(member, places));
  const beats = reduce.startsWith("argmax") ? "sgt" : "slt";
  const loses = reduce.startsWith("argmax") ? "slt" : "sgt";
  const leads = reduce.endsWith("first") ? `${beats}(v, best)` : `iszero(${loses}(v, best))`;
  return [
    `{ let at := 0 let best := ${first}`,
    ...rest.map((value, i) => `  { let v := ${value} if ${leads} { best := v at := ${i + 1} } }`),
    `  ${keep("at")} }`,
  ];
}

/** As the machine's word. */
export function hex(value: bigint | number): string {
  const word = BigInt.asUintN(WORD_BITS, BigInt(value));
  return `0x${word.toString(16)}`;
}
