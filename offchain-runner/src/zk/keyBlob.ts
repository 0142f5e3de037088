import { concat, dataSlice, getBytes, hexlify, keccak256, toBeHex } from "ethers";
import type { GraphRoot } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import { evmCommitments, evmSecret, evmVerifyingKey } from "./evmPoints.ts";
import type { KeyOrigin } from "./proofSystem.ts";
import type { ProofSystem, VerifyingKey } from "./proverProtocol.ts";
import { type Frame, type StatementForm, statementForm } from "./statement.ts";

/** As the contracts number them. */
export const KEY_FORMATS: Readonly<Record<ProofSystem, number>> = { groth16: 1, plonk: 2 };
/** What one blob of `BlobStore` holds. */
const MAX_KEY_BYTES = 24_575;
/** Of a Groth16 key: what it has of its transcript's digest, at the beginning of the head. */
const [TRANSCRIPT_AT, TRANSCRIPT_BYTES] = [96, 16];
/** Behind the form and eight commitments. */
const [SECRET_AT, SECRET_BYTES] = [128 + 8 * 64, 128];
/** What tells the three wires of a gate apart in PLONK: not in the key, because the contract knows no others. */
const [K1, K2] = ["2", "3"];

/**
 * A verifying key as its verifier contract reads it, to be stored as one blob: its digest is the release's `zkKeyDigest`.
 * The formats are in `docs/zk.md`.
 * @param origin of a ceremony: the key names its transcript
 * @throws CircuitError `circuit-too-large` where it fits no blob
 */
export function keyBlob(
  { graphRoot, root }: { graphRoot: string; root: GraphRoot },
  verifyingKey: VerifyingKey,
  origin?: KeyOrigin,
): Uint8Array {
  const form = statementForm(root);
  const { input, output } = form;
  const signals = verifyingKey.nPublic;
  if (signals !== form.chunks)
    throw new CircuitError("key-mismatch", {
      reason: `it has ${signals} public signals, not ${form.chunks}`,
    });
  const blob = getBytes(
    concat([
      ...[graphRoot, input.digest, output.digest, headOf(form, verifyingKey, origin)],
      ...numbersOf(verifyingKey).map((word) => toBeHex(word, 32)),
      ...[input, output].flatMap(partsOf),
    ]),
  );
  if (blob.length > MAX_KEY_BYTES)
    throw new CircuitError("circuit-too-large", {
      reason: `its verifying key takes ${blob.length} bytes; a blob holds ${MAX_KEY_BYTES}`,
    });
  return blob;
}

/** Which powers of tau the blob of a PLONK key rests on, as its verifier names them: keccak256 of their secret's point. */
export function powersIdIn(blob: Uint8Array): string {
  return keccak256(blob.subarray(SECRET_AT, SECRET_AT + SECRET_BYTES));
}

/** Whether the blob of a Groth16 key names the transcript of its ceremony, or none where it had none. */
export function namesTranscript(blob: Uint8Array, origin: KeyOrigin): boolean {
  const named = hexlify(blob.subarray(TRANSCRIPT_AT, TRANSCRIPT_AT + TRANSCRIPT_BYTES));
  return named === toBeHex(shortTranscript(origin), TRANSCRIPT_BYTES);
}

function shortTranscript(origin: KeyOrigin | undefined): bigint {
  if (origin?.kind !== "ceremony") return 0n;
  return BigInt(dataSlice(origin.transcript, 0, TRANSCRIPT_BYTES));
}

function headOf({ input, output, chunks }: StatementForm, key: VerifyingKey, origin?: KeyOrigin): string {
  const head = [
    [key.protocol === "plonk" ? key.power : shortTranscript(origin), TRANSCRIPT_BYTES],
    [KEY_FORMATS[key.protocol], 2],
    [chunks, 2],
    [input.length, 4],
    [output.length, 4],
    [input.parts.length, 2],
    [output.parts.length, 2],
  ] as const;
  return concat(head.map(([value, bytes]) => toBeHex(value, bytes)));
}

function numbersOf(key: VerifyingKey): bigint[] {
  if (key.protocol === "groth16") {
    const { alpha, beta, gamma, delta, signals } = evmVerifyingKey(key);
    return [alpha, beta, gamma, delta, ...signals].flat();
  }
  if (key.k1 !== K1 || key.k2 !== K2)
    throw new CircuitError("key-mismatch", { reason: `its wires are told apart by ${key.k1} and ${key.k2}` });
  return [...evmCommitments(key).flat(), ...evmSecret(key), BigInt(key.w)];
}

function partsOf({ parts }: Frame): string[] {
  return parts.map(({ at, bytes }) => concat([toBeHex(at, 4), toBeHex(bytes, 4)]));
}
