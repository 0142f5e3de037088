import { firstBlockOf } from "@opg-network/sdk/deployment";
import { formatOpg } from "@opg-network/sdk/opg";
import { ROLES } from "../../deploy/roles.ts";
import type { Contracts } from "../contracts.ts";
import { allEvents } from "../eventLogs.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";

export async function show(_args: object, session: Session): Promise<Report> {
  const deployment = await session.deployment();
  const contracts = await session.readOnly();
  const [numbers, powers] = [await numbersOf(contracts), await powersOf(contracts, firstBlockOf(deployment))];
  return {
    lines: [
      `Protocol on ${deployment.network} (chain ${deployment.chainId})`,
      ...fields(
        Object.entries(deployment.contracts).map(([name, { address, block }]) => [
          name,
          `${address}  block ${block}`,
        ]),
      ),
      "",
      ...fields(Object.entries(numbers).map(([name, value]) => [name, String(value)])),
      "",
      ...fields(
        powers.map(({ role, account, delaySec }) => [
          role,
          `${account}${delaySec === 0 ? "" : `, delay ${delaySec} s`}`,
        ]),
      ),
    ],
    value: { ...deployment, parameters: numbers, powers },
  };
}

async function numbersOf({ operators, requests }: Contracts) {
  return {
    disputeWindowSec: Number(await operators.disputeWindow()),
    maxValiditySec: Number(await operators.maxValidity()),
    unbondingPeriodSec: Number(await operators.unbondingPeriod()),
    jailPeriodSec: Number(await operators.jailPeriod()),
    minimumStakeOpg: formatOpg(await operators.minimumStake()),
    stakePerSlotOpg: formatOpg(await operators.stakePerSlot()),
    bountyFloorOpg: formatOpg(await operators.bountyFloor()),
    protocolFeeBps: Number(await requests.protocolFeeBps()),
    treasury: await requests.treasury(),
    newWorkPausedUntil: Number(await requests.pausedUntil()),
  };
}

/** Members are known from the grants; whether they still are, from the contract. */
async function powersOf({ authority }: Contracts, from: number) {
  const grants = await allEvents(authority, authority.filters.RoleGranted(), from);
  const powers: { role: string; account: string; delaySec: number }[] = [];
  for (const [role, id] of Object.entries(ROLES)) {
    const accounts = new Set(
      grants.filter(({ args }) => args.roleId === id).map(({ args }) => String(args.account)),
    );
    for (const account of accounts) {
      const { isMember, executionDelay } = await authority.hasRole(id, account);
      if (isMember) powers.push({ role, account, delaySec: Number(executionDelay) });
    }
  }
  return powers;
}
