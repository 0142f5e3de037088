import { INFERENCE_RESULT_TYPES } from "@opg-network/sdk/inferenceResult";
import { network } from "hardhat";

const OPG = 10n ** 18n;
const DAY_SEC = 86_400n;
const FEE = OPG / 20n;
const VANILLA_ONLY = 1;
const FLOAT32 = 1;
const RUNS = 3;
const BATCH = 100;
const ACCEPT_PERIOD_SEC = 600;
/** Time is part of calldata, and a byte that happens to be zero is cheaper, so measured blocks have fixed times. */
const START = 1_900_000_000;
/** More than the blocks in between, whose times are left to the chain, can take. */
const STAGE_SEC = 10_000;
const NO_ACCEPTANCE = [0n, "0x0000000000000000000000000000000000000000"] as const;

/**
 * Gas of asynchronous inferences, whole transactions with 21,000 base: 128 bytes of input, 32 of output, a callback
 * that writes one slot. Of three runs the last counts, so that every slot held something before.
 */
export async function measure(): Promise<Record<string, number>> {
  const { ethers, networkHelpers } = await network.create("op");
  const [deployer, owner, signer, sender, treasury] = await ethers.getSigners();
  if (!deployer || !owner || !signer || !sender || !treasury)
    throw new Error("the network has too few accounts");
  const coder = ethers.AbiCoder.defaultAbiCoder();

  let now = START;
  const tick = async (): Promise<void> => networkHelpers.time.setNextBlockTimestamp(++now);
  const beginStage = (): void => {
    now += STAGE_SEC;
  };
  await tick();

  const opg = await ethers.deployContract("OPG", [deployer]);
  const blobs = await ethers.deployContract("BlobStore");
  const machine = await ethers.deployContract("ExactMachine", [blobs]);
  const hub = await ethers.deployContract("ModelHub", [machine]);
  // Nothing measured needs a role, so nobody holds one.
  const authority = deployer.address;
  const operators = await ethers.deployContract("Operators", [
    opg,
    authority,
    [DAY_SEC, 3_600n, 7n * DAY_SEC, 7n * DAY_SEC, 1_000n * OPG, OPG, 50n * OPG],
  ]);
  const settlement = await ethers.deployContract("ProofSettlement", [operators, authority]);
  const requests = await ethers.deployContract("InferenceRequests", [
    opg,
    operators,
    hub,
    settlement,
    authority,
    treasury,
    500,
  ]);

  const name = "eth-volatility-1h";
  await hub.createModel(name);
  const model = ethers.keccak256(coder.encode(["address", "string"], [deployer.address, name]));
  const content = {
    entry: 0,
    files: [
      {
        path: "model.onnx",
        size: 15_070,
        sha256Digest: ethers.id("model.onnx"),
        uri: "https://models.example.org/1",
      },
    ],
    inputs: [{ name: "candles", dtype: FLOAT32, shape: [-1, 24, 4] }],
    outputs: [{ name: "volatility", dtype: FLOAT32, shape: [-1, 1] }],
    contributors: [],
    arithmetic: 0,
    exact: {
      graphRoot: ethers.ZeroHash,
      loweringVersion: 0,
      zkVerifier: ethers.ZeroAddress,
      zkKeyDigest: ethers.ZeroHash,
      zkKeyOrigin: 0,
    },
  };
  await hub.publish(model, false, content, OPG / 100n, 1_000n * OPG, VANILLA_ONLY, "", ethers.ZeroHash);
  const release = await hub.releaseAt(model, 1, 0);

  const { chainId } = await ethers.provider.getNetwork();
  const domain = {
    name: "OPG Inference",
    version: "1",
    chainId,
    verifyingContract: await operators.getAddress(),
  };
  const consent = { SignerConsent: [{ name: "owner", type: "address" }] };
  const signerProof = await signer.signTypedData(domain, consent, { owner: owner.address });
  await opg.transfer(owner, 100_000n * OPG);
  await opg.connect(owner).approve(operators, 100_000n * OPG);
  await operators.connect(owner).register(signer, signerProof, 1, "https://node.example.org");
  await operators.connect(owner).stake(1, 50_000n * OPG);
  await operators.connect(owner).setSlots(1, 100);
  await operators.connect(owner).setOffer(1, release, FEE, VANILLA_ONLY);
  await opg.approve(requests, 1_000_000n * OPG);
  await requests.deposit(signer, 10_000n * OPG);

  let drawn = 0;
  const draw = (length: number): string => {
    const words = Array.from({ length: Math.ceil(length / 32) }, () => ethers.id(`byte stream ${drawn++}`));
    return ethers.dataSlice(ethers.concat(words), 0, length);
  };
  const gasOf = (receipt: { status: number | null; gasUsed: bigint } | null): number => {
    if (receipt?.status !== 1) throw new Error("a measured transaction failed");
    return Number(receipt.gasUsed);
  };
  const argumentsOf = (receipt: { logs: readonly unknown[] } | null, event: string) => {
    for (const log of receipt?.logs ?? []) {
      const parsed = requests.interface.parseLog(log as { topics: string[]; data: string });
      if (parsed?.name === event) return parsed.args;
    }
    throw new Error(`no ${event} in the receipt`);
  };

  const deployConsumer = async () => {
    const consumer = await ethers.deployContract("MeteredConsumer", [requests, release, FEE]);
    await requests.deposit(consumer, 1_000n * OPG);
    return consumer;
  };
  type Consumer = Awaited<ReturnType<typeof deployConsumer>>;
  type Asked = { gas: number; id: string; request: readonly unknown[]; inputHash: string };

  const ask = async (consumer: Consumer, lane: number, acceptPeriod = 0): Promise<Asked> => {
    const input = draw(128);
    await tick();
    const receipt = await (await consumer.connect(sender).ask(lane, acceptPeriod, input)).wait();
    const { id, request } = argumentsOf(receipt, "RequestOpened");
    return { gas: gasOf(receipt), id, request: request.toArray(), inputHash: ethers.keccak256(input) };
  };

  const accept = async (asked: Asked) => {
    await tick();
    const receipt = await (await requests.connect(signer).accept(asked.request as never)).wait();
    const { deadline } = argumentsOf(receipt, "RequestAccepted");
    return { gas: gasOf(receipt), acceptance: [deadline as bigint, signer.address] as const };
  };

  const resultHash = ethers.TypedDataEncoder.from(INFERENCE_RESULT_TYPES);
  const pairHash = (a: string, b: string): string =>
    ethers.keccak256(BigInt(a) < BigInt(b) ? a + b.slice(2) : b + a.slice(2));
  const rootOf = (leaves: string[]): string => {
    const [first, second] = leaves;
    if (first === undefined) throw new Error("a bundle of nothing");
    if (second === undefined) return first;
    const parents: string[] = [];
    for (let i = 0; i < leaves.length; i += 2) {
      const [left, right] = leaves.slice(i, i + 2);
      if (left !== undefined) parents.push(right === undefined ? left : pairHash(left, right));
    }
    return rootOf(parents);
  };

  const fulfil = async (asked: readonly Asked[], acceptance: readonly [bigint, string] = NO_ACCEPTANCE) => {
    const validUntil = now + 1_800;
    // The last two bytes of an output name the slot that the callback writes.
    const outputs = asked.map((_, i) => ethers.concat([draw(30), ethers.toBeHex(i + 1, 2)]));
    const results = asked.map(({ id, inputHash }, i) => ({
      context: id,
      release,
      mode: 0,
      codec: 1,
      inputHash,
      outputHash: ethers.keccak256(outputs[i] ?? "0x"),
      fee: FEE,
      maxCover: 0n,
      validUntil,
    }));
    const [only] = results;
    const root = rootOf(results.map((result) => resultHash.hashStruct("InferenceResult", result)));
    const signature =
      results.length === 1 && only !== undefined
        ? await signer.signTypedData(domain, INFERENCE_RESULT_TYPES, only)
        : await signer.signTypedData(
            domain,
            { InferenceBundle: [{ name: "root", type: "bytes32" }] },
            { root },
          );
    const items = asked.map(({ request }, i) => [request, outputs[i], "0x", acceptance]);
    await tick();
    const sent = await requests
      .connect(sender)
      .fulfil(items as never, signature, validUntil, { gasLimit: 16_000_000 });
    const receipt = await sent.wait();
    const events = receipt?.logs.map((log) => requests.interface.parseLog(log)?.name) ?? [];
    const delivered = events.filter((event) => event === "RequestFulfilled").length === asked.length;
    if (!delivered || events.includes("CallbackFailed"))
      throw new Error("an answer was skipped or not delivered");
    return { gas: gasOf(receipt), bytes: ethers.dataLength(sent.data) };
  };

  const pairs = async (consumer: Consumer, laneOf: (run: number) => number) => {
    beginStage();
    let last = { request: 0, fulfil: 0, pair: 0, bytes: 0 };
    for (let run = 0; run < RUNS; run++) {
      const asked = await ask(consumer, laneOf(run));
      const answered = await fulfil([asked]);
      last = {
        request: asked.gas,
        fulfil: answered.gas,
        pair: asked.gas + answered.gas,
        bytes: answered.bytes,
      };
    }
    return last;
  };
  const acceptedPairs = async (consumer: Consumer): Promise<number> => {
    beginStage();
    let gas = 0;
    for (let run = 0; run < RUNS; run++) {
      const asked = await ask(consumer, 1, ACCEPT_PERIOD_SEC);
      const accepted = await accept(asked);
      const answered = await fulfil([asked], accepted.acceptance);
      gas = asked.gas + accepted.gas + answered.gas;
    }
    return gas;
  };
  const batches = async (asker: (index: number) => Promise<Asked>): Promise<number> => {
    beginStage();
    let gas = 0;
    for (let run = 0; run < RUNS; run++) {
      const asked: Asked[] = [];
      for (let i = 0; i < BATCH; i++) asked.push(await asker(i));
      gas = (await fulfil(asked)).gas;
    }
    return Math.ceil(gas / BATCH);
  };

  const consumer = await deployConsumer();
  const reused = await pairs(consumer, () => 1);
  const fresh = await pairs(consumer, (run) => 2 + run);
  const accepted = await acceptedPairs(consumer);
  const oneRequester = await batches((index) => ask(consumer, BATCH + index));
  const consumers: Consumer[] = [];
  for (let i = 0; i < BATCH; i++) consumers.push(await deployConsumer());
  const manyRequesters = await batches((index) => ask(consumers[index] ?? consumer, 1));

  return {
    "gas.async.request": reused.request,
    "gas.async.fulfil": reused.fulfil,
    "gas.async.pair": reused.pair,
    "gas.async.pair.fresh": fresh.pair,
    "gas.async.pair.accept": accepted,
    "gas.async.batch100.each": oneRequester,
    "gas.async.batch100.distinct.each": manyRequesters,
    "bytes.async.fulfil": reused.bytes,
  };
}
