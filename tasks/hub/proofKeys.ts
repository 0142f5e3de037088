import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Manifest, modeBits } from "@opg-network/sdk/manifest";
import { hexlify } from "ethers";
import { z } from "zod";
import { blobDigest, type StoredGraph } from "../../offchain-runner/src/exact/blobs.ts";
import { namesTranscript, powersIdIn } from "../../offchain-runner/src/zk/keyBlob.ts";
import {
  KEY_BLOB_FILE,
  KEY_ORIGINS,
  KEYS_FILE,
  type KeysRecord,
  keysSchema,
} from "../../offchain-runner/src/zk/keysRecord.ts";
import { LOCAL_CHAIN_ID } from "../../scripts/local/paths.ts";
import { CommandError } from "../commandError.ts";
import type { Session } from "../session.ts";
import { explained, send } from "../transaction.ts";

const ZK = 2;

/** What a release with mode ZK commits to, and the blob behind it. */
export interface ProofKeys {
  readonly system: KeysRecord["system"];
  readonly blob: Uint8Array;
  readonly commitment: { zkVerifier: string; zkKeyDigest: string; zkKeyOrigin: number };
}

/**
 * The keys that a release in mode ZK is published with.
 * @param folder as `hub prove-setup` wrote it
 */
export async function proofKeysOf(
  session: Session,
  manifest: Manifest,
  graph: StoredGraph | undefined,
  folder: string | undefined,
): Promise<ProofKeys | undefined> {
  const isProved = (modeBits(manifest.modes) & ZK) !== 0;
  if (!isProved && folder === undefined) return undefined;
  if (!isProved || graph === undefined) {
    const problem = `${manifest.name} needs no keys: they are of exact models whose manifest has ZK among its modes`;
    throw new CommandError("arguments-conflict", { problem });
  }
  if (folder === undefined) {
    const why = `${manifest.name} has ZK among its modes; make keys with \`npx hardhat hub prove-setup\``;
    throw new CommandError("argument-missing", { name: "--keys", why });
  }
  const record = await readKeys(folder);
  const blob = await read(folder, KEY_BLOB_FILE);
  const unfit = (problem: string) => new CommandError("file-unreadable", { path: folder, problem });
  if (record.graphRoot !== graph.graphRoot || hexlify(blob.subarray(0, 32)) !== graph.graphRoot)
    throw unfit(`its keys are of graph ${record.graphRoot}; the model's is ${graph.graphRoot}`);
  if (blobDigest(blob) !== record.keyDigest) throw unfit(`${KEY_BLOB_FILE} is not the key of ${KEYS_FILE}`);
  if (record.system === "groth16" && !namesTranscript(blob, record.origin))
    throw unfit(
      `${KEY_BLOB_FILE} does not name the transcript of ${KEYS_FILE}, or names one that is not there`,
    );
  if (record.powersOfTau.origin === "local" && session.chainId !== LOCAL_CHAIN_ID)
    throw unfit("its keys rest on the local powers of tau, whose secret everybody knows");
  const refused = await refusalOf(record, blob, session);
  if (refused !== undefined) throw unfit(`the verifier of this network refuses its keys: ${refused}`);
  const zkVerifier = await (await verifierOf(record, session)).getAddress();
  const { system, keyDigest: zkKeyDigest } = record;
  const commitment = { zkVerifier, zkKeyDigest, zkKeyOrigin: KEY_ORIGINS[record.origin.kind] };
  return { system, blob, commitment };
}

async function verifierOf({ system }: Pick<KeysRecord, "system">, session: Session) {
  return (await session.contracts())[system];
}

async function refusalOf(
  { system, origin }: KeysRecord,
  blob: Uint8Array,
  session: Session,
): Promise<string | undefined> {
  const { groth16, plonk } = await session.contracts();
  if (system === "plonk") {
    const powers = powersIdIn(blob);
    if (await explained(() => plonk.isAccepted(powers))) return undefined;
    return `it does not know the powers of tau ${powers} that they rest on`;
  }
  const least = Number(await explained(() => groth16.LEAST_ORIGIN()));
  return KEY_ORIGINS[origin.kind] < least ? `they are of origin "${origin.kind}"` : undefined;
}

/** Stores the key where it is not yet. Gas used. */
export async function storeKey(session: Session, { blob }: ProofKeys): Promise<bigint> {
  const { blobs } = await session.contracts();
  if (await explained(() => blobs.isStored(blobDigest(blob)))) return 0n;
  session.say(`Storing the verifying key, ${blob.length} bytes`);
  return (await send(() => blobs.put(blob))).gasUsed;
}

/** Has the verifier take the key of a release that was published. Gas used. */
export async function admitKey(session: Session, keys: ProofKeys, release: string): Promise<bigint> {
  const verifier = await verifierOf(keys, session);
  session.say("Having the verifier check the key");
  return (await send(() => verifier.admitKey(release))).gasUsed;
}

async function readKeys(folder: string): Promise<KeysRecord> {
  const text = await read(folder, KEYS_FILE);
  let value: unknown;
  try {
    value = JSON.parse(text.toString());
  } catch (cause) {
    throw new CommandError(
      "file-unreadable",
      { path: path.join(folder, KEYS_FILE), problem: "not JSON" },
      cause,
    );
  }
  const parsed = keysSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = z.prettifyError(parsed.error);
  throw new CommandError("file-unreadable", { path: path.join(folder, KEYS_FILE), problem }, parsed.error);
}

async function read(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(path.join(folder, file));
  } catch (cause) {
    throw new CommandError(
      "file-unreadable",
      { path: path.join(folder, file), problem: "it cannot be read" },
      cause,
    );
  }
}
