import path from "node:path";
import {
  type Manifest,
  modeBits,
  type ReleaseContent,
  readManifest,
  releaseContentOf,
} from "@opg-network/sdk/manifest";
import { formatOpg } from "@opg-network/sdk/opg";
import { formatVersion, type ReleaseVersion } from "@opg-network/sdk/releaseVersion";
import { AbiCoder, keccak256 } from "ethers";
import { ModelHub__factory } from "../../types/index.ts";
import { bytes32Argument } from "../arguments.ts";
import { assuranceOf } from "../assurance.ts";
import { CommandError } from "../commandError.ts";
import type { Contracts } from "../contracts.ts";
import { modelIdOf, readRelease } from "../release.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, explained, revertOf, send } from "../transaction.ts";
import { checkModel } from "./checkModel.ts";
import { bindingOf } from "./contentBinding.ts";
import { loweredModel, storeBlobs } from "./loweredModel.ts";
import { deliverModel, plannedDelivery, writeSource } from "./onChainModel.ts";
import { admitKey, proofKeysOf, storeKey } from "./proofKeys.ts";

export interface PublishArguments {
  folder: string;
  uriBase: string | undefined;
  model: string | undefined;
  contentId: string | undefined;
  salt: string | undefined;
  keys: string | undefined;
  onChain: string | undefined;
  major: boolean;
  solidml: boolean;
}

export async function publish(args: PublishArguments, session: Session): Promise<Report> {
  const manifest = await readManifest(path.join(args.folder, "manifest.json"));
  await checkModel(args.folder, manifest);
  const graph = await loweredModel(args.folder, manifest);
  const delivery = await plannedDelivery(args.onChain, manifest, graph, session);
  const declared = releaseContentOf(
    manifest,
    uriIn(manifest, args.uriBase),
    graph === undefined
      ? undefined
      : { graphRoot: graph.graphRoot, loweringVersion: graph.root.loweringVersion },
  );
  const keys = await proofKeysOf(session, manifest, graph, args.keys);
  const content = { ...declared, exact: { ...declared.exact, ...keys?.commitment } };
  const account = await session.account();
  const contracts = await session.contracts();
  const model =
    args.model === undefined
      ? modelIdOf(account.address, manifest.name)
      : bytes32Argument("--model", args.model);
  const isNew = await isUnknown(contracts, model);
  if (isNew && args.model !== undefined) await explained(() => contracts.hub.publisherOf(model));
  const version = isNew
    ? { major: 1, minor: 0 }
    : await nextVersion(session, contracts, model, args.major, manifest, content);

  session.say(
    `Publishing ${manifest.name} ${formatVersion(version)} as ${account.address}: ${content.files.length} file(s), ` +
      `${manifest.modes.join(", ")}, royalty ${formatOpg(manifest.royalty)} OPG, minimum stake ${formatOpg(manifest.minStake)} OPG`,
  );
  for (const { uri } of content.files) session.say(`  ${uri}`);
  let gas = 0n;
  session.say(`The release is ${assuranceOf({ isExact: graph !== undefined })}`);
  if (delivery?.kind === "contract")
    session.say(`What is going to be deployed: ${await writeSource(delivery, args.folder)}`);
  if (graph !== undefined) {
    // A release whose graph is there before it is published is exact from the first moment.
    session.say(`Storing graph root ${graph.graphRoot}, ${graph.blobs.length} blob(s)`);
    gas += await storeBlobs(session, graph);
  }
  if (keys !== undefined) gas += await storeKey(session, keys);
  if (isNew) {
    session.say(`Creating the model ${manifest.name}`);
    gas += (await send(() => contracts.hub.createModel(manifest.name))).gasUsed;
  }
  const entryDigest = content.files[content.entry]?.sha256Digest ?? "";
  const { contentId, salt } = await bindingOf(session, args, entryDigest);
  const receipt = await send(() =>
    contracts.hub.publish(
      model,
      args.major,
      content,
      manifest.royalty,
      manifest.minStake,
      modeBits(manifest.modes),
      contentId,
      salt,
    ),
  );
  gas += receipt.gasUsed;

  const { args: published } = eventOf(receipt, contracts.hub, "ReleasePublished");
  if (keys !== undefined) gas += await admitKey(session, keys, published.release);
  if (args.solidml) {
    session.say("Registering its schema with SolidML");
    gas += (
      await send(() => contracts.solidML.registerSchema(published.release, content.inputs, content.outputs))
    ).gasUsed;
  }
  const delivered = delivery === undefined ? undefined : await deliverModel(delivery, session);
  gas += delivered?.gas ?? 0n;
  const given = formatVersion({ major: Number(published.major), minor: Number(published.minor) });
  return {
    lines: [
      `Published ${manifest.name} ${given}`,
      ...fields([
        ["release", published.release],
        ["model", model],
        ["content id", contentId === "" ? undefined : contentId],
        ["graph root", graph?.graphRoot],
        ["on chain", delivered?.address],
        ["transaction", receipt.hash],
        ["gas", String(gas)],
      ]),
    ],
    value: {
      release: published.release,
      model,
      name: manifest.name,
      version: given,
      publisher: account.address,
      contentId: contentId === "" ? null : contentId,
      graphRoot: graph?.graphRoot ?? null,
      onChainModel: delivered?.address ?? null,
      transaction: receipt.hash,
      gas: Number(gas),
    },
  };
}

/** Relative URIs are looked up in the node's model folder, which `models/` is. */
function uriIn({ name }: Manifest, base: string | undefined): (file: { path: string }) => string {
  const prefix = base === undefined ? `${name}/` : base.replace(/\/*$/, "/");
  return (file) => `${prefix}${file.path}`;
}

async function isUnknown({ hub }: Contracts, model: string): Promise<boolean> {
  try {
    await hub.publisherOf(model);
    return false;
  } catch (error) {
    if (revertOf(error)?.name === "ModelUnknown") return true;
    throw error;
  }
}

/** The number that the hub will give; refuses what it would refuse, and a release that changes nothing. */
async function nextVersion(
  session: Session,
  { hub }: Contracts,
  model: string,
  isMajor: boolean,
  manifest: Manifest,
  content: ReleaseContent,
): Promise<ReleaseVersion> {
  const newest = await hub.latestVersion(model);
  const [major, minor] = [Number(newest.major), Number(newest.minor)];
  if (major === 0) return { major: 1, minor: 0 };
  const id = await hub.releaseAt(model, major, minor);
  const latest = await readRelease(session, id);
  if (
    latest.encoded ===
    encoded([major, minor, manifest.royalty, manifest.minStake, modeBits(manifest.modes), content])
  ) {
    throw new CommandError("release-unchanged", { version: latest.version, release: id });
  }
  if (isMajor) return { major: major + 1, minor: 0 };
  const { schemaHash } = await hub.recordOf(id);
  if (schemaHash !== schemaHashOf(content))
    throw new CommandError("schema-changed", { version: latest.version });
  return { major, minor: minor + 1 };
}

function publishedTypes() {
  return ModelHub__factory.createInterface()
    .getEvent("ReleasePublished")
    .inputs.filter(({ indexed }) => !indexed);
}

/** As the hub encodes what it commits to: the event's data. */
function encoded(values: readonly unknown[]): string {
  return AbiCoder.defaultAbiCoder().encode(publishedTypes(), values);
}

function schemaHashOf({ inputs, outputs }: ReleaseContent): string {
  const content = publishedTypes().find(({ name }) => name === "content");
  const spec = content?.components?.find(({ name }) => name === "inputs");
  if (spec === undefined) throw new Error("ReleasePublished carries no inputs");
  return keccak256(AbiCoder.defaultAbiCoder().encode([spec, spec], [inputs, outputs]));
}
