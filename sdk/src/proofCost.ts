import type { KeyOriginName } from "./keyOrigin.ts";
import type { ModeName } from "./request.ts";

/** What backs one answer inside a transaction. */
export interface ProofCost {
  /** Of calldata, log and check together. */
  gas: number;
  /** Of calldata. */
  bytes: number;
}

/** Calldata and log. */
const GAS_PER_BYTE = 24;
/** Of an encoded input of one tensor, beside its elements, which are as many as the check is measured for. */
const ENCODING_BYTES = 288;

/** Of a proof, as it is wrapped with the input that travels beside it: its check and what each byte more of input takes. */
const GROTH16 = { check: 197_000, perInputByte: 206, bytes: 384 };
const PLONK = { check: 206_000, perInputByte: 18, bytes: 896 };

/**
 * Of mode ZK measured, by the proof system that keys of this origin are of; of TEE an attested key's signature and its
 * check, an estimate.
 */
export function proofCost(mode: ModeName, origin: KeyOriginName, inputBytes: number): ProofCost {
  if (mode === "VANILLA") return { gas: 0, bytes: 0 };
  if (mode === "TEE") return { gas: 8_000 + GAS_PER_BYTE * 65, bytes: 65 };
  const { check, perInputByte, bytes } = origin === "universal" ? PLONK : GROTH16;
  const carried = bytes + inputBytes;
  const more = Math.max(0, inputBytes - ENCODING_BYTES);
  return { gas: check + perInputByte * more + GAS_PER_BYTE * carried, bytes: carried };
}
