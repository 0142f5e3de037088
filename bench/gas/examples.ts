import { appendResults, encodeBundle } from "@opg-network/sdk/carriedResults";
import { demanding } from "@opg-network/sdk/carrier";
import { decodeInferenceRequired, type InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import { signedResultsOf } from "@opg-network/sdk/signedBundle";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { hexlify, type TransactionRequest } from "ethers";
import { shippedContract } from "../../test/fixtures/exact/shippedContract.ts";
import type { TensorSpecStruct } from "../../types/contracts/interfaces/IModelHub.ts";
import { operatorNetwork, RESULT_FIELDS, START_SEC } from "../operatorNetwork.ts";

const OPG = 10n ** 18n;
const HOUR_SEC = 3_600;
const RUNS = 3;
const FOREVER = 2n ** 255n;

/**
 * Gas of the examples on the real Pipe, whole transactions, payment included. `gas.pool.swap`: a swap that carries its
 * forecast, the third within an hour, with 96 numbers encoded from the pool's own candles; `.computed`: one that carries
 * nothing, so that the model runs on chain. `gas.solidml.call`: a contract
 * of the published interface with 40 numbers, through `Pipe.execute`, third run.
 */
export async function measure(): Promise<Record<string, number>> {
  const { ethers, opg, hub, operators, domain, deployer, accounts, gasOf, signConsent, networkHelpers } =
    await operatorNetwork();
  const [owner, signer, trader] = accounts;
  if (!owner || !signer || !trader) throw new Error("the network has too few accounts");
  const settlement = await ethers.deployContract("ProofSettlement", [operators, deployer]);
  const gateways = await ethers.deployContract("Gateways", [operators, hub, settlement]);
  const parts = [opg, operators, hub, settlement, gateways, deployer, deployer, 500];
  const pipe = await ethers.deployContract("Pipe", parts);
  await opg.transfer(owner, 100_000n * OPG);
  await opg.connect(owner).approve(operators, 100_000n * OPG);
  await operators
    .connect(owner)
    .register(signer, await signConsent(signer, owner), 1, "https://node.example");
  await operators.connect(owner).stake(1, 50_000n * OPG);
  await opg.approve(pipe, 1_000n * OPG);
  await pipe.deposit(trader, 1_000n * OPG);

  let poolAddress = "";
  let now = START_SEC + 100 * HOUR_SEC;
  /** Fixed times: a byte of a timestamp that happens to be zero is cheaper. */
  const pass = async (seconds: number): Promise<void> => {
    now += seconds;
    await networkHelpers.time.setNextBlockTimestamp(now);
  };

  const release = async (
    name: string,
    inputs: TensorSpecStruct,
    outputs: TensorSpecStruct,
  ): Promise<string> => {
    await hub.createModel(name);
    const model = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(["address", "string"], [deployer.address, name]),
    );
    const file = {
      path: "model.onnx",
      size: 15_070,
      sha256Digest: ethers.id(name),
      uri: "https://m.example/1",
    };
    const exact = {
      graphRoot: ethers.ZeroHash,
      loweringVersion: 0,
      zkVerifier: ethers.ZeroAddress,
      zkKeyDigest: ethers.ZeroHash,
      zkKeyOrigin: 0,
    };
    const content = {
      entry: 0,
      files: [file],
      inputs: [inputs],
      outputs: [outputs],
      contributors: [],
      arithmetic: 0,
      exact,
    };
    await hub.publish(model, false, content, OPG / 100n, 1_000n * OPG, 1, "", ethers.ZeroHash);
    return await hub.releaseAt(model, 1, 0);
  };

  /** The one query that a call lacks. */
  const lacking = async (call: TransactionRequest): Promise<{ consumer: string; query: InferenceQuery }> => {
    const data = await ethers.provider.call(call).then(
      () => "0x",
      (error: { data?: string }) => error.data ?? "0x",
    );
    const required = decodeInferenceRequired(data);
    const query = required?.queries[0];
    if (required === undefined || query === undefined)
      throw new Error(`the call lacks no inference: ${data}`);
    return { consumer: required.consumer, query };
  };

  /** Its answer, signed: a forecast of 0.42 %. */
  const answerTo = async (call: TransactionRequest): Promise<string> => {
    const { consumer, query } = await lacking(call);
    const isExact = consumer === poolAddress;
    const output = hexlify(
      encodeTensors([
        isExact
          ? tensorFromNumbers("int64", [1, 1], [4_200n])
          : tensorFromNumbers("float32", [1, 1], [0.0042]),
      ]),
    );
    const result = {
      release: query.release,
      inputHash: ethers.keccak256(query.input),
      mode: 0,
      codec: 1,
      fee: OPG / 20n,
      maxCover: 0n,
      output,
      proof: "0x",
    };
    const bundle = { consumer, validUntil: now + 600, results: [result] };
    const [signed] = signedResultsOf(bundle, trader.address);
    const signature = await signer.signTypedData(domain, { InferenceResult: RESULT_FIELDS }, signed ?? {});
    return encodeBundle({ ...bundle, signature });
  };

  const lastOf = async (run: () => Promise<number>): Promise<number> => {
    let gas = 0;
    for (let i = 0; i < RUNS; i++) gas = await run();
    return gas;
  };

  return { ...(await poolSwap()), "gas.solidml.call": await solidMLCall() };

  async function poolSwap(): Promise<Record<string, number>> {
    const volatility = await release(
      "eth-volatility-1h-exact",
      { name: "candles", dtype: 6, shape: [1, 24, 4] },
      { name: "volatility", dtype: 7, shape: [1, 1] },
    );
    const { creationCode } = await shippedContract("eth-volatility-1h-exact");
    const model = await (await deployer.sendTransaction({ data: creationCode })).wait();
    const tokens = [
      await ethers.deployContract("OPG", [deployer]),
      await ethers.deployContract("OPG", [deployer]),
    ] as const;
    const terms = {
      slope: (4n * OPG) / 10n,
      baseFee: OPG / 1_000n,
      maxInferenceFee: OPG,
      minStake: 1_000n * OPG,
    };
    const pool = await ethers.deployContract("VolatilityPool", [
      pipe,
      volatility,
      model?.contractAddress,
      ...tokens,
      terms,
    ]);
    for (const token of tokens) {
      await token.transfer(trader ?? "", 1_000_000n * OPG);
      for (const account of [deployer, trader])
        if (account) await token.connect(account).approve(pool, FOREVER);
    }
    await pipe.connect(trader).fundBudget(pool, 100n * OPG, 100n * OPG);
    await pass(HOUR_SEC);
    await pool.deposit(1_000n * OPG, 2_000_000n * OPG, 0, 0, deployer, FOREVER);
    for (let hour = 0; hour < 26; hour++) {
      await pass(HOUR_SEC);
      await pool.swap(tokens[hour % 2] ?? "", (hour % 2 === 0 ? 3n : 5_000n) * OPG, 0, deployer, FOREVER);
    }
    const to = await pool.getAddress();
    poolAddress = to;
    const from = trader?.address ?? "";
    const swap = async () =>
      pool.interface.encodeFunctionData("swap", [await tokens[0].getAddress(), OPG, 0, from, FOREVER]);
    const carried = await lastOf(async () => {
      const data = await swap();
      await pass(100);
      const results = await answerTo(demanding({ from, to, data, value: 0n }));
      await pass(0);
      return gasOf(
        trader?.sendTransaction({ to, data: appendResults(data, results) }) ??
          Promise.reject(new Error("no trader")),
      );
    });
    const computed = await lastOf(async () => {
      await pass(100);
      return gasOf(
        trader?.sendTransaction({ to, data: await swap() }) ?? Promise.reject(new Error("no trader")),
      );
    });
    return { "gas.pool.swap": carried, "gas.pool.swap.computed": computed };
  }

  async function solidMLCall(): Promise<number> {
    const inputs = { name: "open_high_low_close", dtype: 1, shape: [10, 4] };
    const outputs = { name: "Y", dtype: 1, shape: [1, 1] };
    const id = await release("volatility-10h", inputs, outputs);
    const front = await ethers.deployContract("SolidML", [
      hub,
      pipe,
      { maxFee: OPG, minStake: 0, operatorId: 0 },
    ]);
    await front.registerSchema(id, [inputs], [outputs]);
    const cid = `${deployer.address.toLowerCase()}/volatility-10h@v1.00`;
    const fee = await ethers.deployContract("VolatilityFee", [front, cid, deployer]);
    const observe = async (): Promise<void> => {
      const open = 2_600_00000000n + BigInt(now % 1_000) * 1_0000000n;
      await fee.observe([open, open + 5_00000000n, open - 7_00000000n, open + 1_00000000n]);
    };
    for (let hour = 0; hour < 10; hour++) {
      await pass(100);
      await observe();
    }
    return await lastOf(async () => {
      await pass(100);
      await observe();
      await pass(10);
      const calls = [
        { target: await fee.getAddress(), value: 0, data: fee.interface.encodeFunctionData("updateFee") },
      ];
      const encode = (results: string) => pipe.interface.encodeFunctionData("execute", [results, calls]);
      const [from, to] = [trader?.address ?? "", await pipe.getAddress()];
      const results = await answerTo({ from, to, data: encode("0x") });
      return gasOf(pipe.connect(trader).execute(results, calls));
    });
  }
}
