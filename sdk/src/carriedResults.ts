import { concat, dataSlice, getAddress, getBytes, hexlify, id, isHexString, toBeHex } from "ethers";
import { NetworkError } from "./errors.ts";
import { GRAIN, MODES } from "./request.ts";

/** One result inside a bundle. Hashes, output and proof are hex; amounts are token wei in whole grains. */
export interface CarriedResult {
  release: string;
  inputHash: string;
  mode: number;
  codec: number;
  fee: bigint;
  maxCover: bigint;
  /** Canonical encoding. */
  output: string;
  /** Empty in mode VANILLA; in mode ZK `abi.encode(bytes input, bytes proof)`. No part of what is signed. */
  proof: string;
}

/** Results of one operator under one signature, as a transaction carries them: the layout is in `IPipe.sol`. */
export interface ResultBundle {
  /** Whom the results are for; the zero address = any contract. */
  consumer: string;
  /** Timestamp in seconds. */
  validUntil: number;
  results: CarriedResult[];
  /** 65 bytes, r ‖ s ‖ v. */
  signature: string;
}

/** A call whose data is taken apart again: what the contract's author sees, and what came with it. */
export interface CarryingCall {
  call: string;
  /** Bundles, encoded; `0x` when the call carries none. */
  results: string;
}

export type CarriedResultsErrorCode = "results-malformed" | "result-field-invalid";

/**
 * Bytes that are no bundles (`results-malformed`, with the byte `offset`), or a bundle that has no encoding
 * (`result-field-invalid`, with the `field` and its `value`).
 */
export class CarriedResultsError extends NetworkError {
  override readonly name = "CarriedResultsError";
  declare readonly code: CarriedResultsErrorCode;

  static malformed(offset: number, problem: string): CarriedResultsError {
    return new CarriedResultsError("results-malformed", `carried results at byte ${offset}: ${problem}`, {
      data: { offset, problem },
    });
  }

  static field(field: string, value: unknown, problem: string): CarriedResultsError {
    return new CarriedResultsError("result-field-invalid", `${field} of a carried result is ${problem}`, {
      data: { field, value, problem },
    });
  }
}

/** Last four bytes of a call that carries results. */
export const CARRIED_RESULTS_MAGIC: string = dataSlice(id("PIPE carried results"), 0, 4);

const LENGTH_BYTES = 4;
const TAIL_BYTES = 8;
const SIGNATURE_BYTES = 65;
const BUNDLE_HEAD_BYTES = 26;
const RESULT_HEAD_BYTES = 86;
const MAX_RESULTS = 255;

/** Bytes of one bundle. Throws `CarriedResultsError`. */
export function encodeBundle({ consumer, validUntil, results, signature }: ResultBundle): string {
  if (results.length === 0 || results.length > MAX_RESULTS)
    throw CarriedResultsError.field("results", results.length, `not from 1 to ${MAX_RESULTS} in number`);
  return concat([
    toBeHex(results.length, 1),
    bytesOf("consumer", consumer, 20),
    uint("validUntil", validUntil, 5),
    ...results.map(encodeResult),
    bytesOf("signature", signature, SIGNATURE_BYTES),
  ]);
}

/** Bundles one after another, as `preload`, `infer` and `execute` take them. */
export function encodeBundles(bundles: readonly ResultBundle[]): string {
  return concat(bundles.map(encodeBundle));
}

/** Inverse of `encodeBundles`, byte for byte; throws `CarriedResultsError` on anything else. */
export function decodeBundles(encoded: string): ResultBundle[] {
  const reader = readerOf(encoded);
  const bundles: ResultBundle[] = [];
  while (!reader.isAtEnd()) bundles.push(decodeBundle(reader));
  return bundles;
}

/** The data of a call that carries `results` (encoded bundles); unchanged where there are none. */
export function appendResults(call: string, results: string): string {
  const length = bytesLength(results);
  if (length === 0) return call;
  return concat([call, results, uint("results", length, LENGTH_BYTES), CARRIED_RESULTS_MAGIC]);
}

/** Inverse of `appendResults`. Throws `CarriedResultsError` when a tail says that it is longer than the call. */
export function splitResults(data: string): CarryingCall {
  const length = bytesLength(data);
  if (length < TAIL_BYTES || dataSlice(data, length - 4) !== CARRIED_RESULTS_MAGIC)
    return { call: data, results: "0x" };
  const carried = Number(dataSlice(data, length - TAIL_BYTES, length - 4));
  const start = length - TAIL_BYTES - carried;
  if (start < 0)
    throw CarriedResultsError.malformed(length - TAIL_BYTES, `a tail of ${carried} bytes in ${length}`);
  return { call: dataSlice(data, 0, start), results: dataSlice(data, start, length - TAIL_BYTES) };
}

function encodeResult(result: CarriedResult): string {
  const [output, proof] = [bytesOf("output", result.output), bytesOf("proof", result.proof)];
  if (result.mode >= MODES.length) throw CarriedResultsError.field("mode", result.mode, "unknown");
  if (result.mode === 0 && proof !== "0x")
    throw CarriedResultsError.field("proof", proof, "beside a mode that has none");
  return concat([
    bytesOf("release", result.release, 32),
    bytesOf("inputHash", result.inputHash, 32),
    uint("mode", result.mode, 1),
    uint("codec", result.codec, 1),
    grains("fee", result.fee),
    grains("maxCover", result.maxCover),
    uint("output length", bytesLength(output), 3),
    uint("proof length", bytesLength(proof), 3),
    output,
    proof,
  ]);
}

function decodeBundle(reader: Reader): ResultBundle {
  const start = reader.position();
  reader.need(BUNDLE_HEAD_BYTES);
  const count = Number(reader.uint(1));
  if (count === 0) throw CarriedResultsError.malformed(start, "a bundle of no results");
  const consumer = getAddress(reader.hex(20));
  const validUntil = Number(reader.uint(5));
  const results = Array.from({ length: count }, () => decodeResult(reader));
  return { consumer, validUntil, results, signature: reader.hex(SIGNATURE_BYTES) };
}

function decodeResult(reader: Reader): CarriedResult {
  const start = reader.position();
  reader.need(RESULT_HEAD_BYTES);
  const [release, inputHash] = [reader.hex(32), reader.hex(32)];
  const [mode, codec] = [Number(reader.uint(1)), Number(reader.uint(1))];
  if (mode >= MODES.length) throw CarriedResultsError.malformed(start, `mode ${mode} is unknown`);
  const [fee, maxCover] = [reader.uint(7) * GRAIN, reader.uint(7) * GRAIN];
  const [outputLength, proofLength] = [Number(reader.uint(3)), Number(reader.uint(3))];
  if (mode === 0 && proofLength > 0)
    throw CarriedResultsError.malformed(start, "a proof beside a mode that has none");
  const [output, proof] = [reader.hex(outputLength), reader.hex(proofLength)];
  return { release, inputHash, mode, codec, fee, maxCover, output, proof };
}

interface Reader {
  position(): number;
  isAtEnd(): boolean;
  /** Throws when fewer than `bytes` are left. */
  need(bytes: number): void;
  hex(bytes: number): string;
  uint(bytes: number): bigint;
}

function readerOf(encoded: string): Reader {
  const bytes = getBytes(bytesOf("results", encoded));
  let at = 0;
  const take = (count: number): Uint8Array => {
    need(count);
    at += count;
    return bytes.subarray(at - count, at);
  };
  const need = (count: number): void => {
    if (bytes.length - at < count)
      throw CarriedResultsError.malformed(at, `${count} bytes are needed, ${bytes.length - at} are left`);
  };
  return {
    position: () => at,
    isAtEnd: () => at === bytes.length,
    need,
    hex: (count) => hexlify(take(count)),
    uint: (count) => BigInt(hexlify(take(count))),
  };
}

function bytesOf(field: string, value: string, length?: number): string {
  if (!isHexString(value, length ?? true))
    throw CarriedResultsError.field(
      field,
      value,
      length === undefined ? "no hex of whole bytes" : `not ${length} bytes`,
    );
  return value;
}

function bytesLength(hex: string): number {
  return (bytesOf("data", hex).length - 2) / 2;
}

function grains(field: string, wei: bigint): string {
  if (wei % GRAIN !== 0n) throw CarriedResultsError.field(field, wei, "not a whole number of grains");
  return uint(field, wei / GRAIN, 7);
}

function uint(field: string, value: bigint | number, bytes: number): string {
  if (typeof value === "number" && !Number.isSafeInteger(value))
    throw CarriedResultsError.field(field, value, "not an integer");
  if (BigInt(value) < 0n || BigInt(value) >> BigInt(8 * bytes) !== 0n)
    throw CarriedResultsError.field(field, value, `not an unsigned integer of ${bytes} bytes`);
  return toBeHex(value, bytes);
}
