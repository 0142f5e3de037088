import { firstBlockOf } from "@opg-network/sdk/deployment";
import { formatOpg } from "@opg-network/sdk/opg";
import { GRAIN } from "@opg-network/sdk/request";
import { addressArgument, modeNames, roleNames } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Contracts } from "../contracts.ts";
import { allEvents } from "../eventLogs.ts";
import { fields, isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { ownOperator } from "./ownOperator.ts";

export const SIGNER_STATUS_NAMES = ["none", "active", "revoked", "retired"] as const;

export interface ShowArguments {
  operator: string | undefined;
  signer: string | undefined;
}

export async function show(args: ShowArguments, session: Session): Promise<Report> {
  const contracts = await session.readOnly();
  const id =
    args.signer === undefined
      ? await ownOperator(session, args.operator)
      : await operatorBehind(contracts, args.signer);
  const value = { ...(await standingOf(contracts, id)), offers: await offersOf(session, contracts, id) };
  return {
    lines: [
      ...fields([
        ["operator", String(id)],
        ["owner", value.owner],
        ["signer", `${value.signer} (${value.signerStatus})`],
        ["roles", value.roles.join(", ")],
        ["endpoint", value.endpoint === "" ? "none" : value.endpoint],
        ["gateway", value.gateway === "" ? undefined : value.gateway],
        ["stake", `${value.stake} OPG`],
        [
          "unbonding",
          value.unbonding === "0" ? undefined : `${value.unbonding} OPG until ${value.unbondingUntil}`,
        ],
        [
          "covers",
          value.setAsidePercent === 0 ? undefined : `${value.setAsidePercent} % of the stake set aside`,
        ],
        ["put off", value.putOff === "0" ? undefined : `${value.putOff} OPG burn when covers let go of them`],
        ["slots", `${value.slotsInUse} of ${value.slots} in use`],
        ["accept budget", `${value.acceptBudget} OPG`],
        ["slashed", value.slashCount === 0 ? undefined : `${value.slashCount} time(s)`],
        ["jail", value.jailed ? `until ${value.jailedUntil}, then by \`operator leave-jail\`` : undefined],
      ]),
      ...value.offers.map(
        ({ release, price, modes, matured, unripe }) =>
          `serves ${release} in ${modes.join(", ") || "no mode"} for ${price} OPG; earned ${matured} OPG to claim, ${unripe} OPG maturing`,
      ),
    ],
    value,
  };
}

async function operatorBehind({ operators }: Contracts, signer: string): Promise<number> {
  const { operatorId } = await operators.standingOf(addressArgument("--signer", signer));
  if (operatorId === 0n) throw new CommandError("operator-unknown", { operator: signer });
  return Number(operatorId);
}

async function standingOf({ operators, requests, gateways }: Contracts, id: number) {
  const { owner, endpointBlock, roles, signer } = await operators.operatorOf(id);
  const standing = await operators.standingOf(signer);
  const unbonding = await operators.unbondingOf(id);
  const account = await requests.accountOf(signer);
  const block = Number(endpointBlock);
  const endpoints = await operators.queryFilter(operators.filters.EndpointSet(id), block, block);
  return {
    operator: id,
    owner,
    signer,
    signerStatus: SIGNER_STATUS_NAMES[Number(standing.status)] ?? "none",
    roles: roleNames(roles),
    endpoint: endpoints.at(-1)?.args.endpoint ?? "",
    gateway: await gateways.gatewayOf(id),
    stake: formatOpg(standing.stake * GRAIN),
    unbonding: formatOpg(unbonding.amount),
    unbondingUntil: unbonding.amount === 0n ? null : isoTime(unbonding.releaseAt),
    setAsidePercent: Number(standing.coverPercent),
    putOff: formatOpg(await operators.deferredOf(id)),
    slots: Number(standing.slots),
    slotsInUse: Number(account.reservations),
    acceptBudget: formatOpg(account.balance),
    slashCount: Number(standing.slashCount),
    jailed: standing.jailed,
    jailedUntil: standing.jailed ? isoTime(standing.lastSlashAt + (await operators.jailPeriod())) : null,
  };
}

async function offersOf(session: Session, { operators, requests }: Contracts, id: number) {
  const from = firstBlockOf(await session.deployment());
  const offered = await allEvents(operators, operators.filters.OfferSet(id), from);
  const releases = [...new Set(offered.map(({ args }) => args.release))];
  const offers = await Promise.all(
    releases.map(async (release) => {
      const { price, modes } = await operators.offerOf(id, release);
      const { matured, unripe, forfeited } = await requests.earningsOf(id, release);
      return {
        release,
        price: formatOpg(price),
        modes: modeNames(modes),
        matured: formatOpg(matured),
        unripe: formatOpg(unripe),
        forfeited: formatOpg(forfeited),
      };
    }),
  );
  return offers.filter(
    ({ modes, matured, unripe }) => modes.length !== 0 || matured !== "0" || unripe !== "0",
  );
}
