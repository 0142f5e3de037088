import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import type { AnswerGas } from "../chain/gasModel.ts";
import type { Job } from "./job.ts";

/** Bytes of elements in one public signal; and what says whose proof it is, which may take one more. */
const SIGNAL_BYTES = 31;
/** Offsets and lengths around input and proof. */
const WRAPPING_BYTES = 192;

/** What an answer is to the gas model. */
export function gasOf({ request, input, output, proof }: Job): AnswerGas {
  const answer = { callbackGas: request.callbackGas, outputBytes: output?.length ?? 0 };
  if (proof === undefined || output === undefined) return answer;
  const elements = elementBytes(input) + elementBytes(output);
  return { ...answer, proof: { inputBytes: input.length, signals: Math.ceil(elements / SIGNAL_BYTES) + 1 } };
}

/** Calldata of a result's proof: its input goes along. */
export function proofBytes({ input, proof }: Job): number {
  return proof === undefined ? 0 : WRAPPING_BYTES + input.length + proof.length;
}

function elementBytes(encoded: Uint8Array): number {
  return decodeTensors(encoded).reduce((sum, { data }) => sum + data.length, 0);
}
