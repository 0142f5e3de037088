import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";
import { type SignerArguments, signerConsentOf } from "./signerConsent.ts";

export interface RotateSignerArguments extends SignerArguments {
  operator: string | undefined;
}

export async function rotateSigner(args: RotateSignerArguments, session: Session): Promise<Report> {
  const operator = await ownOperator(session, args.operator);
  const { signer, proof } = await signerConsentOf(session, args);
  const { operators } = await session.contracts();
  session.say(`Replacing operator ${operator}'s signer by ${signer}`);
  const receipt = await send(() => operators.rotateSigner(operator, signer, proof));
  const { from } = eventOf(receipt, operators, "SignerRotated").args;
  return {
    lines: [`Operator ${operator} signs with ${signer}; ${from} signs nothing more, and is never used again`],
    value: { operator, from, to: signer, transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}
