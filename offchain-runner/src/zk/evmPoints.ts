import type { Groth16Proof } from "snarkjs";
import type { VerifyingKey } from "./proverProtocol.ts";

/** Coordinates as the precompiles take them: of a point over the extension field, the imaginary part of each first. */
export interface EvmVerifyingKey {
  readonly alpha: readonly bigint[];
  readonly beta: readonly bigint[];
  readonly gamma: readonly bigint[];
  readonly delta: readonly bigint[];
  /** One point for the constant, and one for each public signal in its order. */
  readonly signals: readonly (readonly bigint[])[];
}

export function evmVerifyingKey(key: VerifyingKey): EvmVerifyingKey {
  return {
    alpha: pointOfG1(key.vk_alpha_1),
    beta: pointOfG2(key.vk_beta_2),
    gamma: pointOfG2(key.vk_gamma_2),
    delta: pointOfG2(key.vk_delta_2),
    signals: key.IC.map(pointOfG1),
  };
}

/** A, B and C of a proof: eight words. */
export function evmProof({ pi_a, pi_b, pi_c }: Groth16Proof): bigint[] {
  return [...pointOfG1(pi_a), ...pointOfG2(pi_b), ...pointOfG1(pi_c)];
}

function pointOfG1([x = "0", y = "0"]: readonly string[]): bigint[] {
  return [BigInt(x), BigInt(y)];
}

function pointOfG2([x = [], y = []]: readonly (readonly string[])[]): bigint[] {
  return [x, y].flatMap(([real = "0", imaginary = "0"]) => [BigInt(imaginary), BigInt(real)]);
}
