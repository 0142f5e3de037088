import path from "node:path";
import { type Manifest, readManifest } from "@opg-network/sdk/manifest";
import type { StoredGraph } from "../../offchain-runner/src/exact/blobs.ts";
import { ExactError } from "../../offchain-runner/src/exact/exactError.ts";
import { addressArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { checkModel } from "./checkModel.ts";
import { loweredModel } from "./loweredModel.ts";
import { addressOf, type Delivery, plannedDelivery } from "./onChainModel.ts";

export interface CheckContractArguments {
  folder: string;
  address: string | undefined;
  release: string | undefined;
}

/**
 * Nothing that a contract says of itself is believed: the model is lowered here, its contract written and compiled here,
 * and the address computed from that.
 */
export async function checkContract(args: CheckContractArguments, session: Session): Promise<Report> {
  const manifest = await readManifest(path.join(args.folder, "manifest.json"));
  await checkModel(args.folder, manifest);
  const graph = await loweredModel(args.folder, manifest);
  const title = await sameGraph(args.release, graph?.graphRoot, session);
  const contract = await contractOf(manifest, graph, session);
  const machine = await plannedDelivery("machine", manifest, graph, session);
  const candidates = [contract, machine].filter((each): each is Delivery => each !== undefined);
  const own = await Promise.all(candidates.map((each) => addressOf(each, session)));
  const address = args.address === undefined ? (own[0] ?? "") : addressArgument("--address", args.address);
  const { provider } = session.connection.ethers;
  const isThere = (await provider.getCode(address)) !== "0x";
  if (!isThere) throw new CommandError("contract-missing", { address });
  const kind = candidates[own.indexOf(address)]?.kind;
  if (kind === undefined) throw new CommandError("contract-untrue", { address, expected: own.join(" or ") });
  return {
    lines: [
      `${address} is ${manifest.name}, ${kind === "contract" ? "a contract of its own" : "on the machine"}`,
      ...fields([
        ["graph root", graph?.graphRoot],
        ["release", title],
      ]),
    ],
    value: {
      address,
      onChain: kind,
      graphRoot: graph?.graphRoot ?? null,
      release: title ?? null,
    },
  };
}

/** None of a model that makes no contract; it may be on the machine all the same. */
async function contractOf(
  manifest: Manifest,
  graph: StoredGraph | undefined,
  session: Session,
): Promise<Delivery | undefined> {
  try {
    return await plannedDelivery("contract", manifest, graph, session);
  } catch (error) {
    const isRefused = error instanceof ExactError && error.code.startsWith("exact-contract-");
    if (!isRefused) throw error;
    session.say(error.message);
    return undefined;
  }
}

async function sameGraph(
  reference: string | undefined,
  graphRoot: string | undefined,
  session: Session,
): Promise<string | undefined> {
  if (reference === undefined) return undefined;
  const release = await readRelease(session, await resolveRelease(session, reference));
  if (release.graphRoot !== graphRoot) {
    throw new CommandError("arguments-conflict", {
      problem: `${titleOf(release)} commits to the graph ${release.graphRoot ?? "none"}, the folder gives ${graphRoot ?? "none"}`,
    });
  }
  return titleOf(release);
}
