import { getBytes } from "ethers";
import { decodeRoot } from "../../offchain-runner/src/exact/rootCodec.ts";
import { requireSchema } from "../../offchain-runner/src/exact/rootSchema.ts";
import { type Release, readRelease, resolveRelease, titleOf } from "../release.ts";
import { isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";

export interface ConfirmExactArguments {
  release: string;
}

/** Wrong answers can be proved from then on; whatever was signed before stays as it was. */
export async function confirmExact(args: ConfirmExactArguments, session: Session): Promise<Report> {
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const { hub } = await session.contracts();
  await requireDeclaredGraph(session, release);
  session.say(`Confirming that ${titleOf(release)} is exact`);
  const receipt = await send(() => hub.confirmExact(release.id));
  const { args: confirmed } = eventOf(receipt, hub, "ReleaseConfirmedExact");
  const from = isoTime(Number(confirmed.exactFrom));
  return {
    lines: [
      `${titleOf(release)} is exact from ${from} (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: {
      release: release.id,
      graphRoot: confirmed.graphRoot,
      exactFrom: from,
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}

/** The hub cannot see what a graph takes and gives; a graph of other tensors would make every answer a fault. */
async function requireDeclaredGraph(session: Session, release: Release): Promise<void> {
  const { blobs } = await session.readOnly();
  const { graphRoot } = release;
  if (graphRoot === undefined) return;
  const code = getBytes(await session.connection.ethers.provider.getCode(await blobs.addressOf(graphRoot)));
  // What is not stored or not declared the hub refuses by itself.
  if (code.length !== 0) requireSchema(decodeRoot(code.slice(1)), release);
}
