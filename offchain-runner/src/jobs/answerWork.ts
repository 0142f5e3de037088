import type { InferenceRequest } from "@opg-network/sdk/request";
import { DELIVERY } from "@opg-network/sdk/request";
import type { AnswerGas } from "../chain/gasModel.ts";
import { expectedAnswerGas, expectedDeliveryGas } from "../chain/gasModel.ts";
import { PROOF_BYTES } from "../zk/evmPoints.ts";
import type { TransactionWork } from "./gasCost.ts";
import { together } from "./gasCost.ts";

/** Selector, request, offsets, lengths, signature. */
export const ANSWER_CALLDATA_BYTES = 900;
const ACCEPT_CALLDATA_BYTES = 196;
/** Offsets and lengths around input and proof. */
export const WRAPPING_BYTES = 192;

/** Before the answer is known: outputs are small beside what is fixed. */
export const ASSUMED_OUTPUT_BYTES = 512;

/** What an accept is expected to take, beside the answer. */
export const ACCEPT_WORK: TransactionWork = { gas: 42_000n, calldataBytes: ACCEPT_CALLDATA_BYTES };
export const NO_SHOW_CALLDATA_BYTES = 260;
export const CLAIM_CALLDATA_BYTES = 400;

/** What is known of an answer, or assumed of it before there is one. */
export type ExpectedAnswer = Pick<AnswerGas, "outputBytes" | "proof"> & {
  /** Calldata of its proof; of one that is not made yet, what its input and a proof of its system take. */
  proofBytes?: number;
};

/** All that answering a request takes, its callback at the limit included, whenever that comes. */
export function answerWork(
  { callbackGas, delivery }: Pick<InferenceRequest, "callbackGas" | "delivery">,
  { outputBytes, proof, proofBytes }: ExpectedAnswer,
): TransactionWork {
  const expected = proof === undefined ? 0 : WRAPPING_BYTES + PROOF_BYTES[proof.system] + proof.inputBytes;
  const carried = proofBytes ?? expected;
  const calldataBytes = ANSWER_CALLDATA_BYTES + outputBytes + carried;
  if (delivery !== DELIVERY.afterWindow)
    return { gas: expectedAnswerGas({ callbackGas, outputBytes, proof }), calldataBytes };
  const answer = { gas: expectedAnswerGas({ callbackGas: 0, outputBytes, proof }), calldataBytes };
  const deliver = {
    gas: expectedDeliveryGas({ callbackGas, outputBytes }),
    calldataBytes: ANSWER_CALLDATA_BYTES + outputBytes,
  };
  return together(answer, deliver);
}
