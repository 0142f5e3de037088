import { createChainReader } from "../chain/chainReader.ts";
import { createFeeReader } from "../chain/feeReader.ts";
import { ResilientProvider } from "../chain/provider.ts";
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { LOCAL_CHAIN_ID } from "../config.ts";
import type { Check } from "./check.ts";
import { fail, ok, warn, wordsOf } from "./check.ts";

const LEAST_RANGE = 16;

/** What one endpoint said. */
interface Answers {
  host: string;
  checks: Check[];
  head: number | undefined;
  skewMs: number | undefined;
  headAheadMs: number | undefined;
}

/** Each endpoint alone, then all beside each other. */
export async function checkEndpoints(config: Config): Promise<Check[]> {
  const answers = await Promise.all(config.chain.rpcUrls.map((url) => checkEndpoint(config, url)));
  return [
    ...answers.flatMap(({ checks }) => checks),
    countOf(answers),
    headsOf(answers, config),
    clockOf(answers, config),
  ].flat();
}

async function checkEndpoint(config: Config, url: string): Promise<Answers> {
  const { chainId, rpcTimeoutMs, silentAfterMs } = config.chain;
  const stop = new AbortController();
  const provider = new ResilientProvider({
    urls: [url],
    chainId,
    timeoutMs: rpcTimeoutMs,
    // Whoever waits for the answer would rather know.
    retries: 1,
    clock: systemClock,
    signal: stop.signal,
  });
  const { host } = new URL(url);
  const id = `rpc:${host}`;
  const answers: Answers = { host, checks: [], head: undefined, skewMs: undefined, headAheadMs: undefined };
  try {
    const reader = createChainReader(provider);
    const head = await reader.head();
    const ageMs = Date.now() - head.timestamp * 1000;
    answers.head = head.number;
    answers.headAheadMs = -ageMs;
    answers.skewMs = provider.health()[0]?.skewMs;
    const age = `chain ${chainId}, block ${head.number}, ${Math.max(0, Math.round(ageMs / 1000))} s old, ${provider.health()[0]?.latencyMs} ms`;
    const isSilent = silentAfterMs > 0 && ageMs > silentAfterMs;
    answers.checks.push(
      isSilent ? warn(id, age, "its head is old: ask the provider, or use another endpoint") : ok(id, age),
      await checkLogs(config, provider, host, head.number),
      await checkOracle(provider, host),
    );
  } catch (error) {
    const fix = "take it out of chain.rpcUrls, or correct URL, key or chain.chainId";
    answers.checks.push(fail(id, wordsOf(error), fix));
  } finally {
    stop.abort();
    provider.destroy();
  }
  return answers;
}

/** The widest range of logs that it answers, up to the configured one. */
async function checkLogs(
  { chain }: Config,
  provider: ResilientProvider,
  host: string,
  head: number,
): Promise<Check> {
  const id = `rpc-logs:${host}`;
  const wanted = Math.min(chain.maxLogRange, Math.max(1, head));
  const reader = createChainReader(provider);
  const addresses = [chain.addresses.InferenceRequests];
  for (let range = wanted; ; range = Math.floor(range / 2)) {
    try {
      await reader.logs(addresses, { fromBlock: Math.max(0, head - range + 1), toBlock: head });
      if (range === wanted) return ok(id, `answers logs of ${range} blocks at once`);
      return warn(
        id,
        `answers logs of ${range} blocks, not of ${wanted}`,
        `set chain.maxLogRange to ${range}`,
      );
    } catch (error) {
      if (range > LEAST_RANGE) continue;
      return fail(id, `answers no logs: ${wordsOf(error)}`, "use an endpoint with eth_getLogs");
    }
  }
}

async function checkOracle(provider: ResilientProvider, host: string): Promise<Check> {
  const id = `rpc-oracle:${host}`;
  try {
    const fees = await createFeeReader(provider).rollupFees();
    return ok(
      id,
      fees === undefined ? "no gas price oracle: data costs nothing here" : "gas price oracle read",
    );
  } catch (error) {
    const text = `the gas price oracle cannot be read: ${wordsOf(error)}`;
    return warn(id, text, "use another endpoint: data fees would be unknown");
  }
}

function countOf(answers: readonly Answers[]): Check {
  if (answers.length > 1) return ok("rpc-count", `${answers.length} endpoints`);
  return warn(
    "rpc-count",
    "one endpoint",
    "add one of another provider to chain.rpcUrls: nobody checks this one",
  );
}

function headsOf(answers: readonly Answers[], { chain }: Config): Check[] {
  const best = Math.max(...answers.flatMap(({ head }) => head ?? []));
  return answers.flatMap(({ host, head }) => {
    if (head === undefined || best - head <= chain.maxLagBlocks) return [];
    const lag = best - head;
    const fix = "the node will not use it while it is: choose another";
    return [warn(`rpc-lag:${host}`, `${lag} blocks behind the best endpoint`, fix)];
  });
}

/** By the endpoints' clocks, and by the chain's where that keeps the world's time. */
function clockOf(answers: readonly Answers[], { chain, alarms }: Config): Check[] {
  const skews = answers.flatMap(({ skewMs }) => skewMs ?? []).toSorted((a, b) => a - b);
  const ahead =
    chain.chainId === LOCAL_CHAIN_ID ? [] : answers.flatMap(({ headAheadMs }) => headAheadMs ?? []);
  const median = skews[Math.floor(skews.length / 2)];
  if (median === undefined && ahead.length === 0)
    return [warn("clock", "nobody told the time", "look at the clock by hand")];
  const limitMs = alarms.clockSkewSec * 1000;
  const worst =
    [median ?? 0, ...ahead.filter((ms) => ms > 0)].toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] ?? 0;
  if (Math.abs(worst) <= limitMs)
    return [ok("clock", `within ${Math.ceil(Math.abs(worst) / 1000)} s of endpoints and chain`)];
  const side = worst > 0 ? "behind" : "ahead";
  const text = `${Math.round(Math.abs(worst) / 1000)} s ${side} of endpoints or chain`;
  return [fail("clock", text, "set up time synchronisation (chrony, systemd-timesyncd)")];
}
