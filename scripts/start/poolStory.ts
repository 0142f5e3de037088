import { PipeSigner } from "@opg-network/sdk/pipeSigner";
import { formatEther, MaxUint256, parseEther } from "ethers";
import { VolatilityPool__factory } from "../../types/factories/contracts/examples/VolatilityPool__factory.ts";
import { OPG__factory } from "../../types/factories/contracts/OPG__factory.ts";
import { Pipe__factory } from "../../types/factories/contracts/Pipe__factory.ts";
import type { LocalNetwork } from "../local/localNetwork.ts";
import type { StoryTeller } from "./narrator.ts";

const HOUR_SEC = 3_600;
/** `Forecast.Carried` of the pool. */
const CARRIED = 1n;
const LIQUIDITY = { ether: parseEther("1000"), dollars: parseEther("2000000") };
const TRADE = parseEther("1");
const BUDGET = parseEther("1");
export const POOL_MODEL = "eth-volatility-1h-exact";
/** Fee = 0.15 % and 0.4 times the volatility that the model expects of the next hour. */
const FEE_TERMS = {
  slope: parseEther("0.4"),
  baseFee: parseEther("0.0015"),
  maxInferenceFee: parseEther("0.1"),
  minStake: parseEther("5000"),
};
/** A day's trades, one an hour, ether: bought, or sold where negative. */
const TRADES = [3, -2, 1, 4, -5, 2, -1, -3, 2, 5, -4, 1, -2, 3, -1, -4, 2, 1, -3, 4, -2, -1, 3, -2, 1, -1];

/** A pool asks an exact model within a trader's swap, or computes it: answer, use and payment in one transaction. */
export async function tellPoolStory(network: LocalNetwork, tell: StoryTeller): Promise<void> {
  const { accounts, deployment, chain } = network;
  const release = poolRelease(network);
  const { contracts } = deployment;
  const trader = accounts.requester;
  const pipe = Pipe__factory.connect(contracts.Pipe.address, trader);

  tell.step(
    "Inference inside a transaction: a pool, contracts/examples/VolatilityPool.sol, sets its fee by the model",
  );
  await chain.mineOnDemand();
  const pool = await deployPool(network);
  tell.fact("pool", await pool.getAddress());
  tell.fact("its model", `${release.name}; on chain at ${release.onChainModel}`);
  await liveThroughADay(network, pool);
  tell.fact(
    "a day later",
    `${TRADES.length} trades, one an hour, at the highest fee, ${percent(await pool.highestFee())}, until the model has a day to look at`,
  );

  const opg = OPG__factory.connect(contracts.OPG.address, trader);
  await (await opg.approve(pipe, BUDGET)).wait();
  await (await pipe.deposit(trader.address, BUDGET)).wait();
  await (await pipe.fundBudget(pool, BUDGET, BUDGET)).wait();

  tell.step("An ordinary view call, through ERC-3668: what would a swap cost?");
  const ether = await pool.TOKEN0();
  const { fee } = await pool.quote.staticCall(ether, TRADE, { enableCcipRead: true });
  tell.fact("fee by the model", percent(fee));

  tell.step("The trader swaps; the signer around its wallet fetches the answer, and the call carries it");
  const signer = new PipeSigner(trader, {
    network: {
      pipe: contracts.Pipe.address,
      coverage: contracts.Coverage.address,
      operators: contracts.Operators.address,
    },
    maxFee: parseEther("0.1"),
  });
  const before = (await pipe.budgetOf(trader, pool)).balance;
  const sent = await pool.connect(signer).swap(ether, TRADE, 0n, trader.address, MaxUint256);
  const receipt = await sent.wait();
  if (receipt === null) throw new Error("the swap's receipt is missing");
  const [swapped] = await pool.queryFilter(pool.filters.Swapped(), receipt.blockNumber, receipt.blockNumber);
  if (swapped === undefined) throw new Error("the swap left no event");
  const paid = before - (await pipe.budgetOf(trader, pool)).balance;
  tell.fact(
    "in block",
    `${receipt.blockNumber}; gas ${receipt.gasUsed}, the swap and its inference together`,
  );
  tell.fact(
    "the pool charged",
    `${percent(swapped.args.fee)}${swapped.args.forecast === CARRIED ? ", by the forecast it got in that transaction" : ""}`,
  );
  tell.fact("inference paid", `${formatEther(paid)} OPG for ${release.name}`);

  tell.step(
    "The same swap carrying nothing: the pool has the model computed on chain, and gets the same bits",
  );
  const bare = await (await pool.swap(ether, TRADE, 0n, trader.address, MaxUint256)).wait();
  if (bare === null) throw new Error("the second swap's receipt is missing");
  const [computed] = await pool.queryFilter(pool.filters.Swapped(), bare.blockNumber, bare.blockNumber);
  if (computed === undefined) throw new Error("the second swap left no event");
  tell.fact("in block", `${bare.blockNumber}; gas ${bare.gasUsed}, the swap and the whole network together`);
  tell.fact(
    "the pool charged",
    `${percent(computed.args.fee)}${computed.args.fee === swapped.args.fee ? ", the same" : ""}; no operator, no fee in OPG`,
  );
  tell.line();
}

type Pool = Awaited<ReturnType<VolatilityPool__factory["deploy"]>>;

/** Two test tokens, "ether" and "dollars", at 2,000 dollars an ether. */
async function deployPool(network: LocalNetwork): Promise<Pool> {
  const { accounts, deployment } = network;
  const { release, onChainModel } = poolRelease(network);
  const trader = accounts.requester;
  const token = new OPG__factory(trader);
  const ether = await token.deploy(trader.address);
  const dollars = await token.deploy(trader.address);
  const pool = await new VolatilityPool__factory(trader).deploy(
    deployment.contracts.Pipe.address,
    release,
    onChainModel,
    ether,
    dollars,
    FEE_TERMS,
  );
  await pool.waitForDeployment();
  for (const each of [ether, dollars]) await (await each.approve(pool, MaxUint256)).wait();
  await (await pool.deposit(LIQUIDITY.ether, LIQUIDITY.dollars, 0n, 0n, trader.address, MaxUint256)).wait();
  return pool;
}

function poolRelease({ onChain }: LocalNetwork) {
  if (onChain === undefined || onChain.onChainModel === null)
    throw new Error("the network has no model on chain");
  return { ...onChain, onChainModel: onChain.onChainModel };
}

/** The model sees the pool's own last 24 hours, so there have to be some. */
async function liveThroughADay({ accounts, chain }: LocalNetwork, pool: Pool): Promise<void> {
  const [ether, dollars] = [await pool.TOKEN0(), await pool.TOKEN1()];
  for (const trade of TRADES) {
    await chain.provider.send("evm_increaseTime", [HOUR_SEC]);
    const [token, amount] =
      trade > 0 ? [dollars, BigInt(trade) * 2_000n * TRADE] : [ether, BigInt(-trade) * TRADE];
    await (await pool.swap(token, amount, 0n, accounts.requester.address, MaxUint256)).wait();
  }
}

/** 1e18 = 100 %. */
function percent(fraction: bigint): string {
  return `${(Number(formatEther(fraction)) * 100).toFixed(3)} %`;
}
