import { getBytes } from "ethers";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { decodeRoot } from "../../offchain-runner/src/exact/rootCodec.ts";
import { requireSchema } from "../../offchain-runner/src/exact/rootSchema.ts";
import { VerifierError } from "../../offchain-runner/src/verifier/verifierError.ts";
import { graphOf } from "../dispute/gradedResult.ts";
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
  if (code.length === 0) return;
  requireSchema(decodeRoot(code.slice(1)), release);
  await requireRunnable(session, graphRoot);
}

/** A graph that no transaction can run is measured by nobody: its release would be exact in name alone. */
async function requireRunnable(session: Session, graphRoot: string): Promise<void> {
  try {
    new ExactInterpreter(await graphOf(session, graphRoot));
  } catch (error) {
    const isMissing = error instanceof VerifierError && error.code === "graph-unreadable";
    if (!isMissing) throw error;
  }
}
