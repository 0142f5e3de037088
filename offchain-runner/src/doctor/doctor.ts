import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChainReader } from "../chain/chainReader.ts";
import { connectContracts } from "../chain/contracts.ts";
import { createKeyRegistry } from "../chain/keyRegistry.ts";
import { ResilientProvider } from "../chain/provider.ts";
import { loadSignerKey } from "../chain/signerKey.ts";
import { systemClock } from "../clock.ts";
import type { Config, Environment } from "../config.ts";
import { loadConfig } from "../config.ts";
import { createReleaseCatalog } from "../hub/releaseCatalog.ts";
import { openReleaseStore } from "../jobs/onnxEngine.ts";
import type { Check } from "./check.ts";
import { fail, ok, warn, wordsOf } from "./check.ts";
import { checkEndpoints } from "./endpointChecks.ts";
import { checkDataFolder, checkDisk, checkNodeVersion, checkPort, checkRuntime } from "./machineChecks.ts";
import type { FoundRelease } from "./operatorChecks.ts";
import { checkBalance, checkContracts, checkOperator, checkReleases } from "./operatorChecks.ts";
import { checkProofs } from "./proofChecks.ts";

const OTHERS_MAY = 0o077;

/** Looks at all that a node needs, and changes nothing but the cache of models. */
export async function examine(configFile: string | undefined, environment?: Environment): Promise<Check[]> {
  const checks: Check[] = [checkNodeVersion()];
  let config: Config;
  try {
    config = loadConfig(configFile, environment);
    checks.push(ok("config", `${config.roles.join(" and ")} on chain ${config.chain.chainId}`));
  } catch (error) {
    return [...checks, fail("config", wordsOf(error), "correct the setting; README.md has them all")];
  }
  const key = await checkKey(config);
  const folder = await checkDataFolder(config);
  checks.push(key.check, await checkDisk(config), folder.check, await checkPort(config, folder.state));
  if (config.roles.includes("inference")) checks.push(await checkRuntime(config));
  checks.push(...(await checkEndpoints(config)));
  return [...checks, ...(await examineChain(config, key.address, folder.state === "in-use"))];
}

async function checkKey(config: Config): Promise<{ check: Check; address: string | undefined }> {
  try {
    const { address } = await loadSignerKey(config.signer);
    if (config.signer.kind === "raw-key") return { address, check: ok("key", `${address}, a raw key`) };
    const { mode } = await stat(config.signer.file);
    const isOpen = (mode & OTHERS_MAY) !== 0;
    const check = isOpen
      ? warn("key", `${address}; others may read its keystore`, `chmod 600 ${config.signer.file}`)
      : ok("key", address);
    return { address, check };
  } catch (error) {
    const check = fail("key", wordsOf(error), "correct signer.keystoreFile or its password");
    return { address: undefined, check };
  }
}

/** What stands on chain, by whichever endpoint answers. */
async function examineChain(config: Config, signer: string | undefined, isInUse: boolean): Promise<Check[]> {
  const { rpcUrls, chainId, rpcTimeoutMs, addresses } = config.chain;
  const stop = new AbortController();
  const provider = new ResilientProvider({
    urls: rpcUrls,
    chainId,
    timeoutMs: rpcTimeoutMs,
    // Whoever waits for the answer would rather know.
    retries: 1,
    clock: systemClock,
    signal: stop.signal,
  });
  try {
    const contracts = connectContracts(addresses, provider);
    const checks = [await checkContracts(config, provider, contracts)];
    if (checks[0]?.status === "fail" || signer === undefined) return checks;
    checks.push(await checkBalance(config, provider, signer));
    const operator = await checkOperator(config, contracts, signer);
    checks.push(...operator.checks);
    const catalog = createReleaseCatalog(contracts.hub, addresses.ModelHub, createChainReader(provider));
    const releases = await checkReleases(config, contracts, catalog, operator);
    const registry = createKeyRegistry(contracts, provider);
    checks.push(...releases.checks, ...(await checkProofs(config, releases.found, registry)));
    return [...checks, ...(await checkArtifacts(config, releases.found, isInUse))];
  } catch (error) {
    return [fail("chain", wordsOf(error), "look at the endpoints above")];
  } finally {
    stop.abort();
    provider.destroy();
  }
}

/** Fetches what is not in the cache, and compares all of it with the digests in the hub. */
async function checkArtifacts(
  config: Config,
  found: readonly FoundRelease[],
  isInUse: boolean,
): Promise<Check[]> {
  if (found.length === 0) return [];
  if (isInUse) return [ok("artifacts", "the running node keeps them; its /status says how they are")];
  const folder = await mkdtemp(join(tmpdir(), "opg-doctor-"));
  try {
    const store = await openReleaseStore(config, join(folder, "releases"), systemClock);
    const checks: Check[] = [];
    for (const { reference, release } of found) {
      const id = `artifact:${reference}`;
      const signal = AbortSignal.timeout(config.artifacts.timeoutMs);
      try {
        const { bytes, close } = await store.prepare(release, signal);
        checks.push(ok(id, `${bytes} bytes, as the hub's digests say`));
        await close();
      } catch (error) {
        checks.push(fail(id, wordsOf(error), "look at where its files come from, and at artifacts.*"));
      }
    }
    return checks;
  } catch (error) {
    return [fail("artifacts", wordsOf(error), "look at dataDir")];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
