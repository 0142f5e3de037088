import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Release } from "../hub/release.ts";
import type { KeysRecord } from "../zk/keysRecord.ts";
import { KEYS_FILE, keysSchema, PROVING_KEY_FILE, VERIFYING_KEY_FILE } from "../zk/keysRecord.ts";
import type { VerifyingKey } from "../zk/proverProtocol.ts";
import type { KeyFiles } from "./keySystem.ts";
import { ProofError } from "./proofError.ts";

const coordinates = z.array(z.string().regex(/^\d{1,78}$/)).min(2);
const verifyingKeySchema = z.looseObject({
  protocol: z.string(),
  curve: z.string(),
  nPublic: z.int().nonnegative(),
  vk_alpha_1: coordinates,
  vk_beta_2: z.array(coordinates),
  vk_gamma_2: z.array(coordinates),
  vk_delta_2: z.array(coordinates),
  IC: z.array(coordinates),
});

/** Reads what `hub prove-setup` wrote. @throws ProofError `proof-keys-missing`, `proof-keys-invalid` */
export async function readKeys(folder: string): Promise<KeyFiles> {
  const record = await readJson<KeysRecord>(folder, KEYS_FILE, keysSchema);
  const verifyingKey = await readJson<VerifyingKey>(folder, VERIFYING_KEY_FILE, verifyingKeySchema);
  const provingKey = join(folder, PROVING_KEY_FILE);
  await stat(provingKey).catch((cause: unknown) => {
    throw missing(provingKey, cause);
  });
  return { record, verifyingKey, provingKey };
}

/** Where a release's keys are unless the configuration says it: `keys` beside the model in the node's model folder. */
export function keysBeside({ files, entry }: Release, modelDir: string): string | undefined {
  const uri = files[entry]?.uri ?? "";
  return /^[a-z][a-z0-9+.-]*:/i.test(uri) ? undefined : join(modelDir, dirname(uri), "keys");
}

async function readJson<T>(folder: string, file: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(folder, file);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw missing(path, cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProofError("proof-keys-invalid", { reason: `${path} is not JSON` }, cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reason = `${path}: ${z.prettifyError(parsed.error)}`;
  throw new ProofError("proof-keys-invalid", { reason }, parsed.error);
}

function missing(path: string, cause: unknown): ProofError {
  return new ProofError("proof-keys-missing", { reason: `${path} cannot be read` }, cause);
}
