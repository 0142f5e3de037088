import { formatOpg } from "@opg-network/sdk/opg";
import { type CoverClaim, liveCover } from "../../offchain-runner/src/cover/coverClaims.ts";
import { addressArgument } from "../arguments.ts";
import { chainTime } from "../permit.ts";
import { isoTime, type Report, table } from "../report.ts";
import type { Session } from "../session.ts";
import { insuredResults } from "./insuredResults.ts";

export interface ListArguments {
  beneficiary: string | undefined;
}

export async function list(args: ListArguments, session: Session): Promise<Report> {
  const beneficiary = await beneficiaryOf(args.beneficiary, session);
  const covers = await liveCovers(session, beneficiary);
  return {
    lines:
      covers.length === 0
        ? [`Nothing insures ${beneficiary} now`]
        : [
            `${covers.length} result(s) insure ${beneficiary}`,
            ...table(
              ["operator", "amount", "can be claimed until", "release", "input"],
              covers.map(({ operatorId, amount, endsAt, result }) => [
                String(operatorId),
                `${formatOpg(amount)} OPG`,
                isoTime(endsAt),
                result.release,
                result.inputHash,
              ]),
            ),
          ],
    value: {
      beneficiary,
      covers: covers.map(({ operatorId, coverer, amount, endsAt, result }) => ({
        operator: operatorId,
        coverer,
        amount: formatOpg(amount),
        endsAt: isoTime(endsAt),
        release: result.release,
        inputHash: result.inputHash,
        outputHash: result.outputHash,
      })),
    },
  };
}

/** Of whoever is named, or the account itself. */
export async function beneficiaryOf(named: string | undefined, session: Session): Promise<string> {
  return named === undefined ? (await session.account()).address : addressArgument("--beneficiary", named);
}

async function liveCovers(session: Session, beneficiary: string): Promise<CoverClaim[]> {
  const { operators } = await session.readOnly();
  const now = await chainTime(session);
  const covers = await Promise.all(
    (await insuredResults(session, beneficiary)).map((insured) => liveCover(insured, { operators }, now)),
  );
  return covers.filter((cover) => cover !== undefined);
}
