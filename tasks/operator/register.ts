import { roleNames, rolesArgument } from "../arguments.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { type SignerArguments, signerConsentOf } from "./signerConsent.ts";

export interface RegisterArguments extends SignerArguments {
  roles: string | undefined;
  endpoint: string | undefined;
}

export async function register(args: RegisterArguments, session: Session): Promise<Report> {
  const roles = rolesArgument("--roles", args.roles ?? "inference");
  const { signer, proof } = await signerConsentOf(session, args);
  const owner = (await session.account()).address;
  const { operators } = await session.contracts();
  session.say(
    `Registering an operator of ${owner} with signer ${signer}, roles ${roleNames(roles).join(", ")}`,
  );
  const receipt = await send(() => operators.register(signer, proof, roles, args.endpoint ?? ""));
  const operator = Number(eventOf(receipt, operators, "OperatorRegistered").args.operatorId);
  return {
    lines: [`Registered operator ${operator} (transaction ${receipt.hash}, gas ${receipt.gasUsed})`],
    value: {
      operator,
      owner,
      signer,
      roles: roleNames(roles),
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}
