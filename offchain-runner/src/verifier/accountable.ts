import type { Accountable } from "@opg-network/sdk/evidence/claim";
import { isCallException } from "ethers";
import type { Contracts } from "../chain/contracts.ts";

/** Who answers with its stake for what a signer signed; undefined when nobody does any more. */
export async function accountableFor(
  operators: Pick<Contracts["operators"], "slashableOperatorOf">,
  signer: string,
): Promise<Accountable | undefined> {
  try {
    const { operatorId, era } = await operators.slashableOperatorOf(signer);
    return { operatorId: Number(operatorId), era: Number(era) };
  } catch (error) {
    if (isCallException(error) && error.data !== null && error.data !== "0x") return undefined;
    throw error;
  }
}
