import { dtypeOf } from "@opg-network/sdk/dtype";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { parseTensorSchema } from "@opg-network/sdk/schema";
import { AbiCoder, keccak256, ZeroAddress } from "ethers";
import type {
  ModelFileStructOutput,
  TensorSpecStructOutput,
} from "../../../types/contracts/interfaces/IModelHub.ts";
import type { ChainReader } from "../chain/chainReader.ts";
import type { Contracts } from "../chain/contracts.ts";
import { hubInterface } from "../chain/contracts.ts";
import { NodeError } from "../nodeError.ts";
import type { Release } from "./release.ts";

/** A release as its publisher declared it, proved against its id. */
export interface PublishedRelease extends Release {
  readonly version: string;
  readonly contributors: readonly { account: string; bps: number }[];
  /** Declared exact, dispute-ready or not: from then on two outputs for one input are never both right. */
  readonly isExact: boolean;
  /** What its proofs are checked with, where it can be proved. */
  readonly proofKey?: ProofKeyCommitment | undefined;
}

/** What a release says of its verifying key. */
export interface ProofKeyCommitment {
  /** Contract that checks proofs with it. */
  readonly verifier: string;
  /** Of the key's blob. */
  readonly digest: string;
  /** How it was made, as the hub numbers it. */
  readonly origin: number;
}

const EXACT = 1n;

/** Reads releases from the hub. */
export interface ReleaseCatalog {
  /** @param reference a release id or `publisher/name@version` */
  idOf(reference: string): Promise<string>;
  load(id: string): Promise<PublishedRelease>;
}

export function createReleaseCatalog(
  hub: Contracts["hub"],
  hubAddress: string,
  reader: ChainReader,
): ReleaseCatalog {
  return {
    async idOf(reference) {
      const named = /^(0x[0-9a-fA-F]{40})\/(.+)@v?(\d+)\.(\d+)$/.exec(reference);
      if (named === null) return reference.toLowerCase();
      const [, publisher, name, major, minor] = named;
      const model = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "string"], [publisher, name]));
      return known(reference, () => hub.releaseAt(model, Number(major), Number(minor)));
    },
    async load(id) {
      const record = await known(id, () => hub.recordOf(id));
      const block = Number(record.publishedBlock);
      const topic = hubInterface.getEvent("ReleasePublished").topicHash;
      const logs = await reader.logs([hubAddress], { fromBlock: block, toBlock: block }, [topic, id]);
      const log = logs.find(({ data, topics }) => isContentOf(id, topics[2], data));
      if (log === undefined) {
        throw new NodeError(
          "release-content-mismatch",
          "the endpoint gives no content that hashes to the release",
          {
            retryable: true,
            data: { release: id, block },
          },
        );
      }
      const { args } = hubInterface.parseLog(log) as NonNullable<ReturnType<typeof hubInterface.parseLog>>;
      return toRelease(id, args as unknown as PublishedArgs, record.arithmetic === EXACT);
    },
  };
}

interface PublishedArgs {
  major: bigint;
  minor: bigint;
  content: {
    entry: bigint;
    files: ModelFileStructOutput[];
    inputs: TensorSpecStructOutput[];
    outputs: TensorSpecStructOutput[];
    contributors: { account: string; bps: bigint }[];
    exact: {
      graphRoot: string;
      loweringVersion: bigint;
      zkVerifier: string;
      zkKeyDigest: string;
      zkKeyOrigin: bigint;
    };
  };
}

/** The id commits to the event's data, so a lying endpoint cannot show another model. */
function isContentOf(id: string, model: string | undefined, data: string): boolean {
  const coder = AbiCoder.defaultAbiCoder();
  const [major, minor] = coder.decode(["uint16", "uint16"], data);
  const words = ["bytes32", "uint16", "uint16", "bytes32"];
  return keccak256(coder.encode(words, [model, major, minor, keccak256(data)])) === id;
}

function toRelease(id: string, { major, minor, content }: PublishedArgs, isExact: boolean): PublishedRelease {
  return {
    id,
    version: `v${major}.${minor.toString().padStart(2, "0")}`,
    entry: Number(content.entry),
    files: content.files.map(({ path, size, sha256Digest, uri }) => ({
      path,
      size: Number(size),
      sha256: sha256Digest,
      uri,
    })),
    inputs: parseTensorSchema(content.inputs.map(toSpec)),
    outputs: parseTensorSchema(content.outputs.map(toSpec)),
    contributors: content.contributors.map(({ account, bps }) => ({ account, bps: Number(bps) })),
    isExact,
    graph: isExact
      ? { graphRoot: content.exact.graphRoot, loweringVersion: Number(content.exact.loweringVersion) }
      : undefined,
    proofKey: isExact ? toProofKey(content.exact) : undefined,
  };
}

function toProofKey({
  zkVerifier,
  zkKeyDigest,
  zkKeyOrigin,
}: PublishedArgs["content"]["exact"]): ProofKeyCommitment | undefined {
  if (zkVerifier === ZeroAddress) return undefined;
  return { verifier: zkVerifier, digest: zkKeyDigest, origin: Number(zkKeyOrigin) };
}

function toSpec({ name, dtype, shape }: TensorSpecStructOutput): TensorSpec {
  return { name, dtype: dtypeOf(Number(dtype)), shape: shape.map(Number) };
}

async function known<T>(reference: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof NodeError) throw cause;
    throw new NodeError("release-unknown", "the hub has no such release", {
      retryable: true,
      data: { release: reference },
      cause,
    });
  }
}
