import { invalid } from "../arguments.ts";
import { readRelease, resolveRelease, STATUS_NAMES, titleOf } from "../release.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";

export interface SetStatusArguments {
  release: string;
  status: string;
  yes: boolean;
}

export async function setStatus(args: SetStatusArguments, session: Session): Promise<Report> {
  const status = (STATUS_NAMES as readonly string[]).indexOf(args.status);
  if (status < 2) throw invalid("status", args.status, "stable, deprecated or yanked");
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const { hub } = await session.contracts();
  session.say(`Moving ${titleOf(release)} from ${release.status} to ${args.status}`);
  if (args.status === "yanked") {
    await session.confirm(
      "A yank is final. It acts at once on channels, after 7 days on pinned releases. Yank?",
      args.yes,
    );
  }
  const receipt = await send(() => hub.setStatus(release.id, status));
  return {
    lines: [`${titleOf(release)} is ${args.status} (transaction ${receipt.hash}, gas ${receipt.gasUsed})`],
    value: {
      release: release.id,
      from: release.status,
      to: args.status,
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}
