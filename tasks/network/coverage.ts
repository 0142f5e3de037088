import { formatOpg } from "@opg-network/sdk/opg";
import { MODES } from "@opg-network/sdk/request";
import { modeArgument } from "../arguments.ts";
import { arithmeticOf, assuranceOf } from "../assurance.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import { type Report, table } from "../report.ts";
import type { Session } from "../session.ts";
import { candidatesFor } from "./candidates.ts";

export interface CoverageArguments {
  release: string;
  mode: string | undefined;
}

export async function coverage(args: CoverageArguments, session: Session): Promise<Report> {
  const mode = modeArgument("--mode", args.mode ?? "VANILLA");
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const candidates = (await candidatesFor(session, release.id, mode)).map((candidate) => ({
    operator: Number(candidate.operatorId),
    signer: candidate.signer,
    price: formatOpg(candidate.price),
    coverRateBps: Number(candidate.coverRateBps),
    stake: formatOpg(candidate.stake),
    freeSlots: Number(candidate.freeSlots),
    acceptBudget: formatOpg(candidate.acceptBudget),
    endpoint: candidate.endpoint,
  }));
  const what = `${titleOf(release)} in ${MODES[mode]}`;
  return {
    lines:
      candidates.length === 0
        ? [`No operator could serve ${what} now`]
        : [
            `${candidates.length} operator(s) could serve ${what} now`,
            `The release is ${assuranceOf(release)}`,
            ...table(
              ["operator", "price", "cover", "stake", "free slots", "signer", "endpoint"],
              candidates.map((row) => [
                String(row.operator),
                `${row.price} OPG`,
                row.coverRateBps === 0 ? "none" : `${row.coverRateBps / 100} %`,
                `${row.stake} OPG`,
                String(row.freeSlots),
                row.signer,
                row.endpoint,
              ]),
            ),
          ],
    value: { release: release.id, arithmetic: arithmeticOf(release), mode: MODES[mode], candidates },
  };
}
