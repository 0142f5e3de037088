import { resultHash } from "@opg-network/sdk/inferenceResult";
import { formatOpg } from "@opg-network/sdk/opg";
import { coverClaims } from "../../offchain-runner/src/cover/coverClaims.ts";
import { chainTime } from "../permit.ts";
import { isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { insuredResults } from "./insuredResults.ts";
import { beneficiaryOf } from "./list.ts";

export interface ClaimArguments {
  beneficiary: string | undefined;
}

/** Claims every cover whose result was proved wrong, and pays those that are due. */
export async function claim(args: ClaimArguments, session: Session): Promise<Report> {
  const beneficiary = await beneficiaryOf(args.beneficiary, session);
  const insured = await insuredResults(session, beneficiary);
  const { operators, disputes } = await session.contracts();
  const now = await chainTime(session);
  const lines: string[] = [];
  const claimed: object[] = [];
  for (const { operatorId, coverer, result, amount } of await coverClaims(
    insured,
    { operators, disputes },
    now,
  )) {
    const receipt = await send(() => disputes.claimCover(operatorId, coverer, result));
    lines.push(`Claimed ${formatOpg(amount)} OPG from operator ${operatorId}`);
    claimed.push({ operator: operatorId, amount: formatOpg(amount), transaction: receipt.hash });
  }
  const paid: object[] = [];
  for (const { operatorId, coverer, result } of insured) {
    const key = await operators.coverKeyOf(operatorId, coverer, resultHash(result));
    const due = await operators.dueCoverOf(key);
    if (due.amount === 0n) continue;
    if (Number(due.payableAt) > now) {
      lines.push(`${formatOpg(due.amount)} OPG can be paid from ${isoTime(Number(due.payableAt))}`);
      continue;
    }
    const receipt = await send(() => operators.payCover(key));
    lines.push(`Paid ${formatOpg(due.amount)} OPG to ${due.beneficiary}`);
    paid.push({ key, amount: formatOpg(due.amount), transaction: receipt.hash });
  }
  return {
    lines: lines.length === 0 ? [`Nothing that insures ${beneficiary} was proved wrong`] : lines,
    value: { beneficiary, claimed, paid },
  };
}
