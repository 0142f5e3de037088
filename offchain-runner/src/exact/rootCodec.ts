import { DTYPES, dtypeOf } from "@opg-network/sdk/dtype";
import { hexlify } from "ethers";
import { ByteReader, ByteWriter } from "./byteCursor.ts";
import {
  BLOB_DATA_BYTES,
  elementCount,
  type GraphRoot,
  LOWERING_VERSION,
  MAX_ARENA_WORDS,
  type TensorPlace,
} from "./program.ts";
import { ProgramError } from "./programError.ts";

const MAX_RANK = 8;
const MAX_TENSORS = 64;
/** Integers and bool. */
const BORDER_NUMBERS = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

/** Whether the stream of a graph fits its root blob, which then is its only one. */
export function isStreamInRoot(root: GraphRoot): boolean {
  return encodeHead(root).length + root.streamBytes <= BLOB_DATA_BYTES;
}

/** The bytes of a graph's root blob, with the stream where it fits. */
export function encodeRoot(root: GraphRoot, stream: Uint8Array): Uint8Array {
  const out = encodeHead(root);
  if (isStreamInRoot(root)) out.bytes(stream);
  else for (const digest of root.blobDigests) out.bytes(digestBytes(digest));
  return out.finish();
}

/** @throws ProgramError for what the machine would not take */
function encodeHead(root: GraphRoot): ByteWriter {
  const out = new ByteWriter();
  checkTensorCounts(root.inputs.length, root.outputs.length);
  out.u16(root.loweringVersion);
  out.u32(root.programBytes);
  out.u32(root.streamBytes);
  out.u32(root.arenaWords);
  out.u64(root.gasBound);
  out.u8(root.inputs.length);
  out.u8(root.outputs.length);
  for (const { dtype, shape, offset } of [...root.inputs, ...root.outputs]) {
    if (shape.length > MAX_RANK) throw rankTooHigh(shape.length);
    out.u8(DTYPES[dtype].number);
    out.u8(shape.length);
    for (const dimension of shape) out.u32(dimension);
    out.u32(offset);
  }
  return out;
}

/** @throws ProgramError for any bytes that `encodeRoot` would not produce, and for limits of the machine */
export function decodeRoot(bytes: Uint8Array): GraphRoot {
  return readRoot(bytes).root;
}

/** The same, with the stream where the root holds it. */
export function readRoot(bytes: Uint8Array): { root: GraphRoot; stream: Uint8Array | undefined } {
  const reader = new ByteReader(bytes);
  const head = readHead(reader);
  const { streamBytes } = head;
  const isInRoot = bytes.length - reader.left + streamBytes <= BLOB_DATA_BYTES;
  const blobs = isInRoot ? 0 : Math.ceil(streamBytes / BLOB_DATA_BYTES);
  const stream = isInRoot ? reader.bytes(streamBytes) : undefined;
  const blobDigests = Array.from({ length: blobs }, () => hexlify(reader.bytes(32)));
  if (reader.left !== 0) throw new ProgramError("program-malformed", "the root is longer than its contents");
  return { root: { ...head, blobDigests }, stream };
}

function readHead(reader: ByteReader): Omit<GraphRoot, "blobDigests"> {
  const loweringVersion = reader.u16();
  if (loweringVersion !== LOWERING_VERSION) {
    throw new ProgramError("program-version-unknown", `version ${loweringVersion}`, { loweringVersion });
  }
  const [programBytes, streamBytes, arenaWords] = [reader.u32(), reader.u32(), reader.u32()];
  if (programBytes > streamBytes) {
    throw new ProgramError("program-malformed", "the program is longer than the stream", {
      programBytes,
      streamBytes,
    });
  }
  if (arenaWords > MAX_ARENA_WORDS) {
    throw new ProgramError("program-limit", `an arena of ${arenaWords} words`, { arenaWords });
  }
  const gasBound = reader.u64();
  const [inputCount, outputCount] = [reader.u8(), reader.u8()];
  checkTensorCounts(inputCount, outputCount);
  const inputs = Array.from({ length: inputCount }, () => readTensor(reader, arenaWords));
  const outputs = Array.from({ length: outputCount }, () => readTensor(reader, arenaWords));
  return { loweringVersion, programBytes, streamBytes, arenaWords, gasBound, inputs, outputs };
}

function readTensor(reader: ByteReader, arenaWords: number): TensorPlace {
  const number = reader.u8();
  if (!BORDER_NUMBERS.has(number)) {
    throw new ProgramError("program-malformed", `data type ${number} at the border`, { number });
  }
  const dtype = dtypeOf(number);
  const rank = reader.u8();
  if (rank > MAX_RANK) throw rankTooHigh(rank);
  const shape = Array.from({ length: rank }, () => reader.u32());
  if (shape.some((dimension) => dimension < 1)) {
    throw new ProgramError("program-malformed", "a tensor of the border has no elements", { shape });
  }
  const offset = reader.u32();
  if (offset + elementCount(shape) > arenaWords) {
    throw new ProgramError("program-out-of-bounds", "a tensor of the border leaves the arena", { offset });
  }
  return { dtype, shape, offset };
}

function checkTensorCounts(inputCount: number, outputCount: number): void {
  if (inputCount <= MAX_TENSORS && outputCount <= MAX_TENSORS) return;
  throw new ProgramError("program-limit", "too many inputs or outputs", { inputCount, outputCount });
}

function rankTooHigh(rank: number): ProgramError {
  return new ProgramError("program-limit", `a tensor of rank ${rank}`, { rank, max: MAX_RANK });
}

function digestBytes(digest: string): Uint8Array {
  if (!/^0x[0-9a-f]{64}$/i.test(digest)) {
    throw new ProgramError("program-malformed", "a blob digest is no 32 bytes", { digest });
  }
  return Uint8Array.from(Buffer.from(digest.slice(2), "hex"));
}
