import type { Groth16Proof, Input } from "snarkjs";

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
  | { readonly kind: "check-key"; readonly r1cs: string; readonly powers: string; readonly key: string }
  | { readonly kind: "verifying-key"; readonly key: string }
  | { readonly kind: "witness"; readonly wasm: string; readonly input: Input }
  | { readonly kind: "prove"; readonly wasm: string; readonly key: string; readonly input: Input }
  | {
      readonly kind: "verify";
      readonly verifyingKey: VerifyingKey;
      readonly signals: readonly string[];
      readonly proof: Groth16Proof;
    };

/** Points as decimal strings, projective, as the prover's library writes them. */
export interface VerifyingKey {
  readonly protocol: string;
  readonly curve: string;
  readonly nPublic: number;
  readonly vk_alpha_1: readonly string[];
  readonly vk_beta_2: readonly (readonly string[])[];
  readonly vk_gamma_2: readonly (readonly string[])[];
  readonly vk_delta_2: readonly (readonly string[])[];
  readonly IC: readonly (readonly string[])[];
}

export interface ProverResults {
  compile: null;
  powers: null;
  "set-up": { readonly contribution: string };
  "check-key": { readonly isRight: boolean };
  "verifying-key": VerifyingKey;
  witness: Uint8Array;
  prove: {
    readonly proof: Groth16Proof;
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
