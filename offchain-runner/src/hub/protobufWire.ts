import { Reader, Writer } from "protobufjs/minimal.js";

/** What a hostile file may cost: every message, string and list entry takes one item, every nesting one level. */
export interface WireLimits {
  readonly maxItems: number;
  readonly maxDepth: number;
  readonly maxTextBytes: number;
}

export class WireFault extends Error {
  readonly reason: "malformed" | "too-many-items" | "too-deep";

  constructor(reason: WireFault["reason"], detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
  }
}

interface Cursor {
  readonly reader: Reader;
  readonly limits: WireLimits;
  items: number;
  depth: number;
}

type WireType = 0 | 2 | 5;

/** How one value goes from and to the wire. */
export interface Kind<T> {
  readonly wire: WireType;
  readonly packable?: true;
  read(cursor: Cursor): T;
  write(writer: Writer, value: T): void;
}

interface One<T> {
  readonly id: number;
  readonly one: Kind<T>;
}

interface Many<T> {
  readonly id: number;
  readonly many: Kind<T>;
  /** Entries beyond this count are checked and dropped. */
  readonly keep: number;
}

type Entry<V> = V extends readonly (infer E)[] ? Many<E> : One<NonNullable<V>>;
export type Fields<T> = { readonly [K in keyof T]-?: Entry<T[K]> };

type AnyField = (One<unknown> | Many<unknown>) & { readonly name: string };

interface FieldTable {
  readonly list: readonly AnyField[];
  readonly byId: ReadonlyMap<number, AnyField>;
}

export interface MessageKind<T> extends Kind<T> {
  readBody(cursor: Cursor, end: number): T;
  writeBody(writer: Writer, value: T): void;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

function spend(cursor: Cursor): void {
  cursor.items += 1;
  if (cursor.items > cursor.limits.maxItems) {
    throw new WireFault("too-many-items", `more than ${cursor.limits.maxItems}`);
  }
}

export const integer: Kind<bigint> = {
  wire: 0,
  packable: true,
  read: ({ reader }) => {
    const long = reader.int64();
    return (BigInt(long.high) << 32n) | BigInt(long.low >>> 0);
  },
  write: (writer, value) => {
    const bits = BigInt.asUintN(64, value);
    writer.int64({ low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: false });
  },
};

export const int32: Kind<number> = {
  wire: 0,
  read: ({ reader }) => reader.int32(),
  write: (writer, value) => {
    writer.int32(value);
  },
};

export const float32: Kind<number> = {
  wire: 5,
  read: ({ reader }) => reader.float(),
  write: (writer, value) => {
    writer.float(value);
  },
};

/** A view into the file, never a copy. */
export const octets: Kind<Uint8Array> = {
  wire: 2,
  read: (cursor) => {
    spend(cursor);
    return cursor.reader.bytes();
  },
  write: (writer, value) => {
    writer.bytes(value);
  },
};

export const text: Kind<string> = {
  wire: 2,
  read: (cursor) => {
    spend(cursor);
    const bytes = cursor.reader.bytes();
    if (bytes.length > cursor.limits.maxTextBytes) throw new WireFault("malformed", "a name is too long");
    return strictUtf8.decode(bytes);
  },
  write: (writer, value) => {
    writer.string(value);
  },
};

export function one<T>(id: number, kind: Kind<T>): One<T> {
  return { id, one: kind };
}

export function many<T>(id: number, kind: Kind<T>, keep = Number.POSITIVE_INFINITY): Many<T> {
  return { id, many: kind, keep };
}

/** `fields` is a function so that messages can contain themselves. */
export function message<T extends object>(fields: () => Fields<T>): MessageKind<T> {
  let known: FieldTable | undefined;
  const table = () => {
    known ??= fieldTable(fields());
    return known;
  };
  const readBody = (cursor: Cursor, end: number) => readMessage(cursor, end, table()) as T;
  const writeBody = (writer: Writer, value: T) => {
    for (const field of table().list) writeField(writer, field, value[field.name as keyof T]);
  };
  return {
    wire: 2,
    readBody,
    writeBody,
    read: (cursor) => {
      const { reader } = cursor;
      return readBody(cursor, endOfChunk(reader));
    },
    write: (writer, value) => {
      writer.fork();
      writeBody(writer, value);
      writer.ldelim();
    },
  };
}

/** @throws WireFault and nothing else, whatever the bytes are. */
export function decode<T>(kind: MessageKind<T>, file: Uint8Array, limits: WireLimits): T {
  try {
    return kind.readBody({ reader: Reader.create(file), limits, items: 0, depth: 0 }, file.length);
  } catch (cause) {
    if (cause instanceof WireFault) throw cause;
    throw new WireFault("malformed", cause instanceof Error ? cause.message : "unreadable");
  }
}

export function encode<T>(kind: MessageKind<T>, value: T): Uint8Array {
  const writer = Writer.create();
  kind.writeBody(writer, value);
  return writer.finish();
}

function fieldTable(fields: object): FieldTable {
  const list = Object.entries(fields).map(([name, field]) => ({
    ...(field as One<unknown> | Many<unknown>),
    name,
  }));
  return { list, byId: new Map(list.map((field) => [field.id, field])) };
}

function endOfChunk(reader: Reader): number {
  const length = reader.size();
  const end = reader.pos + length;
  if (end > reader.len) throw new WireFault("malformed", "a field is longer than what holds it");
  return end;
}

function readMessage(cursor: Cursor, end: number, table: FieldTable): Record<string, unknown> {
  spend(cursor);
  if (cursor.depth >= cursor.limits.maxDepth)
    throw new WireFault("too-deep", `more than ${cursor.limits.maxDepth}`);
  cursor.depth += 1;
  const { reader } = cursor;
  const outerEnd = reader.len;
  reader.len = end;
  const value: Record<string, unknown> = {};
  for (const field of table.list) if ("many" in field) value[field.name] = [];
  while (reader.pos < end) {
    const tag = reader.tag();
    const field = table.byId.get(tag >>> 3);
    if (field === undefined) skip(reader, tag);
    else readField(cursor, field, tag & 7, value);
  }
  reader.len = outerEnd;
  cursor.depth -= 1;
  return value;
}

function readField(cursor: Cursor, field: AnyField, wire: number, into: Record<string, unknown>): void {
  const kind = "many" in field ? field.many : field.one;
  if ("one" in field) {
    // Protobuf merges a repeated message and keeps the last of a repeated scalar; readers disagree, writers never do it.
    if (into[field.name] !== undefined) throw new WireFault("malformed", `${field.name} appears twice`);
    if (wire !== kind.wire) throw new WireFault("malformed", `${field.name} has wire type ${wire}`);
    into[field.name] = kind.read(cursor);
    return;
  }
  const entries = into[field.name] as unknown[];
  const { reader } = cursor;
  if (wire === kind.wire) {
    keep(entries, kind.read(cursor), field.keep);
  } else if (wire === 2 && kind.packable === true) {
    const end = endOfChunk(reader);
    const outerEnd = reader.len;
    reader.len = end;
    while (reader.pos < end) keep(entries, kind.read(cursor), field.keep);
    reader.len = outerEnd;
  } else {
    throw new WireFault("malformed", `${field.name} has wire type ${wire}`);
  }
}

function keep(entries: unknown[], entry: unknown, limit: number): void {
  if (entries.length < limit) entries.push(entry);
}

function skip(reader: Reader, tag: number): void {
  const wire = tag & 7;
  if (wire === 3 || wire === 4) throw new WireFault("malformed", "groups are not used in ONNX");
  reader.skipType(wire, 0, tag >>> 3);
}

function writeField(writer: Writer, field: AnyField, value: unknown): void {
  if (value === undefined) return;
  if ("one" in field) {
    writer.uint32((field.id << 3) | field.one.wire);
    field.one.write(writer, value);
    return;
  }
  for (const entry of value as unknown[]) {
    writer.uint32((field.id << 3) | field.many.wire);
    field.many.write(writer, entry);
  }
}
