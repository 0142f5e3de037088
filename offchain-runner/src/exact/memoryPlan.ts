import { ExactError } from "./exactError.ts";
import type { Touches } from "./footprint.ts";
import { touchesOf } from "./footprint.ts";
import { widthOf } from "./placedOp.ts";
import type { Buffer, PlannedOp } from "./plannedOp.ts";
import type { LiveSegment } from "./program.ts";
import { MAX_ARENA_WORDS, MAX_SEGMENTS } from "./program.ts";
import { splitOp } from "./splitOp.ts";

/** Pieces of one buffer that a checkpoint may hold before the buffer is cleared first, so that it is one piece. */
const MAX_PIECES = 4;
/** Words that all steps read and write, each counted once a step. */
const MAX_TOUCHED_WORDS = 1 << 25;

export interface MemoryPlan {
  readonly ops: readonly PlannedOp[];
  /** Segments of the arena that are alive before each operation. */
  readonly live: readonly LiveSegment[][];
  readonly arenaWords: number;
  readonly offsetOf: (buffer: Buffer) => number;
}

/** Splits large operations, finds what is alive when, and gives every buffer a place in the arena. */
export function planMemory(
  planned: readonly PlannedOp[],
  inputs: readonly Buffer[],
  outputs: readonly Buffer[],
): MemoryPlan {
  takeOver(planned, inputs, outputs);
  let ops = planned.flatMap(splitOp);
  // Buffers that are cleared before they are written bit by bit, and from then on kept whole.
  const whole = new Set<Buffer>();
  for (;;) {
    const touches = touchesOfAll(ops);
    const spans = liveSpans(touches, outputs, whole);
    const pieces = livePieces(touches, spans, inputs);
    const scattered = scatteredBuffers(pieces, new Set([...inputs, ...whole]));
    if (scattered.size === 0) {
      const { offsetOf, arenaWords } = allocate(touches, inputs, outputs);
      return {
        ops,
        live: pieces.map((before) => before.map((piece) => segment(piece, offsetOf))),
        arenaWords,
        offsetOf,
      };
    }
    for (const buffer of scattered) whole.add(buffer);
    ops = cleared(ops, touches, scattered);
  }
}

function touchesOfAll(ops: readonly PlannedOp[]): Touches[] {
  let words = 0;
  return ops.map((op) => {
    const touches = touchesOf(op);
    for (const touched of [...touches.reads, ...touches.writes]) words += touched.words.length;
    if (words > MAX_TOUCHED_WORDS)
      throw new ExactError("exact-too-large", { reason: `its steps touch over ${MAX_TOUCHED_WORDS} words` });
    return touches;
  });
}

/** A map whose input is used for the last time writes its output over it. */
function takeOver(ops: readonly PlannedOp[], inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
  const lastRead = new Map<Buffer, number>();
  ops.forEach((op, i) => {
    for (const { buffer } of touchesOf(op).reads) lastRead.set(buffer, i);
  });
  const kept = new Set([...inputs, ...outputs]);
  ops.forEach((op, i) => {
    if (op.kind !== "map") return;
    const { src, dst } = op;
    const isLast = lastRead.get(src.buffer) === i && !kept.has(src.buffer);
    if (isLast && src.offset === 0 && src.buffer.size === dst.buffer.size) dst.buffer.takesOver = src.buffer;
  });
}

interface Span {
  from: number;
  end: number;
}

type Spans = ReadonlyMap<Buffer, Span>[];

/**
 * For each operation, of each buffer the words from the first to the last that are read at it or later. These spans only
 * shrink from one operation to the next: what one checkpoint leaves out is in none of the later ones.
 */
function liveSpans(
  touches: readonly Touches[],
  outputs: readonly Buffer[],
  whole: ReadonlySet<Buffer>,
): Spans {
  const alive = new Map<Buffer, Uint8Array>();
  const wordsOf = (buffer: Buffer) => {
    const words = alive.get(buffer) ?? new Uint8Array(buffer.size);
    alive.set(buffer, words);
    return words;
  };
  for (const buffer of outputs) wordsOf(buffer).fill(1);
  const spans: Map<Buffer, Span>[] = [];
  const current = new Map<Buffer, Span>();
  for (const buffer of outputs) current.set(buffer, { from: 0, end: buffer.size });
  for (const { reads, writes } of [...touches].reverse()) {
    for (const { buffer, words } of writes) for (const word of words) wordsOf(buffer)[word] = 0;
    for (const { buffer, words } of reads) for (const word of words) wordsOf(buffer)[word] = 1;
    for (const { buffer } of [...writes, ...reads]) {
      const own = wordsOf(buffer);
      const from = own.indexOf(1);
      const isCleared = writes.some(
        ({ buffer: written, words }) => written === buffer && words.length === buffer.size,
      );
      if (whole.has(buffer) && !isCleared) {
        if (from >= 0) current.set(buffer, { from: 0, end: buffer.size });
      } else if (from < 0) current.delete(buffer);
      else current.set(buffer, hullOf({ from, end: own.lastIndexOf(1) + 1 }, current.get(buffer)));
    }
    if (current.size > MAX_SEGMENTS)
      throw new ExactError("exact-too-large", { reason: `${current.size} values are alive at once` });
    spans.push(new Map(current));
  }
  return spans.reverse();
}

function hullOf(a: Span, b: Span | undefined): Span {
  return b === undefined ? a : { from: Math.min(a.from, b.from), end: Math.max(a.end, b.end) };
}

interface Piece extends Span {
  readonly buffer: Buffer;
}

/** For each operation, what has been written of what is still needed. */
function livePieces(touches: readonly Touches[], spans: Spans, inputs: readonly Buffer[]): Piece[][] {
  const written = new Map<Buffer, Uint8Array>();
  for (const buffer of inputs) written.set(buffer, new Uint8Array(buffer.size).fill(1));
  return touches.map(({ writes }, i) => {
    const pieces: Piece[] = [];
    for (const buffer of written.keys()) if (spans[i]?.has(buffer) !== true) written.delete(buffer);
    for (const [buffer, span] of spans[i] ?? [])
      pieces.push(...runsWithin(buffer, written.get(buffer), span));
    for (const { buffer, words } of writes) {
      const own = written.get(buffer) ?? new Uint8Array(buffer.size);
      for (const word of words) own[word] = 1;
      written.set(buffer, own);
    }
    return pieces;
  });
}

function runsWithin(buffer: Buffer, written: Uint8Array | undefined, { from, end }: Span): Piece[] {
  const pieces: Piece[] = [];
  if (written === undefined) return pieces;
  let at = from;
  while (at < end) {
    const start = written.indexOf(1, at);
    if (start < 0 || start >= end) break;
    const stop = written.indexOf(0, start);
    at = stop < 0 || stop > end ? end : stop;
    pieces.push({ buffer, from: start, end: at });
  }
  return pieces;
}

function scatteredBuffers(pieces: readonly Piece[][], settled: ReadonlySet<Buffer>): Set<Buffer> {
  const found = new Set<Buffer>();
  for (const before of pieces) {
    const counts = new Map<Buffer, number>();
    for (const { buffer } of before) {
      const count = (counts.get(buffer) ?? 0) + 1;
      if (count > MAX_PIECES && !settled.has(buffer) && buffer.takesOver === undefined) found.add(buffer);
      counts.set(buffer, count);
    }
  }
  return found;
}

/** Each of the buffers filled before it is written for the first time. */
function cleared(
  ops: readonly PlannedOp[],
  touches: readonly Touches[],
  buffers: ReadonlySet<Buffer>,
): PlannedOp[] {
  const done = new Set<Buffer>();
  return ops.flatMap((op, i) => {
    const fills: PlannedOp[] = [];
    for (const { buffer } of touches[i]?.writes ?? []) {
      if (!buffers.has(buffer) || done.has(buffer)) continue;
      done.add(buffer);
      fills.push({ kind: "fill", dst: { buffer, offset: 0 }, count: buffer.size, value: 0n });
    }
    return [...fills, op];
  });
}

function segment({ buffer, from, end }: Piece, offsetOf: (buffer: Buffer) => number): LiveSegment {
  return { offset: offsetOf(buffer) + from, count: end - from, ...widthOf(buffer) };
}

interface Lifetime {
  readonly root: Buffer;
  readonly size: number;
  from: number;
  end: number;
}

function allocate(touches: readonly Touches[], inputs: readonly Buffer[], outputs: readonly Buffer[]) {
  const lifetimes = lifetimesOf(touches, inputs, outputs);
  const placed: (Lifetime & { offset: number })[] = [];
  const offsets = new Map<Buffer, number>();
  // The largest first; sort keeps the order in which they come where sizes are the same.
  for (const lifetime of [...lifetimes].sort((a, b) => b.size - a.size)) {
    const rivals = placed.filter(({ from, end }) => from <= lifetime.end && lifetime.from <= end);
    let offset = 0;
    for (const rival of rivals.sort((a, b) => a.offset - b.offset)) {
      if (offset + lifetime.size <= rival.offset) break;
      offset = Math.max(offset, rival.offset + rival.size);
    }
    placed.push({ ...lifetime, offset });
    offsets.set(lifetime.root, offset);
  }
  const arenaWords = Math.max(...placed.map(({ offset, size }) => offset + size));
  if (arenaWords > MAX_ARENA_WORDS)
    throw new ExactError("exact-too-large", {
      reason: `it needs ${arenaWords} words of memory, at most ${MAX_ARENA_WORDS}`,
    });
  return { arenaWords, offsetOf: (buffer: Buffer) => offsets.get(rootOf(buffer)) ?? 0 };
}

function rootOf(buffer: Buffer): Buffer {
  return buffer.takesOver === undefined ? buffer : rootOf(buffer.takesOver);
}

function lifetimesOf(
  touches: readonly Touches[],
  inputs: readonly Buffer[],
  outputs: readonly Buffer[],
): Lifetime[] {
  const lifetimes = new Map<Buffer, Lifetime>();
  const touch = (buffer: Buffer, at: number) => {
    const root = rootOf(buffer);
    const lifetime = lifetimes.get(root);
    if (lifetime === undefined) lifetimes.set(root, { root, size: root.size, from: at, end: at });
    else lifetime.end = at;
  };
  for (const buffer of inputs) touch(buffer, -1);
  touches.forEach(({ reads, writes }, i) => {
    for (const { buffer } of [...reads, ...writes]) touch(buffer, i);
  });
  for (const buffer of outputs) touch(buffer, touches.length);
  return [...lifetimes.values()];
}
