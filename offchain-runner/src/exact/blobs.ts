import { getCreate2Address, keccak256, ZeroHash } from "ethers";
import { graphGas, opGas } from "./gasModel.ts";
import {
  BLOB_DATA_BYTES,
  type GraphRoot,
  type LiveSegment,
  LOWERING_VERSION,
  type Op,
  PROGRAM_WINDOW_BYTES,
  type ProgramRecord,
  type TensorPlace,
} from "./program.ts";
import { encodeProgram } from "./programCodec.ts";
import { ProgramError } from "./programError.ts";
import { encodeRoot, isStreamInRoot, readRoot } from "./rootCodec.ts";

/** The creation code that `BlobStore` deploys: it returns `0x00 ‖ data`. */
export function blobCreationCode(data: Uint8Array): Uint8Array {
  if (data.length > BLOB_DATA_BYTES) {
    throw new ProgramError("blob-too-large", `${data.length} bytes`, { bytes: data.length });
  }
  const code = data.length + 1;
  // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN, then the code.
  const head = [0x61, code >> 8, code & 0xff, 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3, 0x00];
  const creation = new Uint8Array(head.length + data.length);
  creation.set(head);
  creation.set(data, head.length);
  return creation;
}

/** What names a blob everywhere: keccak256 of its creation code. */
export function blobDigest(data: Uint8Array): string {
  return keccak256(blobCreationCode(data));
}

/** Where a `BlobStore` keeps the blob of that digest. */
export function blobAddress(store: string, digest: string): string {
  return getCreate2Address(store, ZeroHash, digest);
}

/** The stream in pieces that fit a blob each. */
export function cutStream(stream: Uint8Array): Uint8Array[] {
  const count = Math.ceil(stream.length / BLOB_DATA_BYTES);
  return Array.from({ length: count }, (_, i) =>
    stream.slice(i * BLOB_DATA_BYTES, (i + 1) * BLOB_DATA_BYTES),
  );
}

/** A lowered graph as it is stored: `graphRoot` names it; its blobs are what an upload puts on chain, root last. */
export type StoredGraph = {
  graphRoot: string;
  root: GraphRoot;
  rootBytes: Uint8Array;
  stream: Uint8Array;
  blobs: Uint8Array[];
};

/** What the interpreter runs. */
export type LoweredGraph = Pick<StoredGraph, "root" | "stream">;

/** Everything of a graph that the lowering decides. Positions of constants count from the start of `constants`. */
export type GraphParts = {
  steps: readonly Op[];
  /** Segments of the arena that are alive before each step. */
  live: readonly (readonly LiveSegment[])[];
  constants: Uint8Array;
  arenaWords: number;
  inputs: TensorPlace[];
  outputs: TensorPlace[];
};

/**
 * Puts program and constants into one stream, moves the positions of constants behind the program, bounds what the
 * steps cost, and cuts the stream where it does not fit the root.
 */
export function storeGraph(parts: GraphParts): StoredGraph {
  const { constants, arenaWords, inputs, outputs } = parts;
  const bare = parts.steps.map(
    (op, i): ProgramRecord => ({ op, gasBound: 0, live: [...(parts.live[i] ?? [])] }),
  );
  const programBytes = encodeProgram(bare).length;
  const streamBytes = programBytes + constants.length;
  const sizes = { loweringVersion: LOWERING_VERSION, programBytes, streamBytes, arenaWords };
  const isApart = !isStreamInRoot({ ...sizes, gasBound: 0n, inputs, outputs, blobDigests: [] });
  // A step that has the window moved may cost as much as one that opens blobs.
  const isLong = isApart || programBytes > PROGRAM_WINDOW_BYTES;
  const records = bare.map(({ op, live }): ProgramRecord => {
    return { op: withConstantsAt(op, programBytes), gasBound: opGas(op, isLong), live };
  });
  const stream = new Uint8Array(Buffer.concat([encodeProgram(records), constants]));
  const pieces = isApart ? cutStream(stream) : [];
  const gasBound = graphGas(records, arenaWords, streamBytes, inputs, outputs);
  const root: GraphRoot = { ...sizes, gasBound, inputs, outputs, blobDigests: pieces.map(blobDigest) };
  const rootBytes = encodeRoot(root, stream);
  return { graphRoot: blobDigest(rootBytes), root, rootBytes, stream, blobs: [...pieces, rootBytes] };
}

/** The stream back out of a graph's blobs, root last. @throws ProgramError where they are not those that it lists */
export function joinStream(blobs: readonly Uint8Array[]): Uint8Array {
  const { root, stream } = readRoot(blobs.at(-1) ?? new Uint8Array());
  const pieces = blobs.slice(0, -1);
  const joined = stream ?? new Uint8Array(Buffer.concat(pieces));
  const isListed = (data: Uint8Array, i: number) => blobDigest(data) === root.blobDigests[i];
  const isWhole = pieces.length === root.blobDigests.length && joined.length === root.streamBytes;
  if (!isWhole || !pieces.every(isListed)) {
    throw new ProgramError("program-malformed", "the blobs are not those that the root lists");
  }
  return joined;
}

function withConstantsAt(op: Op, at: number): Op {
  switch (op.kind) {
    case "dense":
      return { ...op, weights: op.weights + at };
    case "map":
      return op.perChannel ? { ...op, params: op.params + at } : op;
    case "table":
      return { ...op, table: op.table + at };
    default:
      return op;
  }
}
