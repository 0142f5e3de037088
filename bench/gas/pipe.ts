import type { TransactionReceipt } from "ethers";
import { network } from "hardhat";
import { RESULT_FIELDS } from "../operatorNetwork.ts";

const OPG = 10n ** 18n;
const GRAIN = 10n ** 12n;
const DAY_SEC = 86_400n;
const FEE = OPG / 20n;
const VANILLA_ONLY = 1;
const FLOAT32 = 1;
const RUNS = 3;
/** Time is part of what is signed, and a byte that happens to be zero is cheaper, so it is the same in every run. */
const START_SEC = 1_900_000_000;
const VALID_SEC = 1_800;
/** More than the blocks in between, whose times are left to the chain, can take. */
const STAGE_SEC = 10_000;
const SLOT = 1;
/** Batch of ERC-7821, all or nothing, without operation data. */
const BATCH_MODE = `0x01${"00".repeat(31)}`;

interface Answer {
  release: string;
  input: string;
  output: string;
}

/**
 * Gas of inferences inside a transaction, whole transactions with 21,000 base: 128 bytes of input, 32 of output, payment,
 * input and output logged, the consumer's own write. Of three runs the last counts, so that every slot held something
 * before.
 */
export async function measure(): Promise<Record<string, number>> {
  const { ethers, networkHelpers } = await network.create("op");
  const [deployer, owner, signer, user, batcher, treasury] = await ethers.getSigners();
  if (!deployer || !owner || !signer || !user || !batcher || !treasury)
    throw new Error("the network has too few accounts");
  const coder = ethers.AbiCoder.defaultAbiCoder();
  let now = START_SEC;
  const tick = async (): Promise<void> => networkHelpers.time.setNextBlockTimestamp(++now);
  await tick();

  const opg = await ethers.deployContract("OPG", [deployer]);
  const hub = await ethers.deployContract("ModelHub");
  // Nothing measured needs a role, so nobody holds one.
  const authority = deployer.address;
  const operators = await ethers.deployContract("Operators", [
    opg,
    authority,
    [DAY_SEC, 3_600n, 7n * DAY_SEC, DAY_SEC, 1_000n * OPG, OPG, 50n * OPG],
  ]);
  const settlement = await ethers.deployContract("ProofSettlement", [operators, authority]);
  const gateways = await ethers.deployContract("Gateways", [operators, hub, settlement]);
  const parts = [opg, operators, hub, settlement, gateways, authority, treasury, 500] as const;
  const pipe = await ethers.deployContract("Pipe", [...parts]);
  const consumer = await ethers.deployContract("MeteredPipeConsumer", [pipe, FEE]);

  const publish = async (name: string): Promise<string> => {
    await hub.createModel(name);
    const model = ethers.keccak256(coder.encode(["address", "string"], [deployer.address, name]));
    const uri = "https://models.example.org/1";
    const content = {
      entry: 0,
      files: [{ path: "model.onnx", size: 15_070, sha256Digest: ethers.id("model.onnx"), uri }],
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
    return hub.releaseAt(model, 1, 0);
  };
  const release = await publish("eth-volatility-1h");
  const otherRelease = await publish("btc-volatility-1h");

  const { chainId } = await ethers.provider.getNetwork();
  const verifyingContract = await operators.getAddress();
  const domain = { name: "OPG Inference", version: "1", chainId, verifyingContract };
  const consent = { SignerConsent: [{ name: "owner", type: "address" }] };
  const signerProof = await signer.signTypedData(domain, consent, { owner: owner.address });
  await opg.transfer(owner, 50_000n * OPG);
  await opg.connect(owner).approve(operators, 50_000n * OPG);
  await operators.connect(owner).register(signer, signerProof, 1, "https://node.example.org");
  await operators.connect(owner).stake(1, 50_000n * OPG);
  await operators.connect(owner).setOffer(1, release, FEE, VANILLA_ONLY);
  await opg.approve(pipe, 1_000_000n * OPG);
  await pipe.deposit(user, 2_000n * OPG);
  await pipe.deposit(batcher, 1_000n * OPG);
  await pipe.connect(user).fundBudget(consumer, 1_000n * OPG, 1_000n * OPG);

  let drawn = 0;
  const draw = (length: number): string => {
    const words = Array.from({ length: Math.ceil(length / 32) }, () => ethers.id(`byte stream ${drawn++}`));
    return ethers.dataSlice(ethers.concat(words), 0, length);
  };
  const answer = (of = release): Answer => ({ release: of, input: draw(128), output: draw(32) });

  const structHash = ethers.TypedDataEncoder.from({ InferenceResult: RESULT_FIELDS });
  const pairHash = (a: string, b: string): string =>
    ethers.keccak256(BigInt(a) < BigInt(b) ? a + b.slice(2) : b + a.slice(2));
  const bundle = async (payer: string, answers: readonly Answer[]): Promise<string> => {
    const validUntil = now + VALID_SEC;
    const consumerAddress = await consumer.getAddress();
    const context = ethers.keccak256(coder.encode(["address", "address"], [payer, consumerAddress]));
    const results = answers.map(({ release: of, input, output }) => ({
      context,
      release: of,
      mode: 0,
      codec: 1,
      inputHash: ethers.keccak256(input),
      outputHash: ethers.keccak256(output),
      fee: FEE,
      maxCover: 0n,
      validUntil,
    }));
    const leaves = results.map((result) => structHash.hashStruct("InferenceResult", result));
    const [first, second, third] = leaves;
    if (first === undefined || results[0] === undefined || third !== undefined)
      throw new Error("bundles of one or two");
    const signature =
      second === undefined
        ? await signer.signTypedData(domain, { InferenceResult: RESULT_FIELDS }, results[0])
        : await signer.signTypedData(
            domain,
            { InferenceBundle: [{ name: "root", type: "bytes32" }] },
            { root: pairHash(first, second) },
          );
    const packed = answers.map(({ release: of, input, output }) =>
      ethers.solidityPacked(
        ["bytes32", "bytes32", "uint8", "uint8", "uint56", "uint56", "uint24", "uint24", "bytes"],
        [of, ethers.keccak256(input), 0, 1, FEE / GRAIN, 0, ethers.dataLength(output), 0, output],
      ),
    );
    const head = ethers.solidityPacked(
      ["uint8", "address", "uint40"],
      [answers.length, consumerAddress, validUntil],
    );
    return ethers.concat([head, ...packed, signature]);
  };

  const MAGIC = ethers.dataSlice(ethers.id("PIPE carried results"), 0, 4);
  const append = (data: string, results: string): string =>
    ethers.concat([data, results, ethers.toBeHex(ethers.dataLength(results), 4), MAGIC]);
  const gasOf = (receipt: TransactionReceipt | null, events: number): number => {
    const logged = receipt?.logs.filter((log) => pipe.interface.parseLog(log)?.name === "Inferred").length;
    if (receipt?.status !== 1 || logged !== events) throw new Error("a measured transaction failed");
    return Number(receipt.gasUsed);
  };
  const callOf = ({ release: of, input }: Answer): string =>
    consumer.interface.encodeFunctionData("ask", [of, input, SLOT]);
  const callOfMany = (answers: readonly Answer[]): string =>
    consumer.interface.encodeFunctionData("askMany", [
      answers.map((one) => one.release),
      answers.map((one) => one.input),
      SLOT,
    ]);
  const last = async (run: () => Promise<number>): Promise<number> => {
    let gas = 0;
    now += STAGE_SEC;
    for (let i = 0; i < RUNS; i++) gas = await run();
    return gas;
  };

  let carriedBytes = 0;
  const appended = (call: string, answers: readonly Answer[]) => async (): Promise<number> => {
    const data = append(call, await bundle(user.address, answers));
    carriedBytes = ethers.dataLength(data) - ethers.dataLength(call);
    await tick();
    const sent = await user.sendTransaction({ to: await consumer.getAddress(), data });
    return gasOf(await sent.wait(), answers.length);
  };
  const single = await last(async () => {
    const one = answer();
    return appended(callOf(one), [one])();
  });
  const bytes = carriedBytes;
  const many = (releases: readonly string[]) =>
    last(async () => {
      const answers = releases.map(answer);
      return appended(callOfMany(answers), answers)();
    });
  const oneOfMany = await many([release]);
  const sameRelease = await many([release, release]);
  const anotherRelease = await many([release, otherRelease]);

  const batch7702 = async (): Promise<number> => {
    const account = await ethers.deployContract("BatchAccount");
    await networkHelpers.setCode(batcher.address, ethers.concat(["0xef0100", await account.getAddress()]));
    return last(async () => {
      const one = answer();
      const preload = pipe.interface.encodeFunctionData("preload", [await bundle(batcher.address, [one])]);
      const calls = [
        [await pipe.getAddress(), 0n, preload],
        [await consumer.getAddress(), 0n, callOf(one)],
      ];
      const data = coder.encode(["tuple(address,uint256,bytes)[]"], [calls]);
      await tick();
      const sent = await account
        .attach(batcher.address)
        .getFunction("execute")
        .populateTransaction(BATCH_MODE, data);
      return gasOf(await (await batcher.sendTransaction(sent)).wait(), 1);
    });
  };

  const executed = await last(async () => {
    const one = answer();
    const results = await bundle(user.address, [one]);
    const call = { target: await consumer.getAddress(), value: 0n, data: callOf(one) };
    await tick();
    return gasOf(await (await pipe.connect(user).execute(results, [call])).wait(), 1);
  });

  return {
    "gas.pipe.single": single,
    "gas.pipe.batch7702": await batch7702(),
    "gas.pipe.executor": executed,
    "gas.pipe.bundle.further": sameRelease - oneOfMany,
    "gas.pipe.bundle.other": anotherRelease - oneOfMany,
    "bytes.pipe.query": bytes,
  };
}
