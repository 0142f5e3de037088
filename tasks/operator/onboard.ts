import { formatOpg } from "@opg-network/sdk/opg";
import { grainsArgument, integerArgument, modesArgument, roleNames, rolesArgument } from "../arguments.ts";
import { assuranceOf } from "../assurance.ts";
import { CommandError } from "../commandError.ts";
import { permitFor } from "../permit.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { type SignerArguments, signerConsentOf } from "./signerConsent.ts";

const MOST_SLOTS = 65_535;

export interface OnboardArguments extends SignerArguments {
  release: string;
  stake: string | undefined;
  price: string | undefined;
  slots: string | undefined;
  modes: string | undefined;
  roles: string | undefined;
  endpoint: string | undefined;
}

export async function onboard(args: OnboardArguments, session: Session): Promise<Report> {
  if (args.stake === undefined)
    throw new CommandError("argument-missing", { name: "--stake", why: "no operator answers without" });
  if (args.price === undefined)
    throw new CommandError("argument-missing", { name: "--price", why: "callers look for it" });
  const stake = grainsArgument("--stake", args.stake);
  const price = grainsArgument("--price", args.price);
  const slots = integerArgument("--slots", args.slots ?? "1", 0, MOST_SLOTS);
  const roles = rolesArgument("--roles", args.roles ?? "inference");
  const modes = modesArgument("--modes", args.modes ?? "VANILLA");
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const { signer, proof } = await signerConsentOf(session, args);
  const owner = (await session.account()).address;
  const { operators } = await session.contracts();
  session.say(
    `Registering an operator of ${owner} with signer ${signer}, staking ${formatOpg(stake)} OPG, ` +
      `serving ${titleOf(release)} for ${formatOpg(price)} OPG`,
  );
  session.say(`The release is ${assuranceOf(release)}`);
  const permit = await permitFor(session, (await session.deployment()).contracts.Operators.address, stake);
  const params = {
    signer,
    signerProof: proof,
    roles,
    endpoint: args.endpoint ?? "",
    stake,
    slots,
    release: release.id,
    price,
    modes,
  };
  const receipt = await send(() => operators.onboard(params, permit));
  const operator = Number(eventOf(receipt, operators, "OperatorRegistered").args.operatorId);
  return {
    lines: [
      `Operator ${operator} is registered, staked and serving (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: {
      operator,
      owner,
      signer,
      roles: roleNames(roles),
      stake: formatOpg(stake),
      slots,
      release: release.id,
      price: formatOpg(price),
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}
