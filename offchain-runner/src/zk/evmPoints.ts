import type { Groth16VerifyingKey, PlonkVerifyingKey, Proof, ProofSystem } from "./proverProtocol.ts";

/** Of a proof as a verifier contract takes it. */
export const PROOF_BYTES: Readonly<Record<ProofSystem, number>> = { groth16: 256, plonk: 768 };

/** Coordinates as the precompiles take them: of a point over the extension field, the imaginary part of each first. */
export interface EvmVerifyingKey {
  readonly alpha: readonly bigint[];
  readonly beta: readonly bigint[];
  readonly gamma: readonly bigint[];
  readonly delta: readonly bigint[];
  /** One point for the constant, and one for each public signal in its order. */
  readonly signals: readonly (readonly bigint[])[];
}

export function evmVerifyingKey(key: Groth16VerifyingKey): EvmVerifyingKey {
  return {
    alpha: pointOfG1(key.vk_alpha_1),
    beta: pointOfG2(key.vk_beta_2),
    gamma: pointOfG2(key.vk_gamma_2),
    delta: pointOfG2(key.vk_delta_2),
    signals: key.IC.map(pointOfG1),
  };
}

/** Commitments of a PLONK key, in the order of its transcript. */
export function evmCommitments({ Qm, Ql, Qr, Qo, Qc, S1, S2, S3 }: PlonkVerifyingKey): bigint[][] {
  return [Qm, Ql, Qr, Qo, Qc, S1, S2, S3].map(pointOfG1);
}

/** The point of the second group that stands for the secret of the powers of tau: four words. */
export function evmSecret({ X_2 }: PlonkVerifyingKey): bigint[] {
  return pointOfG2(X_2);
}

/**
 * A proof in the words that the verifier reads: of Groth16 A, B and C; of PLONK nine commitments, then the values of
 * the wires, of the first two permutations and of the product at the challenge.
 */
export function evmProof(proof: Proof): bigint[] {
  if (proof.protocol === "groth16")
    return [...pointOfG1(proof.pi_a), ...pointOfG2(proof.pi_b), ...pointOfG1(proof.pi_c)];
  const { A, B, C, Z, T1, T2, T3, Wxi, Wxiw } = proof;
  const { eval_a, eval_b, eval_c, eval_s1, eval_s2, eval_zw } = proof;
  return [
    ...[A, B, C, Z, T1, T2, T3, Wxi, Wxiw].flatMap(pointOfG1),
    ...[eval_a, eval_b, eval_c, eval_s1, eval_s2, eval_zw].map(BigInt),
  ];
}

/** The library writes zero as (0 : 1 : 0), the chain as two zeros. */
function pointOfG1([x = "0", y = "0", z = "0"]: readonly string[]): bigint[] {
  return z === "0" ? [0n, 0n] : [BigInt(x), BigInt(y)];
}

function pointOfG2([x = [], y = []]: readonly (readonly string[])[]): bigint[] {
  return [x, y].flatMap(([real = "0", imaginary = "0"]) => [BigInt(imaginary), BigInt(real)]);
}
