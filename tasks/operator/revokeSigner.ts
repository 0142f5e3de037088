import { addressArgument } from "../arguments.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

export interface RevokeSignerArguments {
  signer: string | undefined;
  operator: string | undefined;
  yes: boolean;
}

export async function revokeSigner(args: RevokeSignerArguments, session: Session): Promise<Report> {
  const { operators } = await session.contracts();
  const signer =
    args.signer === undefined
      ? (await operators.operatorOf(await ownOperator(session, args.operator))).signer
      : addressArgument("--signer", args.signer);
  session.say(`Revoking signer ${signer}`);
  await session.confirm(
    "It signs nothing more, and its operator answers nothing until it has another. Revoke?",
    args.yes,
  );
  const receipt = await send(() => operators.revokeSigner(signer));
  const operator = Number(eventOf(receipt, operators, "SignerRevoked").args.operatorId);
  return {
    lines: [
      `Revoked ${signer} of operator ${operator} (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: { operator, signer, transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}
