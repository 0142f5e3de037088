import type { Carrier } from "./carrier.ts";
import type { InferenceRequired } from "./inferenceQuery.ts";
import { PIPE_INTERFACE } from "./pipeAbi.ts";
import type { PipeContracts } from "./pipeContracts.ts";
import { PayerCannotPayError, type Shortage } from "./pipeError.ts";

/** What is missing to pay `required` token wei for what a call lacks; nothing when the payer has it. */
export async function paymentShortage(
  contracts: PipeContracts,
  { carry }: Carrier,
  payer: string,
  { consumer }: InferenceRequired,
  required: bigint,
): Promise<Shortage | undefined> {
  if (carry === "appended") {
    const available = await contracts.budgetOf(payer, consumer);
    return available < required ? { kind: "budget", payer, consumer, available, required } : undefined;
  }
  const available = await contracts.balanceOf(payer);
  return available < required ? { kind: "balance", payer, available, required } : undefined;
}

/** The error for a revert that says that somebody cannot pay; nothing when it says something else. */
export function shortageIn(revertData: string): PayerCannotPayError | undefined {
  const error = revertData.length < 10 ? null : parse(revertData);
  switch (error?.name) {
    case "BalanceTooLow": {
      const { account, balance, required } = error.args as unknown as Amounts;
      return new PayerCannotPayError({ kind: "balance", payer: account, available: balance, required });
    }
    case "BudgetTooLow": {
      const { payer, consumer, balance, required } = error.args as unknown as Amounts;
      return new PayerCannotPayError({ kind: "budget", payer, consumer, available: balance, required });
    }
    case "BlockLimitReached": {
      const { payer, consumer, left, required } = error.args as unknown as Amounts;
      return new PayerCannotPayError({ kind: "block-limit", payer, consumer, available: left, required });
    }
    default:
      return undefined;
  }
}

interface Amounts {
  account: string;
  payer: string;
  consumer: string;
  balance: bigint;
  left: bigint;
  required: bigint;
}

function parse(revertData: string) {
  try {
    return PIPE_INTERFACE.parseError(revertData);
  } catch {
    return null;
  }
}
