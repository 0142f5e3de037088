import { getBytes } from "ethers";
import type { ProofSystem } from "../zk/proverProtocol.ts";

/** Gas cap of one transaction since Osaka: 2^24. */
export const MAX_TRANSACTION_GAS = 2n ** 24n;
/** Largest transaction that public mempools take is 128 KiB; the rest is for the envelope. */
export const MAX_CALLDATA_BYTES = 120_000;

const TRANSACTION_BASE = 21_000n;
const CALLBACK_RESERVE = 40_000n;

/** Upper bounds, held by `gasModel.test.ts` against the contracts: signature and standing, then each answer. */
const FULFIL_BASE = 60_000n;
const FULFIL_EACH = 75_000n;
/** Hashing, copying and logging; calldata is counted apart. */
const OUTPUT_BYTE = 30n;

/** Pairing, key and statement; each public signal; calldata of the proof. */
const CHECKS: Readonly<Record<ProofSystem, { fixed: bigint; signal: bigint; calldata: bigint }>> = {
  groth16: { fixed: 205_000n, signal: 6_700n, calldata: 5_000n },
  plonk: { fixed: 265_000n, signal: 700n, calldata: 13_500n },
};
/** Each byte of the input, which is copied and hashed beside it. */
const PROVED_BYTE = 12n;
/** Between zeros and others. */
const PROVED_CALLDATA_BYTE = 10n;

export const ACCEPT_GAS = 160_000n;
export const REPORT_NO_SHOW_GAS = 160_000n;
export const CLAIM_BASE_GAS = 300_000n;
export const CLAIM_CONTRIBUTOR_GAS = 60_000n;
/** Of a key with as many signals as a blob holds. */
export const ADMIT_KEY_GAS = 600_000n;
export const CANCEL_GAS = TRANSACTION_BASE;

/** Gas of calldata: 4 or 16 a byte, or the floor of EIP-7623 when that is more than all of the execution. */
export function calldataGas(data: string): { standard: bigint; floor: bigint } {
  const bytes = getBytes(data);
  const zeros = BigInt(bytes.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0));
  const others = BigInt(bytes.length) - zeros;
  return { standard: 4n * zeros + 16n * others, floor: 10n * zeros + 40n * others };
}

export interface AnswerGas {
  callbackGas: number;
  outputBytes: number;
  /** Of a result in mode ZK. */
  proof?: ProofGas | undefined;
}

/** What checking a proof costs depends on the proof system and on how many public signals there are. */
export interface ProofCheck {
  system: ProofSystem;
  signals: number;
}

export interface ProofGas extends ProofCheck {
  inputBytes: number;
}

/** What answers take beside base and calldata. */
export function answerGas({ callbackGas, outputBytes, proof }: AnswerGas): bigint {
  const checked = (proofGas(proof) * 64n) / 63n;
  return FULFIL_EACH + OUTPUT_BYTE * BigInt(outputBytes) + (BigInt(callbackGas) * 64n) / 63n + checked;
}

/** What checking a proof takes, beside its calldata. */
function proofGas(proof: ProofGas | undefined): bigint {
  if (proof === undefined) return 0n;
  const { fixed, signal } = CHECKS[proof.system];
  return fixed + signal * BigInt(proof.signals) + PROVED_BYTE * BigInt(proof.inputBytes);
}

/** Gas limit of a `fulfil` with this calldata. */
export function fulfilGas(data: string, answers: readonly AnswerGas[]): bigint {
  const execution = answers.reduce((sum, answer) => sum + answerGas(answer), FULFIL_BASE + CALLBACK_RESERVE);
  return gasWith(data, execution);
}

/** Gas limit of a `deliver`. */
export function deliverGas(data: string, answer: AnswerGas): bigint {
  return gasWith(data, answerGas(answer) + CALLBACK_RESERVE);
}

/** Upper bounds of what disputes take beside calldata and the machine. */
const VERDICT = 600_000n;
export const COMMIT_GAS = 120_000n;
export const EQUIVOCATION_GAS = 700_000n;
export const OPEN_CHALLENGE_GAS = 600_000n;
/** Ending a challenge, and taking out what is due. */
export const SETTLE_GAS = 300_000n;

/**
 * Gas limit of a transaction in which the machine runs `machineGas` at the most; above `MAX_TRANSACTION_GAS` it takes
 * several. A call gets 63 parts in 64 of what is left.
 */
export function computationGas(data: string, machineGas: bigint): bigint {
  return gasWith(data, VERDICT + (machineGas * 66n) / 64n);
}

function gasWith(data: string, execution: bigint): bigint {
  const { standard, floor } = calldataGas(data);
  const metered = standard + execution;
  return TRANSACTION_BASE + largest(metered, floor);
}

function largest(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** Of EIP-7623, for bytes that are seldom zero. */
const FLOOR_BYTE = 40n;
const EXPECTED_ANSWER = 45_000n;
const EXPECTED_DELIVERY = 25_000n;

/** Gas that one more answer is expected to take, for weighing it against its fee. */
export function expectedAnswerGas(answer: AnswerGas): bigint {
  return expectedWith(EXPECTED_ANSWER, answer);
}

/** The same of a callback that waits for the dispute window. */
export function expectedDeliveryGas(answer: Omit<AnswerGas, "proof">): bigint {
  return expectedWith(EXPECTED_DELIVERY, answer);
}

function expectedWith(fixed: bigint, { outputBytes, callbackGas, proof }: AnswerGas): bigint {
  // A proof's own calldata, and the input's with it.
  const carried =
    proof === undefined
      ? 0n
      : CHECKS[proof.system].calldata + PROVED_CALLDATA_BYTE * BigInt(proof.inputBytes);
  const metered = fixed + OUTPUT_BYTE * BigInt(outputBytes) + BigInt(callbackGas) + proofGas(proof) + carried;
  return TRANSACTION_BASE + largest(metered, FLOOR_BYTE * BigInt(outputBytes));
}
