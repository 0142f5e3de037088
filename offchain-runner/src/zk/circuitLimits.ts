import { footprintOf } from "../exact/opRules.ts";
import type { Op, PlacedRecord } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import type { Tally } from "./steps.ts";

/** Terms that a program's loops go through: the compiler takes about 5 kB of its 4 GiB for each. */
export const MAX_TERMS = 400_000;
/** Bits to check in all; a circuit has few more constraints than these. */
export const MAX_BITS = 2 ** 20;

/** @throws CircuitError `circuit-too-large`, before any work that a publisher's program could make endless */
export function checkTerms(ops: readonly Op[]): void {
  const terms = ops.reduce((sum, op) => sum + termsOf(op), 0);
  if (terms > MAX_TERMS)
    throw new CircuitError("circuit-too-large", { reason: `${terms} terms, at most ${MAX_TERMS}`, terms });
}

export function checkBits({ leastBits }: Readonly<Tally>): void {
  if (leastBits > MAX_BITS)
    throw new CircuitError("circuit-too-large", {
      reason: `${leastBits} bits, at most ${MAX_BITS}`,
      leastBits,
    });
}

/**
 * A step that writes over what it has still to read gives what the order of its work gives, which is the machine's own: a
 * circuit of it could prove an output that the machine refutes. Copies and pairs have their order in the format.
 * @throws CircuitError `circuit-step-undefined`
 */
export function checkSources(records: readonly PlacedRecord[]): void {
  for (const { op, pc } of records) {
    if (op.kind === "copy" || op.kind === "zip" || isInPlace(op)) continue;
    const { reads, writes } = footprintOf(op);
    const isApart = reads.every((read) =>
      writes.every((write) => read.end <= write.from || write.end <= read.from),
    );
    if (!isApart)
      throw new CircuitError("circuit-step-undefined", { reason: `a ${op.kind} onto its own source`, pc });
  }
}

/** Each result lies where the one value lay that it is made of. */
function isInPlace(op: Op): boolean {
  return (op.kind === "map" || (op.kind === "table" && op.rowLength === 1)) && op.src === op.dst;
}

function termsOf(op: Op): number {
  switch (op.kind) {
    case "fill":
      return op.count;
    case "copy":
    case "zip":
      return product(op.loops);
    case "dense":
      return op.rows * op.k * op.n;
    case "map":
      return op.outer * op.channels * op.inner;
    case "table":
      return op.rows * op.rowLength + op.count * op.rowLength;
    case "reduce":
      return product([...op.outer, ...op.inner]);
  }
}

function product(loops: readonly { count: number }[]): number {
  return loops.reduce((all, { count }) => all * count, 1);
}
