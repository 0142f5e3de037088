import { firstBlockOf } from "@opg-network/sdk/deployment";
import { dtypeOf } from "@opg-network/sdk/dtype";
import { formatVersion, parseVersion } from "@opg-network/sdk/releaseVersion";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { AbiCoder, isAddress, isHexString, keccak256, ZeroHash } from "ethers";
import type { IModelHub } from "../types/contracts/interfaces/IModelHub.ts";
import { CommandError } from "./commandError.ts";
import { allEvents } from "./eventLogs.ts";
import type { Session } from "./session.ts";
import { explained, revertOf } from "./transaction.ts";

export const STATUS_NAMES = ["none", "experimental", "stable", "deprecated", "yanked"] as const;

const CONTENT_PREFIX = "content:";
const coder = AbiCoder.defaultAbiCoder();

/** A release as its publisher declared it, proved against its id, and the terms that hold now. */
export interface Release {
  id: string;
  model: string;
  name: string;
  /** Owner of the model today. */
  publisher: string;
  version: string;
  status: (typeof STATUS_NAMES)[number];
  statusSince: bigint;
  royalty: bigint;
  minStake: bigint;
  modes: bigint;
  isExact: boolean;
  /** Of the graph that the publisher committed to; `undefined` of an approximate release. */
  graphRoot: string | undefined;
  entry: number;
  files: { path: string; size: number; sha256: string; uri: string }[];
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  contributors: { account: string; bps: number }[];
  /** ABI encoding of all that was published, the event's data. */
  encoded: string;
}

export function modelIdOf(publisher: string, name: string): string {
  return keccak256(coder.encode(["address", "string"], [publisher, name]));
}

/**
 * The id that a reference means: an id itself, `publisher/name@version`, `name`, or `content:<content id>`. Without a
 * version it is the newest; without a publisher the name must be one model's alone.
 */
export async function resolveRelease(session: Session, reference: string): Promise<string> {
  const { hub } = await session.readOnly();
  if (isHexString(reference, 32)) return reference.toLowerCase();
  if (reference.startsWith(CONTENT_PREFIX)) {
    const found = await explained(() => hub.releaseByContentId(reference.slice(CONTENT_PREFIX.length)));
    return found.release;
  }
  const match = /^(?:(0x[0-9a-fA-F]{40})\/)?([a-z0-9][a-z0-9._-]{0,63})(?:@(.+))?$/.exec(reference);
  const [, publisher, name, versionText] = match ?? [];
  if (name === undefined || (publisher !== undefined && !isAddress(publisher))) {
    throw new CommandError("argument-invalid", {
      name: "release",
      value: reference,
      expected: "an id, publisher/name@version, name, or content:<id>",
    });
  }
  const model =
    publisher === undefined ? await modelNamed(session, name, reference) : modelIdOf(publisher, name);
  return await orUnknown(reference, async () => {
    const version = versionText === undefined ? await newest(hub, model) : parseVersion(versionText);
    if (version === undefined) {
      throw new CommandError("argument-invalid", {
        name: "version",
        value: versionText ?? "",
        expected: "like v1.00",
      });
    }
    return await hub.releaseAt(model, version.major, version.minor);
  });
}

/** Reads a release and checks what the endpoint says against its id. */
export async function readRelease(session: Session, id: string): Promise<Release> {
  const { hub } = await session.readOnly();
  const record = await orUnknown(id, () => hub.recordOf(id));
  const block = Number(record.publishedBlock);
  const logs = await hub.queryFilter(hub.filters.ReleasePublished(id), block, block);
  const log = logs.find(({ data }) => isContentOf(id, record.model, data));
  if (log === undefined) throw new CommandError("release-content-mismatch", { release: id });
  const terms = await hub.termsOf(id);
  const { content, major, minor } = log.args;
  return {
    id,
    model: record.model,
    name: await hub.nameOf(record.model),
    publisher: await hub.publisherOf(record.model),
    version: formatVersion({ major: Number(major), minor: Number(minor) }),
    status: STATUS_NAMES[Number(terms.status)] ?? "none",
    statusSince: terms.statusSince,
    royalty: terms.royalty,
    minStake: terms.minStake,
    modes: terms.modes,
    isExact: await hub.isExact(id),
    graphRoot: content.exact.graphRoot === ZeroHash ? undefined : content.exact.graphRoot,
    entry: Number(content.entry),
    files: content.files.map(({ path, size, sha256Digest, uri }) => ({
      path,
      size: Number(size),
      sha256: sha256Digest,
      uri,
    })),
    inputs: content.inputs.map(specOf),
    outputs: content.outputs.map(specOf),
    contributors: content.contributors.map(({ account, bps }) => ({ account, bps: Number(bps) })),
    encoded: log.data,
  };
}

/** `name version (publisher)`: how a release is called in a sentence. */
export function titleOf({
  name,
  version,
  publisher,
}: Pick<Release, "name" | "version" | "publisher">): string {
  return `${name} ${version} of ${publisher}`;
}

function specOf({
  name,
  dtype,
  shape,
}: {
  name: string;
  dtype: bigint;
  shape: readonly bigint[];
}): TensorSpec {
  return { name, dtype: dtypeOf(Number(dtype)), shape: shape.map(Number) };
}

/** The id commits to the event's data, so a lying endpoint cannot show another model. */
function isContentOf(id: string, model: string, data: string): boolean {
  const [major, minor] = coder.decode(["uint16", "uint16"], data);
  const words = ["bytes32", "uint16", "uint16", "bytes32"];
  return keccak256(coder.encode(words, [model, major, minor, keccak256(data)])) === id;
}

async function modelNamed(session: Session, name: string, reference: string): Promise<string> {
  const { hub } = await session.readOnly();
  const created = await allEvents(hub, hub.filters.ModelCreated(), firstBlockOf(await session.deployment()));
  const [only, ...others] = created.filter(({ args }) => args.name === name);
  if (only === undefined) throw new CommandError("release-unknown", { reference });
  if (others.length !== 0) {
    const candidates = [only, ...others].map(({ args }) => `${args.publisher}/${name}`);
    throw new CommandError("release-ambiguous", { reference, candidates });
  }
  return only.args.model;
}

async function newest(hub: Pick<IModelHub, "latestVersion">, model: string) {
  const { major, minor } = await hub.latestVersion(model);
  return { major: Number(major), minor: Number(minor) };
}

async function orUnknown<T>(reference: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const name = revertOf(cause)?.name;
    if (name === "ModelUnknown" || name === "VersionUnknown" || name === "ReleaseUnknown") {
      throw new CommandError("release-unknown", { reference }, cause);
    }
    throw cause;
  }
}
