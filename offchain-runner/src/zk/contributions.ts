import { createHash } from "node:crypto";
import { concat, getBytes } from "ethers";
import { sha256 } from "./compiledCircuit.ts";
import { type FileKind, withSection, wordsOfG1, wordsOfG2 } from "./sectionFile.ts";

/** What one participant of a set-up left in the proving key. */
export interface Contribution {
  /** As `snarkjs zkey contribute` told its maker: of its points, and of all that was contributed before. */
  readonly hash: string;
  /** Drawn from a public value, so that it adds nobody's secret. */
  readonly isBeacon: boolean;
}

const PROVING_KEY: FileKind = { magic: "zkey", name: "a proving key", code: "key-mismatch" };
const CONTRIBUTIONS = 10;
const [G1, G2, HASH] = [64, 128, 64];
/** Three points of the first group, one of the second, the hash that it answers to, its type, bytes of parameters. */
const HASH_AT = 3 * G1 + G2;
const TYPE_AT = HASH_AT + HASH;
const HEAD = TYPE_AT + 8;
const BEACON = 1;

/** The contributions to a Groth16 proving key, in order. @throws CircuitError `key-mismatch` for another file */
export async function contributionsOf(provingKey: string): Promise<Contribution[]> {
  return await withSection(provingKey, PROVING_KEY, CONTRIBUTIONS, async (file, start) => {
    const count = (await file.bytesAt(start + HASH, 4)).readUInt32LE(0);
    const contributions: Contribution[] = [];
    for (let at = start + HASH + 4; contributions.length < count; ) {
      const head = await file.bytesAt(at, HEAD);
      contributions.push({ hash: hashOf(head), isBeacon: head.readUInt32LE(TYPE_AT) === BEACON });
      at += HEAD + head.readUInt32LE(TYPE_AT + 4);
    }
    return contributions;
  });
}

/** The digest by which keys name their ceremony: sha256 of the hashes of its contributions, in order. */
export function transcriptDigest(contributions: readonly Contribution[]): string {
  return sha256(getBytes(concat(contributions.map(({ hash }) => hash))));
}

function hashOf(head: Buffer): string {
  const points = [0, G1, 2 * G1].flatMap((at) => wordsOfG1(head.subarray(at, at + G1)));
  const pair = wordsOfG2(head.subarray(3 * G1, HASH_AT));
  const hash = createHash("blake2b512").update(getBytes(concat([...points, ...pair])));
  return `0x${hash.update(head.subarray(HASH_AT, TYPE_AT)).digest("hex")}`;
}
