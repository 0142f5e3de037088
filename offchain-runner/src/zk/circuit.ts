import { readFileSync } from "node:fs";
import { dtypeInfo } from "@opg-network/sdk/dtype";
import type { StoredGraph } from "../exact/blobs.ts";
import type { TensorPlace } from "../exact/program.ts";
import { elementCount } from "../exact/program.ts";
import { decodeProgram } from "../exact/programCodec.ts";
import { boundsOf } from "../exact/value.ts";
import { CircuitError } from "./circuitError.ts";
import { checkBits, checkSources, checkTerms } from "./circuitLimits.ts";
import { CircuitText } from "./circuitText.ts";
import { ArenaRanges, bitsFor, signedBitsFor, unionOf } from "./ranges.ts";
import { BINDING_BYTES, chunkCount, SIGNAL_BYTES } from "./statement.ts";
import type { Tally } from "./steps.ts";
import { writeStep } from "./steps.ts";

const GADGETS = readFileSync(new URL("gadgets.circom", import.meta.url), "utf8");
const BYTE = 8;

/** Circom source of a lowered graph, which is the same for the same graph. */
export interface CircuitSource {
  readonly source: string;
  readonly tally: Readonly<Tally>;
}

/** @throws CircuitError where the program has no defined meaning, or its ranges do not carry a circuit */
export function circuitSource({ root, stream }: Pick<StoredGraph, "root" | "stream">): CircuitSource {
  const records = decodeProgram(stream.subarray(0, root.programBytes));
  checkTerms(records.map(({ op }) => op));
  checkSources(records);
  const text = new CircuitText();
  const ranges = new ArenaRanges(root.arenaWords);
  const chunks = chunkCount(root);
  const tally: Tally = { activations: 0, leastBits: 0 };
  text.line("signal input binding;");
  root.inputs.forEach((place, i) => {
    text.line(`signal input x${i}[${elementCount(place.shape)}];`);
  });
  text.line(`signal output data[${chunks}];`);
  text.line(`var a[${root.arenaWords}];`);
  text.line(`var chunk[${chunks}];`);
  text.line("var at = 0;");
  root.inputs.forEach((place, i) => {
    tally.leastBits += writeInput(text, ranges, place, i);
  });
  for (const { op, pc } of records) {
    text.block(`${pc}: ${op.kind}`, () => {
      writeStep(op, { text, tally, ranges, stream });
    });
  }
  root.outputs.forEach((place, i) => {
    tally.leastBits += writeOutput(text, ranges, place, i);
  });
  tally.leastBits += writeBinding(text);
  checkBits(tally);
  text.loop("i", chunks, () => text.line("data[i] <== chunk[i];"));
  const head = ["pragma circom 2.1.6;", 'include "bitify.circom";', ""];
  const main = ["template Main() {", text.toString(), "}", "", "component main = Main();", ""];
  return { source: [...head, GADGETS, ...main].join("\n"), tally };
}

/** @returns the bits that it checks. Elements come as the unsigned numbers that their bits are; their bytes go into the statement. */
function writeInput(text: CircuitText, ranges: ArenaRanges, place: TensorPlace, index: number): number {
  const { bytes, kind } = dtypeInfo(place.dtype);
  const { lo, hi } = boundsOf(place.dtype);
  const count = elementCount(place.shape);
  const bits = kind === "bool" ? 1 : BYTE * bytes;
  const element = `in${index}`;
  text.block(`input ${index}: ${place.dtype}`, () => {
    text.line(`component ${element}[${count}];`);
    text.loop("i", count, () => {
      text.line(`${element}[i] = Num2Bits(${bits});`);
      text.line(`${element}[i].in <== x${index}[i];`);
      const sign = lo < 0n ? ` - ${element}[i].out[${bits - 1}] * ${2n ** BigInt(bits)}` : "";
      text.line(`a[${place.offset} + i] = x${index}[i]${sign};`);
      writeBytes(text, bytes, bits, (bit) => `${element}[i].out[${bit}]`);
    });
  });
  for (let i = 0; i < count; i++) ranges.set(place.offset + i, { lo, hi });
  return count * bits;
}

/** @returns the bits that it checks. Elements leave in two's complement; bits that cannot differ from zero or the sign are not checked again. */
function writeOutput(text: CircuitText, ranges: ArenaRanges, place: TensorPlace, index: number): number {
  const { bytes } = dtypeInfo(place.dtype);
  const count = elementCount(place.shape);
  if (count === 0) return 0;
  const range = unionOf(Array.from({ length: count }, (_, i) => ranges.at(place.offset + i)));
  const limits = boundsOf(place.dtype);
  if (range.lo < limits.lo || range.hi > limits.hi) {
    const reason = `an output can lie in ${range.lo} to ${range.hi}, beyond ${place.dtype}`;
    throw new CircuitError("circuit-range", { reason });
  }
  const isSigned = range.lo < 0n;
  const bits = isSigned ? signedBitsFor(range) + 1 : bitsFor(range.hi);
  const shift = isSigned ? ` + ${2n ** BigInt(bits - 1)}` : "";
  const element = `out${index}`;
  text.block(`output ${index}: ${place.dtype}`, () => {
    text.line(`component ${element}[${count}];`);
    text.loop("i", count, () => {
      text.line(`${element}[i] = Num2Bits(${bits});`);
      text.line(`${element}[i].in <== a[${place.offset} + i]${shift};`);
      if (!isSigned) writeBytes(text, bytes, bits, (bit) => `${element}[i].out[${bit}]`);
      else {
        text.line(`var sign = 1 - ${element}[i].out[${bits - 1}];`);
        writeBytes(text, bytes, bits - 1, (bit) => `${element}[i].out[${bit}]`, "sign");
      }
    });
  });
  return count * bits;
}

/**
 * Its bits are checked because it shares a signal with data: otherwise a prover could move a part of one to the other.
 * @returns how many they are
 */
function writeBinding(text: CircuitText): number {
  const bits = BYTE * BINDING_BYTES;
  text.block("binding", () => {
    text.line(`component bound = Num2Bits(${bits});`);
    text.line("bound.in <== binding;");
    // A number, and so its highest byte first.
    const bit = () => `bound.out[${BYTE} * (${BINDING_BYTES - 1} - k) + j]`;
    writeBytes(text, BINDING_BYTES, bits, bit);
  });
  return bits;
}

/** Bytes of one element, lowest first, go to the statement, 31 of them to a signal, the first one highest. */
function writeBytes(
  text: CircuitText,
  bytes: number,
  bits: number,
  bit: (index: string) => string,
  rest?: string,
): void {
  text.loop("k", bytes, () => {
    text.line("var octet = 0;");
    text.loop("j", BYTE, () => {
      const filler = rest === undefined ? "" : ` else octet += ${rest} * (1 << j);`;
      text.line(`if (k * ${BYTE} + j < ${bits}) octet += ${bit(`k * ${BYTE} + j`)} * (1 << j);${filler}`);
    });
    text.line(`chunk[at \\ ${SIGNAL_BYTES}] += octet * 256 ** (${SIGNAL_BYTES - 1} - at % ${SIGNAL_BYTES});`);
    text.line("at++;");
  });
}
