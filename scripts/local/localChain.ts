import { setTimeout as sleep } from "node:timers/promises";
import { JsonRpcProvider } from "ethers";
import { LocalNetworkError } from "./localNetworkError.ts";
import { type ManagedProcess, startProcess } from "./managedProcess.ts";
import { HARDHAT, LOCAL_CHAIN_ID } from "./paths.ts";

const START_TIMEOUT_MS = 60_000;

/** A local OP-stack chain in a process of its own. */
export interface LocalChain {
  readonly url: string;
  readonly provider: JsonRpcProvider;
  readonly process: ManagedProcess;
  /** A block for every transaction, at once. */
  mineOnDemand(): Promise<void>;
  /** A block every so many milliseconds, as Base makes them. */
  mineEvery(intervalMs: number): Promise<void>;
}

export async function startLocalChain(
  port: number,
  logFile: string,
  signal: AbortSignal,
): Promise<LocalChain> {
  const child = startProcess([HARDHAT, "node", "--network", "node", "--port", String(port)], logFile);
  const url = `http://127.0.0.1:${port}`;
  const provider = new JsonRpcProvider(url, LOCAL_CHAIN_ID, {
    staticNetwork: true,
    pollingInterval: 200,
    cacheTimeout: -1,
  });
  try {
    await waitForChain(url, child, logFile, signal);
  } catch (cause) {
    provider.destroy();
    await child.stop();
    throw cause;
  }
  return {
    url,
    provider,
    process: child,
    mineOnDemand: async () => {
      await provider.send("evm_setIntervalMining", [0]);
      await provider.send("evm_setAutomine", [true]);
    },
    mineEvery: async (intervalMs) => {
      await provider.send("evm_setAutomine", [false]);
      await provider.send("evm_setIntervalMining", [intervalMs]);
    },
  };
}

async function waitForChain(
  url: string,
  child: ManagedProcess,
  logFile: string,
  signal: AbortSignal,
): Promise<void> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < giveUpAt) {
    signal.throwIfAborted();
    if (ended) throw new LocalNetworkError("chain-ended", "the local chain ended while it started", logFile);
    if (await answers(url)) return;
    await sleep(100, undefined, { signal });
  }
  throw new LocalNetworkError("chain-timeout", "the local chain did not answer in time", logFile);
}

async function answers(url: string): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
  const headers = { "content-type": "application/json" };
  return await fetch(url, { method: "POST", headers, body }).then(
    (response) => response.ok,
    () => false,
  );
}
