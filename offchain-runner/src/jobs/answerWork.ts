import type { InferenceRequest } from "@opg-network/sdk/request";
import { DELIVERY } from "@opg-network/sdk/request";
import { expectedAnswerGas, expectedDeliveryGas } from "../chain/gasModel.ts";
import type { TransactionWork } from "./gasCost.ts";
import { together } from "./gasCost.ts";

/** Selector, request, offsets, lengths, signature. */
export const ANSWER_CALLDATA_BYTES = 900;
const ACCEPT_CALLDATA_BYTES = 196;

/** Before the answer is known: outputs are small beside what is fixed. */
const ASSUMED_OUTPUT_BYTES = 512;

/** What an accept is expected to take, beside the answer. */
export const ACCEPT_WORK: TransactionWork = { gas: 42_000n, calldataBytes: ACCEPT_CALLDATA_BYTES };
export const NO_SHOW_CALLDATA_BYTES = 260;
export const CLAIM_CALLDATA_BYTES = 400;

/** All that answering a request takes, its callback at the limit included, whenever that comes. */
export function answerWork(
  { callbackGas, delivery }: Pick<InferenceRequest, "callbackGas" | "delivery">,
  outputBytes: number = ASSUMED_OUTPUT_BYTES,
): TransactionWork {
  const calldataBytes = ANSWER_CALLDATA_BYTES + outputBytes;
  if (delivery !== DELIVERY.afterWindow)
    return { gas: expectedAnswerGas({ callbackGas, outputBytes }), calldataBytes };
  const answer = { gas: expectedAnswerGas({ callbackGas: 0, outputBytes }), calldataBytes };
  const deliver = { gas: expectedDeliveryGas({ callbackGas, outputBytes }), calldataBytes };
  return together(answer, deliver);
}
