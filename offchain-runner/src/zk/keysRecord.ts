import { z } from "zod";

/** Files of a folder of keys. */
export const KEYS_FILE = "keys.json";
export const KEY_BLOB_FILE = "verifier.key";
export const PROVING_KEY_FILE = "proving.zkey";
export const VERIFYING_KEY_FILE = "verifying.json";

/** How keys were made, as the hub numbers it. */
export const KEY_ORIGINS = { single: 1, ceremony: 2, universal: 3 } as const;

const digest = z.string().regex(/^0x[0-9a-f]{64}$/, "not 32 bytes in hexadecimal");

/** How the keys of a release's circuit were made, and what they are: `keys.json` of a folder of keys. */
export const keysSchema = z.strictObject({
  graphRoot: digest,
  /** sha256 of the constraints, which are the same wherever the graph is compiled. */
  constraints: digest,
  provingKey: digest,
  /** Digest of the key's blob: the release's `zkKeyDigest`. */
  keyDigest: digest,
  powersOfTau: z.strictObject({ sha256: digest, origin: z.enum(["local", "given"]) }),
  origin: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("single"), contribution: z.string() }),
    z.strictObject({ kind: z.literal("ceremony"), transcript: digest }),
  ]),
});

export type KeysRecord = z.output<typeof keysSchema>;
