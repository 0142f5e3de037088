import { readFileSync } from "node:fs";
import type { PipeNetwork } from "@opg-network/sdk/pipeContracts";
import { PipeSigner } from "@opg-network/sdk/pipeSigner";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { integersFromTensor, tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { compareWays } from "@opg-network/sdk/wayQuote";
import { expect } from "chai";
import { Contract, getBytes, hexlify, MaxUint256, parseEther, type Wallet } from "ethers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { MODELS } from "../../scripts/local/paths.ts";
import type { PawnShop } from "../../types/contracts/examples/PawnShop.ts";
import type { VolatilityPool } from "../../types/contracts/examples/VolatilityPool.ts";
import type { OPG } from "../../types/contracts/OPG.ts";
import { Coverage__factory } from "../../types/factories/contracts/Coverage__factory.ts";
import { PawnShop__factory } from "../../types/factories/contracts/examples/PawnShop__factory.ts";
import { VolatilityPool__factory } from "../../types/factories/contracts/examples/VolatilityPool__factory.ts";
import { OPG__factory } from "../../types/factories/contracts/OPG__factory.ts";
import { millionthsOf, pricesOf } from "../fixtures/compactPrice.ts";
import { shippedContract, shippedGraph } from "../fixtures/exact/shippedContract.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import { deployPipe, type PipeFixture } from "./fixture/pipe.ts";
import { deployProtocol, type Protocol } from "./fixture/protocol.ts";

const HOUR_SEC = 3_600;
const NODE_FEE = parseEther("0.1");
const STAKE = parseEther("2000");
const BASE_FEE = parseEther("0.0015");
const SLOPE = parseEther("0.4");
const HIGHEST_FEE = parseEther("0.0215");
const VOLATILITY = "eth-volatility-1h-exact";
/** `Forecast` of the pool. */
const FORECAST = { none: 0n, carried: 1n, onChain: 2n } as const;

// The dapps of contracts/examples on the real Pipe, with a real node and the shipped models.
describe("the examples end to end", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let pipe: PipeFixture;
  let pool: VolatilityPool;
  let shop: PawnShop;
  let token0: OPG;
  let token1: OPG;
  let trader: Wallet;
  let signer: PipeSigner;
  let node: NodeProcess;
  let network: PipeNetwork;
  let releases: { volatility: string; drawdown: string };
  const graph = shippedGraph(VOLATILITY);

  before(async function () {
    this.timeout(120_000);
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    const { operators, hub, requests } = protocol;
    pipe = await deployPipe(chain, protocol);
    const [deployer, operator] = [chain.account(0), chain.account(1)];
    trader = chain.account(5);
    releases = { volatility: await publishVolatility(), drawdown: await publishDrawdown() };
    await deployDapps(deployer);
    await pipe.fund(trader, "100");
    for (const dapp of [pool, shop]) {
      await (await pipe.pipe.connect(trader).drainBudget(pipe.consumer, parseEther("20"))).wait();
      await (await pipe.pipe.connect(trader).fundBudget(dapp, parseEther("20"), parseEther("1"))).wait();
    }
    await liveThroughADay();

    const operatorId = await protocol.register(operator);
    const served = Object.values(releases);
    for (const release of served) await (await operators.setOffer(operatorId, release, NODE_FEE, 1)).wait();
    node = new NodeProcess(chain, { ...protocol, addresses: pipe.addresses }, operator, served, {
      pipe: { unpaid: { base: "50" } },
    });
    await node.start();
    await (await operators.setEndpoint(operatorId, node.url)).wait();
    await (await pipe.gateways.setGateway(operatorId, `${node.url}/v1/gateway`)).wait();
    const coverage = await new Coverage__factory(deployer).deploy(hub, operators, requests);
    network = {
      pipe: pipe.addresses.Pipe,
      coverage: await coverage.getAddress(),
      operators: protocol.addresses.Operators,
    };
    signer = new PipeSigner(trader, {
      network,
      maxFee: parseEther("0.5"),
    });
  });

  after(async () => {
    await node.dispose();
    await chain.stop();
  });

  async function publishVolatility(): Promise<string> {
    return await protocol.publish({
      name: VOLATILITY,
      uri: `${VOLATILITY}/model.onnx`,
      file: readFileSync(`${MODELS}/${VOLATILITY}/model.onnx`),
      schema: {
        inputs: [{ name: "candles", dtype: "int32", shape: [1, 24, 4] }],
        outputs: [{ name: "volatility", dtype: "int64", shape: [1, 1] }],
      },
      graphRoot: graph.graphRoot,
    });
  }

  async function publishDrawdown(): Promise<string> {
    return await protocol.publish({
      name: "eth-drawdown-24h",
      uri: "eth-drawdown-24h/model.onnx",
      file: readFileSync(`${MODELS}/eth-drawdown-24h/model.onnx`),
      schema: {
        inputs: [{ name: "state", dtype: "float32", shape: [-1, 3] }],
        outputs: [{ name: "drawdown", dtype: "float32", shape: [-1, 1] }],
      },
    });
  }

  async function deployDapps(deployer: Wallet): Promise<void> {
    token0 = await new OPG__factory(deployer).deploy(deployer);
    token1 = await new OPG__factory(deployer).deploy(deployer);
    const terms = { slope: SLOPE, baseFee: BASE_FEE, maxInferenceFee: parseEther("0.2"), minStake: STAKE };
    const { creationCode } = await shippedContract(VOLATILITY);
    const model = await (await deployer.sendTransaction({ data: creationCode })).wait();
    pool = await new VolatilityPool__factory(deployer).deploy(
      pipe.pipe,
      releases.volatility,
      model?.contractAddress ?? "",
      token0,
      token1,
      terms,
    );
    shop = await new PawnShop__factory(deployer).deploy(pipe.pipe, pool, {
      pledged: token0,
      lent: token1,
      volatilityRelease: releases.volatility,
      drawdownRelease: releases.drawdown,
      lender: deployer,
      interest: parseEther("0.01"),
      maxInferenceFee: parseEther("0.2"),
      minStake: STAKE,
    });
    await (await token1.transfer(shop, parseEther("100000"))).wait();
    for (const token of [token0, token1]) {
      await (await token.transfer(trader, parseEther("1000000"))).wait();
      await (await token.approve(pool, MaxUint256)).wait();
      for (const dapp of [pool, shop]) await (await token.connect(trader).approve(dapp, MaxUint256)).wait();
    }
    const all = [parseEther("1000"), parseEther("2000000"), 0, 0, deployer, MaxUint256] as const;
    await (await pool.deposit(...all)).wait();
  }

  /** Swaps of the deployer in each of 27 hours, which carry nothing. */
  async function liveThroughADay(): Promise<void> {
    for (let hour = 0; hour < 27; hour++) {
      await chain.pass(HOUR_SEC - 600);
      const value = parseEther(String(5 + ((hour * 7) % 11)));
      const [token, amount] = hour % 3 === 1 ? [token0, value] : [token1, 2_000n * value];
      await (await pool.swap(token, amount, 0, chain.account(0), MaxUint256)).wait();
      await chain.pass(600);
    }
  }

  /** The pool's day as the model's own encoding has it. */
  async function candles(): Promise<Uint8Array> {
    const [isComplete, day] = await pool.lastDay();
    expect(isComplete).to.equal(true);
    return encodeTensors([tensorFromNumbers("int32", [1, 24, 4], millionthsOf([...day]))]);
  }

  async function run(model: string, input: string, values: Float32Array, shape: number[]): Promise<number> {
    const session = await InferenceSession.create(`${MODELS}/${model}/model.onnx`);
    const outputs = await session.run({ [input]: new Tensor("float32", values, shape) });
    return Number(Object.values(outputs)[0]?.data[0]);
  }

  /** Millionths, as the interpreter has them. */
  async function forecast(): Promise<bigint> {
    const [tensor] = decodeTensors(new ExactInterpreter(graph).evaluate(await candles()));
    return (tensor && integersFromTensor(tensor)[0]) ?? 0n;
  }

  const feeOf = (millionths: bigint) => BASE_FEE + (SLOPE * millionths) / 1_000_000n;

  /** 1e18 = 1, exactly what the float is. */
  const fixed = (value: number) => (BigInt(Math.round(value * 2 ** 60)) * 10n ** 18n) / 2n ** 60n;

  async function swap(by: Wallet | PipeSigner, amount: bigint) {
    const sent = await pool.connect(by).swap(token0, amount, 0, trader, MaxUint256);
    const receipt = await sent.wait();
    if (receipt === null) throw new Error("the swap was not mined");
    const [event] = await pool.queryFilter(pool.filters.Swapped(), receipt.blockNumber, receipt.blockNumber);
    if (event === undefined) throw new Error("the swap left no event");
    return { event: event.args, receipt };
  }

  it("swaps at the fee of the forecast that a real node signed for the pool's own candles", async () => {
    const before = await token0.balanceOf(trader);
    const expected = feeOf(await forecast());
    const { event, receipt } = await swap(signer, parseEther("1"));
    expect(event.forecast).to.equal(FORECAST.carried);
    expect(event.fee).to.equal(expected);
    expect(expected < HIGHEST_FEE / 2n).to.equal(true);
    // The trader itself was the caller: no approval to anybody else was needed.
    expect(before - (await token0.balanceOf(trader))).to.equal(parseEther("1"));
    console.log(`      a swap with its forecast: ${receipt.gasUsed} gas`);
  });

  it("asks for the model's own encoding of those candles, bit by bit", async () => {
    const [inferred] = await pipe.pipe.queryFilter(pipe.pipe.filters.Inferred(pool));
    expect(inferred?.args.input).to.equal(hexlify(await candles()));
  });

  it("quotes to plain ethers what the swap then gives", async () => {
    const reader = new Contract(
      await pool.getAddress(),
      [
        "function quote(address,uint256) view returns (uint256 amountOut, uint256 fee, tuple(bytes output,uint32 operatorId,uint8 mode,uint256 stake) answer)",
      ],
      chain.provider,
    );
    const quoted = await reader.getFunction("quote")(token0, parseEther("2"), { enableCcipRead: true });
    expect(quoted.answer.stake).to.equal(STAKE);
    const [tensor] = decodeTensors(getBytes(quoted.answer.output));
    expect(tensor && integersFromTensor(tensor)[0]).to.equal(await forecast());
    const { event } = await swap(signer, parseEther("2"));
    expect([event.fee, event.amountOut]).to.deep.equal([quoted.fee, quoted.amountOut]);
  });

  it("lends by two models, the second asked about the first one's answer", async () => {
    const [, day] = await pool.lastDay();
    const hours = day.map(pricesOf);
    const highest = Math.max(...hours.map(([, high]) => high));
    const lowest = Math.min(...hours.map(([, , low]) => low));
    const change = (hours[23]?.[3] ?? Number.NaN) / (hours[0]?.[0] ?? Number.NaN) - 1;
    const state = Float32Array.from([Number(await forecast()) / 1e6, highest / lowest - 1, change]);
    const drawdown = await run("eth-drawdown-24h", "state", state, [1, 3]);

    const before = await token1.balanceOf(trader);
    const sent = await shop.connect(signer).borrow(parseEther("1"), 0);
    const receipt = await sent.wait();
    const [opened] = await shop.queryFilter(shop.filters.LoanOpened());
    expect(opened?.args.drawdown).to.equal(fixed(drawdown));
    expect((await token1.balanceOf(trader)) - before > 0n).to.equal(true);
    const asked = await pipe.pipe.queryFilter(pipe.pipe.filters.Inferred(shop));
    expect(asked.map(({ args }) => args.release)).to.deep.equal([releases.volatility, releases.drawdown]);
    console.log(`      a loan with both answers: ${receipt?.gasUsed} gas`);
  });

  it("charges each inference once, to the trader's budget for that contract", async () => {
    const budgets = await Promise.all(
      [pool, shop].map(async (dapp) => (await pipe.pipe.budgetOf(trader, dapp)).balance),
    );
    expect(budgets).to.deep.equal([parseEther("20") - 2n * NODE_FEE, parseEther("20") - 2n * NODE_FEE]);
  });

  it("is compared with computing it on chain: the same answer for less gas, no fee and no wait", async () => {
    const { ways, missing } = await compareWays(
      chain.provider,
      { ...network, hub: protocol.addresses.ModelHub, machine: protocol.addresses.ModelHub },
      {
        release: releases.volatility,
        input: hexlify(await candles()),
        outputBytes: 320,
        model: await pool.MODEL(),
      },
    );
    const [computed, signed] = ways;
    expect(computed).to.deep.include({ way: "on-chain-contract", protection: "computed", waitMs: 0 });
    expect(signed?.cost.fee).to.equal(NODE_FEE);
    // Its graph is not stored here, so that nothing could be proved.
    expect([signed?.way, signed?.protection]).to.deep.equal(["VANILLA", "attributable"]);
    expect((computed?.cost.gas ?? 0n) < (signed?.cost.gas ?? 0n)).to.equal(true);
    expect(missing.map(({ way }) => way)).to.deep.equal(["ZK", "TEE"]);
  });

  it("has the same forecast computed on chain, and only where the trader says so, once no node is left", async () => {
    await node.kill();
    const refused = await swap(signer, parseEther("1")).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
    expect(refused).to.equal("all-nodes-failed");
    const expected = feeOf(await forecast());
    const { event, receipt } = await swap(trader, parseEther("1"));
    expect([event.forecast, event.fee]).to.deep.equal([FORECAST.onChain, expected]);
    console.log(`      a swap that computes its forecast: ${receipt.gasUsed} gas`);
  });
});
