import { formatOpg } from "@opg-network/sdk/opg";
import { integerArgument } from "../arguments.ts";
import { readRelease } from "../release.ts";
import { type Report, table } from "../report.ts";
import type { Session } from "../session.ts";
import { stories } from "./story.ts";

export interface ListArguments {
  operator: string | undefined;
  release: string | undefined;
}

export async function list(args: ListArguments, session: Session): Promise<Report> {
  const operator =
    args.operator === undefined ? undefined : integerArgument("--operator", args.operator, 1, 2 ** 32 - 1);
  const release = args.release === undefined ? undefined : (await readRelease(session, args.release)).id;
  const found = (await stories(session)).filter(
    (story) =>
      (operator === undefined || story.operator === operator) &&
      (release === undefined || story.release === release),
  );
  const rows = found.map(({ key, state, operator, steps, slashed, accuser }) => [
    key,
    state,
    String(operator),
    String(steps.length),
    formatOpg(slashed),
    accuser,
  ]);
  return {
    lines:
      rows.length === 0
        ? ["No claim was ever disputed here"]
        : table(["claim", "state", "operator", "steps", "slashed OPG", "accuser"], rows),
    value: {
      disputes: found.map(
        ({ key, state, operator, release, steps, slashed, accuser, block, transaction }) => ({
          ...{ key, state, operator, release, accuser, block, transaction },
          steps: steps.length,
          slashed: formatOpg(slashed),
        }),
      ),
    },
  };
}
