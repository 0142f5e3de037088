import { storeGraph } from "../../offchain-runner/src/exact/blobs.ts";
import { bindingOf, publicSignals } from "../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../sdk/src/tensorCodec.ts";
import { knownKeyBlob, provedAnyhow } from "../../test/fixtures/zk/knownKey.ts";
import { operatorNetwork, RESULT_FIELDS, START_SEC } from "../operatorNetwork.ts";
import { randomStream } from "../randomStream.ts";

const OPG = 10n ** 18n;
const GRAIN = 10n ** 12n;
const FEE = OPG / 20n;
const ZK = 1;
const ZK_ALONE = 1 << ZK;
const SINGLE = 1;
const RUNS = 3;
const SHORT = 256;
const CHUNK = 31;
const LONGER_CHUNKS = 8;
const UINT8 = 2;
const MAGIC = "PIPE carried results";
const random = randomStream("proved results");

/**
 * Gas of proved results, whole transactions with 21,000 base, verification and payment included: 256 bytes in one input
 * tensor, one byte of output, random bytes so that no signal is zero. `settle` fulfils a request without callback, `pipe`
 * has a contract ask for the inference that the transaction carries; `chunk` is what 31 bytes of input more cost.
 * Proofs are made from the known secrets of a key, so that they are the same bytes in every run; what the precompiles
 * take does not depend on who made a proof, or how.
 */
export async function measure(): Promise<Record<string, number>> {
  const net = await operatorNetwork();
  const { ethers, opg, authority, blobs, hub, operators, domain, deployer, accounts, gasOf, networkHelpers } =
    net;
  const [owner, signer, caller, treasury] = accounts;
  if (!owner || !signer || !caller || !treasury) throw new Error("the network has too few accounts");
  const coder = ethers.AbiCoder.defaultAbiCoder();
  const settlement = await ethers.deployContract("ProofSettlement", [operators, authority]);
  const groth16 = await ethers.deployContract("Groth16Verifier", [hub, SINGLE]);
  await settlement.setVerifier(ZK, groth16);
  const gateways = await ethers.deployContract("Gateways", [operators, hub, settlement]);
  const pipe = await ethers.deployContract("Pipe", [
    ...[opg, operators, hub, settlement, gateways, deployer, treasury, 500],
  ]);
  const requests = await ethers.deployContract("InferenceRequests", [
    ...[opg, operators, hub, settlement, deployer, treasury, 500],
  ]);
  const consumer = await ethers.deployContract("CarryingConsumer", [pipe, false]);

  const name = "proved";
  await hub.createModel(name);
  const model = ethers.keccak256(coder.encode(["address", "string"], [deployer.address, name]));
  await opg.transfer(owner, 100_000n * OPG);
  await opg.connect(owner).approve(operators, 100_000n * OPG);
  await operators
    .connect(owner)
    .register(signer, await net.signConsent(signer, owner), 1, "https://node.example.org");
  await operators.connect(owner).stake(1, 50_000n * OPG);
  await opg.approve(pipe, 10_000n * OPG);
  await pipe.deposit(caller, 10_000n * OPG);
  await pipe.connect(caller).fundBudget(consumer, 1_000n * OPG, 1_000n * OPG);
  await opg.approve(requests, 10_000n * OPG);
  await requests.deposit(caller, 10_000n * OPG);

  const publish = async (bytes: number) => {
    const graph = storeGraph({
      steps: [],
      live: [],
      constants: new Uint8Array(),
      arenaWords: bytes + 1,
      inputs: [{ dtype: "uint8", shape: [bytes], offset: 0 }],
      outputs: [{ dtype: "uint8", shape: [1], offset: bytes }],
    });
    const key = knownKeyBlob(graph);
    await blobs.put(key);
    const content = {
      entry: 0,
      files: [
        {
          path: "model.onnx",
          size: 1,
          sha256Digest: ethers.id(`${bytes}`),
          uri: "https://models.example.org/1",
        },
      ],
      inputs: [{ name: "x", dtype: UINT8, shape: [bytes] }],
      outputs: [{ name: "y", dtype: UINT8, shape: [1] }],
      contributors: [],
      arithmetic: 1,
      exact: {
        graphRoot: graph.graphRoot,
        loweringVersion: 1,
        zkVerifier: await groth16.getAddress(),
        zkKeyDigest: await blobs.digestOf(key),
        zkKeyOrigin: SINGLE,
      },
    };
    const major = bytes !== SHORT;
    await hub.publish(model, major, content, OPG / 100n, 1_000n * OPG, ZK_ALONE, "", ethers.ZeroHash);
    const release: string = await hub.releaseAt(model, major ? 2 : 1, 0);
    await groth16.admitKey(release);
    return { release, root: graph.root, bytes };
  };
  type Published = Awaited<ReturnType<typeof publish>>;

  let now = START_SEC + 100_000;
  const draw = (length: number) => Uint8Array.from({ length }, () => 1 + Math.floor(random() * 255));
  const answered = async ({ release, root, bytes }: Published) => {
    now += 100;
    await networkHelpers.time.setNextBlockTimestamp(now);
    const input = encodeTensors([{ dtype: "uint8", shape: [bytes], data: draw(bytes) }]);
    const output = encodeTensors([{ dtype: "uint8", shape: [1], data: draw(1) }]);
    const binding = { operatorId: 1, chainId: domain.chainId, verifier: await groth16.getAddress(), release };
    const signals = publicSignals(root, input, output, bindingOf(binding));
    const proof = coder.encode(["bytes", "bytes"], [input, provedAnyhow(signals)]);
    return { input: ethers.hexlify(input), output: ethers.hexlify(output), proof };
  };
  const signed = async (
    context: string,
    release: string,
    input: string,
    output: string,
    validUntil: number,
  ) => {
    const result = {
      ...{ context, release, mode: ZK, codec: 1, fee: FEE, maxCover: 0n, validUntil },
      ...{ inputHash: ethers.keccak256(input), outputHash: ethers.keccak256(output) },
    };
    return await signer.signTypedData(domain, { InferenceResult: RESULT_FIELDS }, result);
  };

  const settle = async (published: Published): Promise<number> => {
    const { input, output, proof } = await answered(published);
    const terms = {
      ...{ lane: 1, release: published.release, mode: ZK, codec: 1, fee: FEE, acceptPeriod: 0 },
      ...{
        fullFeeUntil: now + 1_800,
        deadline: now + 3_600,
        minStake: 0,
        operatorId: 0,
        cover: 0n,
        callbackGas: 0,
      },
      delivery: 0,
    };
    const receipt = await (await requests.connect(caller).request(terms, input)).wait();
    const opened = receipt?.logs
      .map((log) => requests.interface.parseLog(log))
      .find((log) => log?.name === "RequestOpened");
    if (!opened) throw new Error("no request was opened");
    now += 1;
    await networkHelpers.time.setNextBlockTimestamp(now);
    const signature = await signed(opened.args.id, published.release, input, output, now + 600);
    const item = [opened.args.request.toArray(), output, proof, [0n, ethers.ZeroAddress]];
    const sent = await requests.connect(caller).fulfil([item] as never, signature, now + 600);
    const events = (await sent.wait())?.logs.map((log) => requests.interface.parseLog(log)?.name) ?? [];
    if (!events.includes("RequestFulfilled")) throw new Error("an answer was skipped");
    return gasOf(Promise.resolve(sent));
  };
  const carry = async (published: Published): Promise<number> => {
    const { input, output, proof } = await answered(published);
    const { release } = published;
    const validUntil = now + 600;
    const signature = await signed(
      await pipe.contextOf(caller, consumer),
      release,
      input,
      output,
      validUntil,
    );
    const results = ethers.solidityPacked(
      [
        ...[
          "uint8",
          "address",
          "uint40",
          "bytes32",
          "bytes32",
          "uint8",
          "uint8",
          "uint56",
          "uint56",
          "uint24",
        ],
        ...["uint24", "bytes", "bytes", "bytes"],
      ],
      [
        ...[
          1,
          await consumer.getAddress(),
          validUntil,
          release,
          ethers.keccak256(input),
          ZK,
          1,
          FEE / GRAIN,
          0,
        ],
        ...[ethers.dataLength(output), ethers.dataLength(proof), output, proof, signature],
      ],
    );
    const query = {
      release,
      codec: 1,
      modes: ZK_ALONE,
      operatorId: 0,
      cover: 0n,
      maxFee: OPG,
      minStake: 0,
      input,
    };
    const data = consumer.interface.encodeFunctionData("askAny", [query]);
    const tail = [
      results,
      ethers.toBeHex(ethers.dataLength(results), 4),
      ethers.dataSlice(ethers.id(MAGIC), 0, 4),
    ];
    return gasOf(caller.sendTransaction({ to: consumer, data: ethers.concat([data, ...tail]) }));
  };
  const lastOf = async (run: () => Promise<number>): Promise<number> => {
    let gas = 0;
    for (let i = 0; i < RUNS; i++) gas = await run();
    return gas;
  };

  const short = await publish(SHORT);
  const longer = await publish(SHORT + LONGER_CHUNKS * CHUNK);
  const settled = await lastOf(() => settle(short));
  const slope = (await lastOf(() => settle(longer))) - settled;
  return {
    "gas.zk.settle": settled,
    "gas.zk.pipe": await lastOf(() => carry(short)),
    "gas.zk.chunk": Math.ceil(slope / LONGER_CHUNKS),
  };
}
