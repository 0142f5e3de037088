import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { formatEther, parseEther } from "ethers";
import { z } from "zod";
import { VolatilityFeed__factory } from "../../types/factories/contracts/examples/VolatilityFeed__factory.ts";
import { IInferenceRequests__factory } from "../../types/factories/contracts/interfaces/IInferenceRequests__factory.ts";
import { IModelHub__factory } from "../../types/factories/contracts/interfaces/IModelHub__factory.ts";
import { IOperators__factory } from "../../types/factories/contracts/interfaces/IOperators__factory.ts";
import { commandLine } from "../local/hardhatCommand.ts";
import { type LocalNetwork, PRICE } from "../local/localNetwork.ts";
import { MODELS, ROOT } from "../local/paths.ts";
import { divideFee, maturesAt } from "./earnings.ts";
import type { StoryTeller } from "./narrator.ts";

export const BLOCK_MS = 2_000;
const DEPOSIT = parseEther("10");
const PRICE_DECIMALS = 100;
const ANSWER_TIMEOUT_MS = 60_000;

const sampleSchema = z.object({
  cases: z
    .array(z.object({ name: z.string(), candles: z.array(z.array(z.number()).length(4)).length(24) }))
    .min(1),
});

/** Deploys a consumer, sends it a request, and tells what becomes of it. */
export async function tellStory(
  network: LocalNetwork,
  model: string,
  tell: StoryTeller,
  signal: AbortSignal,
): Promise<void> {
  const { accounts, deployment, release, chain } = network;
  const requests = IInferenceRequests__factory.connect(
    deployment.contracts.InferenceRequests.address,
    accounts.requester,
  );
  const operators = IOperators__factory.connect(deployment.contracts.Operators.address, chain.provider);
  const hub = IModelHub__factory.connect(deployment.contracts.ModelHub.address, chain.provider);

  tell.step(
    "Deploying a consumer contract, contracts/examples/VolatilityFeed.sol, and giving it OPG to pay with",
  );
  const feed = await new VolatilityFeed__factory(accounts.requester).deploy(
    requests,
    release.release,
    accounts.requester.address,
    parseEther(PRICE),
  );
  await feed.waitForDeployment();
  const feedAddress = await feed.getAddress();
  await deposit(network, feedAddress);

  tell.step(`A block every ${BLOCK_MS / 1000} seconds from here on, as on Base`);
  await chain.mineEvery(BLOCK_MS);

  const [sample] = sampleSchema.parse(
    JSON.parse(await readFile(join(MODELS, model, "sample.json"), "utf8")),
  ).cases;
  const candles = (sample?.candles ?? []).map((prices) =>
    prices.map((price) => BigInt(Math.round(price * PRICE_DECIMALS))),
  );
  const lastClose = sample?.candles.at(-1)?.[3];
  tell.step(
    `The consumer asks: how volatile will the next hour be? (24 candles, case "${sample?.name}", last close ${lastClose})`,
  );
  const asked = await feed.ask(
    candles.map(([open, high, low, close]) => ({
      open: open ?? 0n,
      high: high ?? 0n,
      low: low ?? 0n,
      close: close ?? 0n,
    })),
  );
  const request = await asked.wait();
  if (request === null) throw new Error("the request's receipt is missing");
  const [opened] = await requests.queryFilter(
    requests.filters.RequestOpened(),
    request.blockNumber,
    request.blockNumber,
  );
  if (opened === undefined) throw new Error("the request left no event");
  tell.fact("request", opened.args.id);
  tell.fact("in block", `${request.blockNumber}, gas ${request.gasUsed}`);
  tell.fact("fee offered", `${PRICE} OPG, full for a minute, nothing after ten`);

  tell.step("The node sees it, runs the model on ONNX Runtime, signs the result and submits it");
  const fulfilled = await answerOf(requests, opened.args.id, request.blockNumber, signal);
  const receipt = await fulfilled.getTransactionReceipt();
  const volatility = await feed.volatility();
  tell.fact(
    "in block",
    `${receipt.blockNumber}, ${receipt.blockNumber - request.blockNumber} after the request; gas ${receipt.gasUsed}`,
  );
  tell.fact("by operator", `${fulfilled.args.operatorId} (signer ${accounts.signer.address})`);
  tell.fact(
    "the contract now has",
    `a volatility of ${(Number(formatEther(volatility)) * 100).toFixed(4)} % for the next hour`,
  );

  const terms = await hub.termsOf(release.release);
  const paid = fulfilled.args.paid;
  const parts = divideFee(paid, terms.royalty, await requests.protocolFeeBps());
  const block = await receipt.getBlock();
  const matures = maturesAt(BigInt(block.timestamp), await operators.disputeWindow());
  tell.step("The money");
  tell.fact("paid", `${formatEther(paid)} OPG`);
  tell.fact("to the operator", `${formatEther(parts.operator)} OPG`);
  tell.fact("to the publisher", `${formatEther(parts.royalty)} OPG`);
  tell.fact("to the protocol", `${formatEther(parts.protocol)} OPG`);
  tell.fact(
    "matures",
    `${new Date(Number(matures) * 1000).toISOString()}; until then a proof of fault forfeits the operator's part`,
  );
  tell.fact("gas in all", `${request.gasUsed + receipt.gasUsed} for request, answer, callback and payment`);
  tell.line();
}

/** What to try next. */
export function farewell(network: LocalNetwork, tell: StoryTeller): void {
  const { deployment, accounts, release, chain, nodeUrl, deploymentFile } = network;
  tell.step("The network stays up. Addresses:");
  for (const [name, { address }] of Object.entries(deployment.contracts)) tell.fact(name, address);
  tell.fact("release", `${release.name} ${release.version} = ${release.release}`);
  tell.fact("chain", chain.url);
  tell.line();
  tell.step("Try, in another terminal:");
  const options = ["--network", "local", "--deployment", relative(ROOT, deploymentFile)];
  const sample = `models/${release.name}/sample.json`;
  const asking = ["--candles", sample, "--wait", "--yes", "--from", accounts.requester.address];
  tell.command(commandLine(["network", "coverage", release.release, ...options]));
  tell.command(commandLine(["operator", "show", "--operator", "1", ...options]));
  tell.command(commandLine(["inference", "request", release.release, ...asking, ...options]));
  tell.command(commandLine(["inference", "verify", "<the transaction that answered>", ...options]));
  tell.command(`curl ${nodeUrl}/status`);
  tell.line();
  tell.line("         Ctrl-C ends everything.");
}

async function deposit({ deployment, accounts }: LocalNetwork, account: string): Promise<void> {
  const { OPG__factory } = await import("../../types/factories/contracts/OPG__factory.ts");
  const requestsAddress = deployment.contracts.InferenceRequests.address;
  const opg = OPG__factory.connect(deployment.contracts.OPG.address, accounts.requester);
  const requests = IInferenceRequests__factory.connect(requestsAddress, accounts.requester);
  await (await opg.approve(requestsAddress, DEPOSIT)).wait();
  await (await requests.deposit(account, DEPOSIT)).wait();
}

type Requests = ReturnType<typeof IInferenceRequests__factory.connect>;

async function answerOf(requests: Requests, id: string, fromBlock: number, signal: AbortSignal) {
  const giveUpAt = Date.now() + ANSWER_TIMEOUT_MS;
  while (Date.now() < giveUpAt) {
    signal.throwIfAborted();
    const [found] = await requests.queryFilter(requests.filters.RequestFulfilled(id), fromBlock);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`);
}
