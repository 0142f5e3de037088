import type { KeyRegistry } from "../chain/keyRegistry.ts";
import type { Config } from "../config.ts";
import { keysBeside, readKeys } from "../proving/keysFolder.ts";
import { requireAdmitted } from "../proving/releaseProofs.ts";
import type { Check } from "./check.ts";
import { fail, ok, warn, wordsOf } from "./check.ts";
import type { FoundRelease } from "./operatorChecks.ts";

/** Each release that is served in mode ZK: its folder of keys, what it committed to, and whether its key is admitted. */
export async function checkProofs(
  { serve, modelDir }: Pick<Config, "serve" | "modelDir">,
  found: readonly FoundRelease[],
  registry: KeyRegistry,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const each of found) {
    const served = serve.find(({ release }) => release === each.reference);
    if (served?.modes.includes("ZK") !== true) continue;
    const folder = served.proofs ?? keysBeside(each.release, modelDir);
    checks.push(await checkRelease(each, folder, registry));
  }
  return checks;
}

async function checkRelease(
  { reference, release }: FoundRelease,
  folder: string | undefined,
  registry: KeyRegistry,
): Promise<Check> {
  const id = `proofs:${reference}`;
  const { proofKey } = release;
  try {
    if (proofKey === undefined || !(await registry.verifiers()).includes(proofKey.verifier))
      return fail(id, "it names no verifier that results are settled with", "serve it without ZK");
    if (!(await registry.isOffered(release.id)))
      return fail(id, "its publisher does not offer mode ZK", "serve it without ZK");
    if (folder === undefined) return fail(id, "there is no folder with its keys", "set serve[].proofs");
    const { record } = await readKeys(folder);
    if (record.keyDigest !== proofKey.digest)
      return fail(id, `the keys in ${folder} are of another release`, "get the keys of this one");
  } catch (error) {
    return fail(id, wordsOf(error), "put the publisher's folder of keys at serve[].proofs");
  }
  return await checkAdmitted(id, release.id, proofKey.verifier, registry);
}

async function checkAdmitted(
  id: string,
  release: string,
  verifier: string,
  registry: KeyRegistry,
): Promise<Check> {
  let isWanted = false;
  const want = (): void => {
    isWanted = true;
  };
  try {
    await requireAdmitted(release, verifier, registry, want);
    return ok(id, "its keys are there, and the verifier has admitted the key");
  } catch (error) {
    if (isWanted)
      return warn(id, "nobody had its key admitted", "the node does, by a transaction at its start");
    return fail(id, wordsOf(error), "ask its publisher, or serve it without ZK");
  }
}
