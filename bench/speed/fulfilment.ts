import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { parseEther } from "ethers";
import { startLocalNetwork } from "../../scripts/local/localNetwork.ts";
import { MODELS } from "../../scripts/local/paths.ts";
import { IInferenceRequests__factory } from "../../types/factories/contracts/interfaces/IInferenceRequests__factory.ts";
import { OPG__factory } from "../../types/factories/contracts/OPG__factory.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";
import { randomStream } from "../randomStream.ts";

const MODEL = "eth-volatility-1h";
const REQUESTS = 50;
const BLOCK_MS = 2_000;
const MEAN_GAP_MS = 900;
const GIVE_UP_MS = 60_000;

/** Seconds of chain time from the block of a request to that of its answer; the node is a process of its own. */
export async function measure(): Promise<Figures> {
  const { signal } = new AbortController();
  const silent = { step: () => {}, command: () => {} };
  const network = await startLocalNetwork({
    name: "bench-fulfilment",
    model: MODEL,
    signal,
    narrator: silent,
  });
  try {
    const { accounts, deployment, chain, release } = network;
    const address = deployment.contracts.InferenceRequests.address;
    const requests = IInferenceRequests__factory.connect(address, accounts.requester);
    const opg = OPG__factory.connect(deployment.contracts.OPG.address, accounts.requester);
    await (await opg.approve(address, parseEther("100"))).wait();
    await (await requests.deposit(accounts.requester.address, parseEther("100"))).wait();
    const fromBlock = await chain.provider.getBlockNumber();
    await chain.mineEvery(BLOCK_MS);

    const input = await sampleInput();
    const random = randomStream("fulfilment");
    let nonce = await accounts.requester.getNonce();
    for (let lane = 0; lane < REQUESTS; lane++) {
      await sleep(random() * 2 * MEAN_GAP_MS);
      const now = Math.floor(Date.now() / 1000);
      const terms = {
        release: release.release,
        mode: 0,
        codec: 1,
        fee: parseEther("0.05"),
        fullFeeUntil: now + 1_800,
        deadline: now + 3_600,
        acceptPeriod: 0,
        lane,
        callbackGas: 0,
        delivery: 0,
        minStake: 0,
        cover: 0n,
        operatorId: 0,
      };
      await requests.request(terms, input, { nonce: nonce++, gasLimit: 500_000 });
    }
    return { "seconds.fulfil.p95": quantile(await waits(requests, fromBlock), 0.95) };
  } finally {
    await network.stop();
  }
}

async function sampleInput(): Promise<Uint8Array> {
  const sample: { cases: { candles: number[][] }[] } = JSON.parse(
    await readFile(join(MODELS, MODEL, "sample.json"), "utf8"),
  );
  const candles = sample.cases[0]?.candles ?? [];
  const lastClose = candles.at(-1)?.[3] ?? 1;
  const relative = candles.flat().map((price) => price / lastClose - 1);
  return encodeTensors([tensorFromNumbers("float32", [1, 24, 4], relative)]);
}

type Requests = ReturnType<typeof IInferenceRequests__factory.connect>;

async function waits(requests: Requests, fromBlock: number): Promise<number[]> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  while (Date.now() < giveUpAt) {
    const opened = await requests.queryFilter(requests.filters.RequestOpened(), fromBlock);
    const fulfilled = await requests.queryFilter(requests.filters.RequestFulfilled(), fromBlock);
    if (opened.length === REQUESTS && fulfilled.length === REQUESTS) {
      const openedAt = new Map<string, number>();
      for (const log of opened) openedAt.set(log.args.id, (await log.getBlock()).timestamp);
      return await Promise.all(
        fulfilled.map(
          async (log) => (await log.getBlock()).timestamp - (openedAt.get(log.args.id) ?? Number.NaN),
        ),
      );
    }
    await sleep(500);
  }
  throw new Error(`not all of ${REQUESTS} requests were answered`);
}
