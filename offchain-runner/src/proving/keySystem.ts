import { concat, toBeHex } from "ethers";
import type { GraphRoot } from "../exact/program.ts";
import type { CompiledCircuit } from "../zk/compiledCircuit.ts";
import { evmProof } from "../zk/evmPoints.ts";
import { keyBlob } from "../zk/keyBlob.ts";
import type { KeysRecord } from "../zk/keysRecord.ts";
import { prove, verify } from "../zk/proofSystem.ts";
import type { Prover } from "../zk/prover.ts";
import type { VerifyingKey } from "../zk/proverProtocol.ts";
import type { ProofBinding } from "../zk/statement.ts";
import { bindingOf, publicSignals } from "../zk/statement.ts";

/** Keys as they lie in their folder. */
export interface KeyFiles {
  readonly record: KeysRecord;
  readonly verifyingKey: VerifyingKey;
  /** Path. */
  readonly provingKey: string;
}

/** What a proof of one release is made with. */
export interface ProvingWork {
  readonly circuit: CompiledCircuit;
  readonly keys: KeyFiles;
  readonly root: GraphRoot;
}

/** What a proof says beside the key. */
export interface ProvedStatement {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly binding: ProofBinding;
}

export interface MadeProof {
  /** As the verifier contract takes it. */
  readonly proof: string;
  /** Public signals of which it is a proof. */
  readonly signals: readonly bigint[];
  /** Whether it verifies. */
  readonly isValid: boolean;
}

/** What differs between proof systems: all that this node does with keys. */
export interface KeySystem {
  readonly name: string;
  /** The key as the verifier contract reads it. @throws CircuitError */
  blobOf(
    graph: { graphRoot: string; root: GraphRoot },
    verifyingKey: VerifyingKey,
    origin: KeysRecord["origin"],
  ): Uint8Array;
  /** The verifying key that a proving key belongs to. */
  verifyingKeyOf(provingKey: string, prover: Prover, signal: AbortSignal): Promise<VerifyingKey>;
  /** Proves, and checks the proof with the verifying key. @throws CircuitError */
  prove(
    work: ProvingWork,
    statement: Omit<ProvedStatement, "output">,
    prover: Prover,
    signal: AbortSignal,
  ): Promise<MadeProof>;
  /** The public signals that a statement has. @throws CircuitError `proof-statement-invalid` */
  signalsOf(root: GraphRoot, statement: ProvedStatement): readonly bigint[];
}

/** A verifying key says which proof system it is of, and what is made with it follows. */
const BOTH: Omit<KeySystem, "name"> = {
  blobOf: keyBlob,
  verifyingKeyOf: (key, prover, signal) => prover.run({ kind: "verifying-key", key }, signal),
  async prove({ circuit, keys, root }, { input, binding }, prover, signal) {
    const { provingKey, record, verifyingKey } = keys;
    const made = await prove(
      { circuit, root, keys: { provingKey, r1csDigest: record.constraints, verifyingKey } },
      { input, binding: bindingOf(binding) },
      prover,
      signal,
    );
    const isValid = await verify(verifyingKey, made, prover);
    const proof = concat(evmProof(made.proof).map((word) => toBeHex(word, 32)));
    return { proof, signals: made.signals, isValid };
  },
  signalsOf: (root, { input, output, binding }) => publicSignals(root, input, output, bindingOf(binding)),
};

/** The system of a folder of keys. */
export function keySystemOf({ system }: KeysRecord): KeySystem {
  return { name: system, ...BOTH };
}
