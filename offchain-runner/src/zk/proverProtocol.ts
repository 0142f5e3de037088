import type { Groth16Proof, Input, PlonkProof } from "snarkjs";

/** The two ways in which a circuit is proved. */
export type ProofSystem = "groth16" | "plonk";

export type Proof = Groth16Proof | PlonkProof;

/** What a prover process does; all files are paths. */
export type ProverJob =
  | { readonly kind: "compile"; readonly folder: string }
  | { readonly kind: "powers"; readonly power: number; readonly folder: string; readonly file: string }
  | {
      readonly kind: "set-up";
      readonly r1cs: string;
      readonly powers: string;
      readonly key: string;
      /** The publisher's own share of the toxic waste, which is not kept. */
      readonly name: string;
    }
  | {
      readonly kind: "set-up-universal";
      readonly r1cs: string;
      readonly powers: string;
      readonly key: string;
    }
  | { readonly kind: "check-key"; readonly r1cs: string; readonly powers: string; readonly key: string }
  | { readonly kind: "verifying-key"; readonly key: string }
  | { readonly kind: "witness"; readonly wasm: string; readonly input: Input }
  | {
      readonly kind: "prove";
      readonly system: ProofSystem;
      readonly wasm: string;
      readonly key: string;
      readonly input: Input;
    }
  | {
      readonly kind: "verify";
      readonly verifyingKey: VerifyingKey;
      readonly signals: readonly string[];
      readonly proof: Proof;
    };

/** Points as decimal strings, projective, as the prover's library writes them. */
export type VerifyingKey = Groth16VerifyingKey | PlonkVerifyingKey;

export interface Groth16VerifyingKey {
  readonly protocol: "groth16";
  readonly curve: string;
  readonly nPublic: number;
  readonly vk_alpha_1: readonly string[];
  readonly vk_beta_2: readonly (readonly string[])[];
  readonly vk_gamma_2: readonly (readonly string[])[];
  readonly vk_delta_2: readonly (readonly string[])[];
  readonly IC: readonly (readonly string[])[];
}

/** Commitments to the gates' selectors and to how their wires are joined, and the secret's point of the second group. */
export interface PlonkVerifyingKey {
  readonly protocol: "plonk";
  readonly curve: string;
  readonly nPublic: number;
  /** Rows, of which the gates fill a part, are 2^power. */
  readonly power: number;
  readonly k1: string;
  readonly k2: string;
  readonly Qm: readonly string[];
  readonly Ql: readonly string[];
  readonly Qr: readonly string[];
  readonly Qo: readonly string[];
  readonly Qc: readonly string[];
  readonly S1: readonly string[];
  readonly S2: readonly string[];
  readonly S3: readonly string[];
  readonly X_2: readonly (readonly string[])[];
  /** Root of unity of order 2^power. */
  readonly w: string;
}

export interface ProverResults {
  compile: null;
  powers: null;
  "set-up": { readonly contribution: string };
  "set-up-universal": null;
  "check-key": { readonly isRight: boolean };
  "verifying-key": VerifyingKey;
  witness: Uint8Array;
  prove: {
    readonly proof: Proof;
    readonly signals: readonly string[];
    readonly witnessMs: number;
    readonly provingMs: number;
    /** Of all cores together, which other work on the machine does not change. */
    readonly cpuMs: number;
  };
  verify: { readonly isRight: boolean };
}

export type ProverReply =
  | { readonly id: number; readonly kind: "done"; readonly result: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly detail: string };

export interface ProverRequest {
  readonly id: number;
  readonly job: ProverJob;
}
