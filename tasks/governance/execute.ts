import { isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { actOn } from "./actOn.ts";
import { decodedCall, describeCall } from "./decodedCall.ts";
import { actingGovernance } from "./governanceOf.ts";
import { knownContracts } from "./knownContracts.ts";
import { proposalNamed, termsOf, titleOf } from "./proposal.ts";
import { type Window, windowOf, windowValue } from "./scheduledCall.ts";

export interface ExecuteArguments {
  proposal: string;
}

export async function execute(args: ExecuteArguments, session: Session): Promise<Report> {
  const governance = await actingGovernance(session);
  const { governor } = governance;
  const proposal = await proposalNamed(governance, args.proposal);
  const contracts = knownContracts(await session.deployment());
  const calls = proposal.calls.map((call) => decodedCall(call, contracts));
  session.say(`Executing: ${titleOf(proposal)}`);
  for (const call of calls) session.say(`  ${describeCall(call, contracts)}`);
  const receipt = await actOn(session, governance, proposal, "executed", () =>
    governor.execute(...termsOf(proposal)),
  );

  const scheduled: { call: string; window: Window }[] = [];
  for (const { inner } of calls) {
    if (inner === null) continue;
    const window = await windowOf(session, governance, { ...inner, value: 0n });
    if (window !== undefined) scheduled.push({ call: describeCall(inner, contracts), window });
  }
  return {
    lines: [
      `Executed (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
      ...scheduled.map(
        ({ call, window }) =>
          `${call} can be executed from ${isoTime(window.readyAt)} until ${isoTime(window.expiresAt)}; propose it in time`,
      ),
    ],
    value: {
      ...{ id: proposal.id, state: "executed" },
      scheduled: scheduled.map(({ call, window }) => ({ call, ...windowValue(window) })),
      ...{ transaction: receipt.hash, gas: Number(receipt.gasUsed) },
    },
  };
}
