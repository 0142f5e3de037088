import { ByteReader, ByteWriter } from "./byteCursor.ts";
import { checkOp } from "./opRules.ts";
import {
  type CopyLoop,
  type ElementWidth,
  type LiveSegment,
  MAX_RECORD_BYTES,
  MAX_SEGMENTS,
  type MapParams,
  type Op,
  type OpKind,
  type PlacedRecord,
  type PlacedStep,
  type ProgramRecord,
  REDUCE_KINDS,
  type Requantisation,
  ZIP_KINDS,
} from "./program.ts";
import { ProgramError } from "./programError.ts";

/** Where a record counts its segments, and what one of them takes. */
const LIVE_AT = 7;
const SEGMENT_BYTES = 9;
const OPCODES: Readonly<Record<OpKind, number>> = {
  fill: 1,
  copy: 2,
  dense: 3,
  map: 4,
  zip: 5,
  table: 6,
  reduce: 7,
};
const KINDS = new Map(Object.entries(OPCODES).map(([kind, code]) => [code, kind as OpKind]));

/** The bytes of one record. @throws ProgramError where the step breaks a rule of the format */
export function encodeRecord(record: ProgramRecord): Uint8Array {
  checkOp(record.op);
  const body = new ByteWriter();
  writeLive(body, record.live);
  writeOp(body, record.op);
  const head = new ByteWriter();
  const size = 7 + body.length;
  if (size > MAX_RECORD_BYTES) throw recordTooLong(size);
  head.u8(OPCODES[record.op.kind]);
  head.u16(size);
  head.u32(record.gasBound);
  head.bytes(body.finish());
  return head.finish();
}

/** The bytes of a program: its records one after the other. */
export function encodeProgram(records: readonly ProgramRecord[]): Uint8Array {
  const out = new ByteWriter();
  for (const record of records) out.bytes(encodeRecord(record));
  return out.finish();
}

/** The record at `pc`. @throws ProgramError for any bytes that `encodeRecord` would not produce */
export function decodeRecord(program: Uint8Array, pc: number): PlacedRecord {
  return { ...decodeStep(program, pc), live: decodeLive(program, pc) };
}

/** The record at `pc` without its segments: all that an evaluation looks at. @throws ProgramError */
export function decodeStep(program: Uint8Array, pc: number): PlacedStep {
  const head = new ByteReader(program, pc);
  const kind = KINDS.get(head.u8());
  const size = head.u16();
  if (kind === undefined) throw new ProgramError("program-malformed", "unknown operation", { pc });
  if (size > MAX_RECORD_BYTES) throw recordTooLong(size);
  if (size > program.length - pc) {
    throw new ProgramError("program-truncated", "the last record goes past the end", { pc, size });
  }
  const reader = new ByteReader(program, pc + 3, pc + size);
  const gasBound = reader.u32();
  reader.bytes(SEGMENT_BYTES * reader.u8());
  const op = readOp(reader, kind);
  if (reader.left !== 0)
    throw new ProgramError("program-malformed", "a record is longer than its step", { pc });
  checkOp(op);
  return { op, gasBound, pc, nextPc: pc + size };
}

/** What is alive before the record at `pc`, which `decodeStep` takes. @throws ProgramError */
export function decodeLive(program: Uint8Array, pc: number): LiveSegment[] {
  return readLive(new ByteReader(program, pc + LIVE_AT));
}

/** All records of a program, in order. */
export function decodeProgram(program: Uint8Array): PlacedRecord[] {
  const records: PlacedRecord[] = [];
  for (let pc = 0; pc < program.length; ) {
    const record = decodeRecord(program, pc);
    records.push(record);
    pc = record.nextPc;
  }
  return records;
}

function writeLive(out: ByteWriter, live: readonly LiveSegment[]): void {
  if (live.length > MAX_SEGMENTS) throw new ProgramError("program-limit", `${live.length} live segments`);
  out.u8(live.length);
  for (const { offset, count, width, signed } of live) {
    out.u32(offset);
    out.u32(count);
    out.u8(widthByte(width, signed));
  }
}

function readLive(reader: ByteReader): LiveSegment[] {
  return Array.from({ length: reader.u8() }, () => {
    const [offset, count] = [reader.u32(), reader.u32()];
    return { offset, count, ...readWidth(reader) };
  });
}

function writeOp(out: ByteWriter, op: Op): void {
  switch (op.kind) {
    case "fill":
      out.u32(op.dst);
      out.u32(op.count);
      out.i64(op.value);
      return;
    case "copy":
      out.u32(op.src);
      out.u32(op.dst);
      writeCopyLoops(out, op.loops);
      return;
    case "dense":
      for (const value of [op.x, op.y, op.rows, op.xRowStride, op.yRowStride, op.k, op.n, op.weights]) {
        out.u32(value);
      }
      out.u8(op.weightOffset);
      writeRequantisation(out, op);
      return;
    case "map":
      for (const value of [op.src, op.dst, op.outer, op.channels, op.inner]) out.u32(value);
      out.u8(op.perChannel ? 1 : 0);
      if (op.perChannel) out.u32(op.params);
      else {
        out.i64(op.m);
        out.i64(op.b);
      }
      writeRequantisation(out, op);
      return;
    case "zip":
      out.u8(ZIP_KINDS.indexOf(op.zip));
      for (const value of [op.a, op.b, op.dst]) out.u32(value);
      out.u8(op.loops.length);
      for (const loop of op.loops) {
        out.u32(loop.count);
        for (const stride of [loop.aStride, loop.bStride, loop.dstStride]) out.i32(stride);
      }
      return;
    case "table":
      for (const value of [op.src, op.dst, op.count]) out.u32(value);
      out.i64(op.low);
      out.u32(op.rows);
      out.u32(op.rowLength);
      out.u8(widthByte(op.width, op.signed));
      out.u32(op.table);
      return;
    case "reduce":
      out.u8(REDUCE_KINDS.indexOf(op.reduce));
      out.u32(op.src);
      out.u32(op.dst);
      writeCopyLoops(out, op.outer);
      out.u8(op.inner.length);
      for (const { count, srcStride } of op.inner) {
        out.u32(count);
        out.i32(srcStride);
      }
      return;
  }
}

function readOp(reader: ByteReader, kind: OpKind): Op {
  switch (kind) {
    case "fill":
      return { kind, dst: reader.u32(), count: reader.u32(), value: reader.i64() };
    case "copy":
      return { kind, src: reader.u32(), dst: reader.u32(), loops: readCopyLoops(reader) };
    case "dense":
      return {
        kind,
        x: reader.u32(),
        y: reader.u32(),
        rows: reader.u32(),
        xRowStride: reader.u32(),
        yRowStride: reader.u32(),
        k: reader.u32(),
        n: reader.u32(),
        weights: reader.u32(),
        weightOffset: reader.u8(),
        ...readRequantisation(reader),
      };
    case "map": {
      const place = {
        kind,
        src: reader.u32(),
        dst: reader.u32(),
        outer: reader.u32(),
        channels: reader.u32(),
        inner: reader.u32(),
      };
      const params = readMapParams(reader);
      return { ...place, ...params, ...readRequantisation(reader) };
    }
    case "zip":
      return {
        kind,
        zip: readName(reader, ZIP_KINDS),
        a: reader.u32(),
        b: reader.u32(),
        dst: reader.u32(),
        loops: Array.from({ length: reader.u8() }, () => ({
          count: reader.u32(),
          aStride: reader.i32(),
          bStride: reader.i32(),
          dstStride: reader.i32(),
        })),
      };
    case "table":
      return {
        kind,
        src: reader.u32(),
        dst: reader.u32(),
        count: reader.u32(),
        low: reader.i64(),
        rows: reader.u32(),
        rowLength: reader.u32(),
        ...readWidth(reader),
        table: reader.u32(),
      };
    case "reduce":
      return {
        kind,
        reduce: readName(reader, REDUCE_KINDS),
        src: reader.u32(),
        dst: reader.u32(),
        outer: readCopyLoops(reader),
        inner: Array.from({ length: reader.u8() }, () => ({ count: reader.u32(), srcStride: reader.i32() })),
      };
  }
}

function writeCopyLoops(out: ByteWriter, loops: readonly CopyLoop[]): void {
  out.u8(loops.length);
  for (const { count, srcStride, dstStride } of loops) {
    out.u32(count);
    out.i32(srcStride);
    out.i32(dstStride);
  }
}

function readCopyLoops(reader: ByteReader): CopyLoop[] {
  return Array.from({ length: reader.u8() }, () => ({
    count: reader.u32(),
    srcStride: reader.i32(),
    dstStride: reader.i32(),
  }));
}

function writeRequantisation(out: ByteWriter, { divisor, lo, hi }: Requantisation): void {
  for (const value of [divisor, lo, hi]) out.i64(value);
}

function readRequantisation(reader: ByteReader): Requantisation {
  return { divisor: reader.i64(), lo: reader.i64(), hi: reader.i64() };
}

function readMapParams(reader: ByteReader): MapParams {
  const perChannel = reader.u8();
  if (perChannel > 1) throw new ProgramError("program-malformed", `perChannel is ${perChannel}`);
  if (perChannel === 1) return { perChannel: true, params: reader.u32() };
  return { perChannel: false, m: reader.i64(), b: reader.i64() };
}

function readName<T extends string>(reader: ByteReader, names: readonly T[]): T {
  const index = reader.u8();
  const name = names[index];
  if (name === undefined) throw new ProgramError("program-malformed", `unknown kind ${index}`, { index });
  return name;
}

function widthByte(width: ElementWidth, signed: boolean): number {
  return width | (signed ? 0x80 : 0);
}

function readWidth(reader: ByteReader): { width: ElementWidth; signed: boolean } {
  const byte = reader.u8();
  const width = byte & 0x7f;
  if (width !== 1 && width !== 2 && width !== 4 && width !== 8) {
    throw new ProgramError("program-malformed", `an element of ${width} bytes`, { width });
  }
  return { width, signed: byte >= 0x80 };
}

function recordTooLong(size: number): ProgramError {
  return new ProgramError("program-limit", `a record of ${size} bytes`, { size, max: MAX_RECORD_BYTES });
}
