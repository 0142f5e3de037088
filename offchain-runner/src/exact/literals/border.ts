import { dtypeInfo } from "@opg-network/sdk/dtype";
import { elementCount, type TensorPlace } from "../program.ts";
import type { Places } from "./statements.ts";
import { hex, valueText } from "./statements.ts";
import type { ValueNode } from "./valueNode.ts";

const WORD = 32;

/** A tensor inside its encoding: where its data begins, and the words before that, which are always the same. */
interface EncodedTensor {
  readonly dataAt: number;
  readonly dataBytes: number;
  readonly width: number;
  readonly isBool: boolean;
}

export interface Encoding {
  readonly bytes: number;
  /** Words whose value is known, by their place. */
  readonly fixed: readonly (readonly [at: number, value: bigint])[];
  readonly tensors: readonly EncodedTensor[];
}

/** The one encoding of tensors of these types and shapes, with the elements left open. */
export function encodingOf(places: readonly Pick<TensorPlace, "dtype" | "shape">[]): Encoding {
  const fixed: [number, bigint][] = [
    [0, 32n],
    [WORD, BigInt(places.length)],
  ];
  const tensors: EncodedTensor[] = [];
  const heads = 2 * WORD;
  let at = heads + WORD * places.length;
  for (const [i, { dtype, shape }] of places.entries()) {
    const { bytes: width, number, kind } = dtypeInfo(dtype);
    const dataBytes = width * elementCount(shape);
    const words = [number, 3 * WORD, (4 + shape.length) * WORD, shape.length, ...shape, dataBytes];
    fixed.push([heads + WORD * i, BigInt(at - heads)]);
    for (const [j, word] of words.entries()) fixed.push([at + WORD * j, BigInt(word)]);
    const dataAt = at + WORD * words.length;
    tensors.push({ dataAt, dataBytes, width, isBool: kind === "bool" });
    at = dataAt + WORD * Math.ceil(dataBytes / WORD);
  }
  return { bytes: at, fixed, tensors };
}

/** Statements that refuse every input but the one encoding. */
export function inputCheck({ bytes, fixed, tensors }: Encoding): string[] {
  const load = (at: number) =>
    at === 0 ? "calldataload(input.offset)" : `calldataload(add(input.offset, ${at}))`;
  const lines = [
    `let wrong := xor(input.length, ${bytes})`,
    ...fixed.map(
      ([at, value]) => `wrong := or(wrong, ${value === 0n ? load(at) : `xor(${load(at)}, ${hex(value)})`})`,
    ),
  ];
  for (const { dataAt, dataBytes, isBool } of tensors) {
    const words = Math.ceil(dataBytes / WORD);
    const rest = dataBytes % WORD;
    const last = load(dataAt + WORD * (words - 1));
    if (rest !== 0) lines.push(`wrong := or(wrong, shl(${8 * rest}, ${last}))`);
    if (!isBool) continue;
    const mask = hex(BigInt(`0x${"fe".repeat(WORD)}`));
    for (let i = 0; i < words; i++)
      lines.push(`wrong := or(wrong, and(${load(dataAt + WORD * i)}, ${mask}))`);
  }
  return lines;
}

/** A word of an input's elements, each turned to big-endian. */
export function inputWord({ tensors }: Encoding, tensor: number, index: number): string {
  const { dataAt, width } = tensors[tensor] as EncodedTensor;
  const word = `calldataload(add(input.offset, ${dataAt + WORD * index}))`;
  return width === 1 ? word : `reversed${8 * width}(${word})`;
}

/** Statements that lay out the output behind `at`, as a function returns bytes. */
export function outputStatements(
  { bytes, fixed, tensors }: Encoding,
  elements: readonly (readonly ValueNode[])[],
  places: Places,
  at: number,
): string[] {
  const content = at + 2 * WORD;
  const lines = [`mstore(${hex(at)}, 0x20)`, `mstore(${hex(at + WORD)}, ${hex(bytes)})`];
  // Memory out here was never written: zeros are there already.
  for (const [place, value] of fixed)
    if (value !== 0n) lines.push(`mstore(${hex(content + place)}, ${hex(value)})`);
  for (const [i, { dataAt, width }] of tensors.entries()) {
    const perWord = WORD / width;
    const values = (elements[i] ?? []).map((node) => valueText(node, places));
    for (let from = 0; from < values.length; from += perWord) {
      const to = content + dataAt + from * width;
      const group = values.slice(from, from + perWord);
      if (width === 1) {
        for (const [j, value] of group.entries()) lines.push(`mstore8(${hex(to + j)}, ${value})`);
        continue;
      }
      lines.push(`{ let w := 0`);
      for (const [j, value] of group.entries()) {
        // The elements behind are in their places already, so the sign goes where the next one will be or off the word.
        const top = `shl(${256 - 8 * width}, ${value})`;
        lines.push(`  w := or(w, ${j === 0 ? top : `shr(${8 * width * j}, ${top})`})`);
      }
      lines.push(`  mstore(${hex(to)}, reversed${8 * width}(w)) }`);
    }
  }
  return [...lines, `return(${hex(at)}, ${hex(2 * WORD + bytes)})`];
}

/** Functions that reverse the bytes inside each element of a word. */
export function swapFunctions(widths: ReadonlySet<number>): string[] {
  const steps = [
    { shift: 8, mask: "00ff".repeat(16) },
    { shift: 16, mask: "0000ffff".repeat(8) },
    { shift: 32, mask: "00000000ffffffff".repeat(4) },
  ];
  return [2, 4, 8]
    .filter((width) => widths.has(width))
    .map((width) => {
      const needed = steps.filter(({ shift }) => shift < 8 * width);
      const lines = needed.map(
        ({ shift, mask }) => `r := or(and(shr(${shift}, r), 0x${mask}), shl(${shift}, and(r, 0x${mask})))`,
      );
      return `function reversed${8 * width}(w) -> r { r := w ${lines.join(" ")} }`;
    });
}
