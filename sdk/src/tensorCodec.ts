import { type BytesLike, getBytes, isBytesLike, keccak256 } from "ethers";
import { DTYPES, dtypeOf } from "./dtype.ts";
import { checkTensor, elementsOf, MAX_DIMENSION, MAX_RANK, MAX_TENSORS, type Tensor } from "./tensor.ts";
import { TensorError } from "./tensorError.ts";

/** The number under which signed results name this encoding. */
export const CODEC_TENSORS = 1;

const WORD = 32;

/**
 * The canonical encoding of `tensors`: Solidity's `abi.encode(Tensor[])`.
 * @throws TensorError when there are too many or one of them is not valid
 */
export function encodeTensors(tensors: readonly Tensor[]): Uint8Array {
  checkCount(tensors.length);
  for (const tensor of tensors) checkTensor(tensor);
  const heads = (2 + tensors.length) * WORD;
  const encoded = new Uint8Array(tensors.reduce((sum, tensor) => sum + sizeOf(tensor), heads));
  const view = new DataView(encoded.buffer);
  writeWord(view, 0, WORD);
  writeWord(view, WORD, tensors.length);
  let end = heads;
  for (const [i, tensor] of tensors.entries()) {
    writeWord(view, (2 + i) * WORD, end - 2 * WORD);
    writeTensor(view, end, tensor);
    end += sizeOf(tensor);
  }
  return encoded;
}

/** keccak256 of the canonical encoding: what signed results call input hash and output hash. */
export function hashTensors(tensors: readonly Tensor[]): string {
  return keccak256(encodeTensors(tensors));
}

/**
 * The tensors of a canonical encoding, each with `data` of its own, aligned for typed arrays.
 * @throws TensorError for any bytes that `encodeTensors` would not produce
 */
export function decodeTensors(encoding: BytesLike): Tensor[] {
  if (!isBytesLike(encoding)) throw new TensorError("tensor-encoding-not-bytes", { type: typeof encoding });
  const encoded = getBytes(encoding);
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  requireLength(view, 2 * WORD);
  requireWord(view, 0, WORD);
  const count = readWord(view, WORD);
  checkCount(count);
  let end = (2 + Number(count)) * WORD;
  requireLength(view, end);
  const tensors: Tensor[] = [];
  for (let i = 0; i < count; i++) {
    requireWord(view, (2 + i) * WORD, end - 2 * WORD);
    const tensor = readTensor(view, end);
    checkTensor(tensor);
    tensors.push(tensor);
    end += sizeOf(tensor);
  }
  if (encoded.length !== end)
    throw new TensorError("tensor-encoding-too-long", { length: encoded.length, end });
  return tensors;
}

/** A tensor is its dtype, the offsets of shape and data, then shape and data, each as length and contents. */
function writeTensor(view: DataView, start: number, { dtype, shape, data }: Tensor): void {
  const dataAt = (4 + shape.length) * WORD;
  writeWord(view, start, DTYPES[dtype].number);
  writeWord(view, start + WORD, 3 * WORD);
  writeWord(view, start + 2 * WORD, dataAt);
  writeWord(view, start + 3 * WORD, shape.length);
  for (const [axis, dimension] of shape.entries()) writeWord(view, start + (4 + axis) * WORD, dimension);
  writeWord(view, start + dataAt, data.length);
  new Uint8Array(view.buffer, start + dataAt + WORD, data.length).set(data);
}

/** Checks every word in the same order as the Solidity decoder, so that both name the same fault. */
function readTensor(view: DataView, start: number): Tensor {
  requireLength(view, start + 4 * WORD);
  const number = readWord(view, start);
  if (number > 0xff) throw notCanonical(start);
  const dtype = dtypeOf(Number(number));
  requireWord(view, start + WORD, 3 * WORD);
  const rank = readWord(view, start + 3 * WORD);
  if (rank > MAX_RANK) throw new TensorError("tensor-rank-too-high", { rank, max: MAX_RANK });
  const dataAt = start + (4 + Number(rank)) * WORD;
  requireWord(view, start + 2 * WORD, dataAt - start);
  requireLength(view, dataAt + WORD);
  const shape: number[] = [];
  for (let at = start + 4 * WORD; at < dataAt; at += WORD) {
    const dimension = readWord(view, at);
    if (dimension > MAX_DIMENSION) throw notCanonical(at);
    shape.push(Number(dimension));
  }

  const expected = elementsOf(shape) * DTYPES[dtype].bytes;
  const length = readWord(view, dataAt);
  if (length !== BigInt(expected)) throw new TensorError("tensor-length-wrong", { length, expected });
  const end = dataAt + WORD + padded(expected);
  requireLength(view, end);
  const contents = new Uint8Array(view.buffer, view.byteOffset + dataAt + WORD, padded(expected));
  if (contents.subarray(expected).some((byte) => byte !== 0)) throw notCanonical(end - WORD);
  return { dtype, shape, data: contents.slice(0, expected) };
}

function sizeOf({ shape, data }: Tensor): number {
  return (5 + shape.length) * WORD + padded(data.length);
}

function padded(length: number): number {
  return Math.ceil(length / WORD) * WORD;
}

function checkCount(count: number | bigint): void {
  if (count > MAX_TENSORS) throw new TensorError("tensor-count-too-high", { count, max: MAX_TENSORS });
}

function requireLength(view: DataView, needed: number): void {
  if (view.byteLength >= needed) return;
  throw new TensorError("tensor-encoding-truncated", { length: view.byteLength, needed });
}

function requireWord(view: DataView, position: number, expected: number): void {
  if (readWord(view, position) !== BigInt(expected)) throw notCanonical(position);
}

function notCanonical(position: number): TensorError {
  return new TensorError("tensor-encoding-not-canonical", { position });
}

function readWord(view: DataView, position: number): bigint {
  let word = 0n;
  for (let i = 0; i < WORD; i += 8) word = (word << 64n) | view.getBigUint64(position + i);
  return word;
}

function writeWord(view: DataView, position: number, value: number): void {
  view.setBigUint64(position + WORD - 8, BigInt(value));
}
