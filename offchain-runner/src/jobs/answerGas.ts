import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import type { AnswerGas } from "../chain/gasModel.ts";
import { PROOF_BYTES } from "../zk/evmPoints.ts";
import { BINDING_BYTES, SIGNAL_BYTES } from "../zk/statement.ts";
import { WRAPPING_BYTES } from "./answerWork.ts";
import type { Job } from "./job.ts";

/** What an answer is to the gas model. */
export function gasOf({ request, input, output, proof }: Job): AnswerGas {
  const answer = { callbackGas: request.callbackGas, outputBytes: output?.length ?? 0 };
  if (proof === undefined || output === undefined) return answer;
  const elements = elementBytes(input) + elementBytes(output);
  const signals = Math.ceil((elements + BINDING_BYTES) / SIGNAL_BYTES);
  const system = proof.length === PROOF_BYTES.plonk ? "plonk" : "groth16";
  return { ...answer, proof: { system, inputBytes: input.length, signals } };
}

/** Calldata of a result's proof: its input goes along. */
export function proofBytes({ input, proof }: Job): number {
  return proof === undefined ? 0 : WRAPPING_BYTES + input.length + proof.length;
}

function elementBytes(encoded: Uint8Array): number {
  return decodeTensors(encoded).reduce((sum, { data }) => sum + data.length, 0);
}
