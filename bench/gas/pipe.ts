import { publishExact, readExactModel } from "../exactRelease.ts";
import { operatorNetwork, RESULT_FIELDS, START_SEC } from "../operatorNetwork.ts";

const OPG = 10n ** 18n;
const GRAIN = 10n ** 12n;
const FEE = OPG / 20n;
const COVER = 100n * OPG;
const COVERER = 4n;
const RUNS = 3;
const FURTHER = 4;
/** ERC-7821: one batch of calls, all or nothing, nothing optional. */
const BATCH_MODE = `0x01${"00".repeat(31)}`;
const MAGIC = "PIPE carried results";
const CALLS = "tuple(address target,uint256 value,bytes data)[]";

/**
 * Gas of inferences inside a transaction, whole transactions with 21,000 base and what carries the results: 128 bytes
 * of input, 32 of output, a consumer that writes one slot, payment included. Of three runs the last counts, so that
 * every slot held something before. Several results are asked for together, by one `inferBatch`, and each has a slot of
 * its own.
 */
export async function measure(): Promise<Record<string, number>> {
  const chain = await operatorNetwork();
  const { ethers, opg, authority, hub, operators, domain, deployer, accounts, gasOf } = chain;
  const { signConsent, networkHelpers } = chain;
  const [owner, signer, caller, treasury] = accounts;
  if (!owner || !signer || !caller || !treasury) throw new Error("the network has too few accounts");
  const coder = ethers.AbiCoder.defaultAbiCoder();
  const magic = ethers.dataSlice(ethers.id(MAGIC), 0, 4);
  const settlement = await ethers.deployContract("ProofSettlement", [operators, deployer]);
  const gateways = await ethers.deployContract("Gateways", [operators, hub, settlement]);
  const parts = [opg, operators, hub, settlement, gateways, deployer, treasury, 500];
  const pipe = await ethers.deployContract("Pipe", parts);
  const consumer = await ethers.deployContract("CarryingConsumer", [pipe, false]);

  const name = "eth-volatility-1h";
  await hub.createModel(name);
  const model = ethers.keccak256(coder.encode(["address", "string"], [deployer.address, name]));
  const release = await publish(1);
  const other = await publish(2);
  const consent = await signConsent(signer, owner);
  await opg.transfer(owner, 100_000n * OPG);
  await opg.connect(owner).approve(operators, 100_000n * OPG);
  await operators.connect(owner).register(signer, consent, 1, "https://node.example.org");
  await operators.connect(owner).stake(1, 50_000n * OPG);
  await opg.approve(pipe, 10_000n * OPG);
  await pipe.deposit(caller, 10_000n * OPG);
  await pipe.connect(caller).fundBudget(consumer, 1_000n * OPG, 1_000n * OPG);

  async function publish(minor: number): Promise<string> {
    const content = {
      entry: 0,
      files: [
        {
          path: "model.onnx",
          size: 15_070,
          sha256Digest: ethers.id(`model ${minor}`),
          uri: "https://models.example.org/1",
        },
      ],
      inputs: [{ name: "candles", dtype: 1, shape: [-1, 24, 4] }],
      outputs: [{ name: "volatility", dtype: 1, shape: [-1, 1] }],
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
    await hub.publish(model, false, content, OPG / 100n, 1_000n * OPG, 1, "", ethers.ZeroHash);
    return hub.releaseAt(model, 1, minor - 1);
  }

  let drawn = 0;
  const draw = (length: number): string => {
    const words = Array.from({ length: Math.ceil(length / 32) }, () => ethers.id(`byte stream ${drawn++}`));
    return ethers.dataSlice(ethers.concat(words), 0, length);
  };
  let now = START_SEC + 100_000;

  interface Inference {
    release: string;
    input: string;
    maxCover?: bigint;
  }
  /** One bundle of answers for the caller and the consumer. */
  const carry = async (inferences: readonly Inference[]): Promise<string> => {
    now += 100;
    await networkHelpers.time.setNextBlockTimestamp(now);
    const validUntil = now + 600;
    const context = await pipe.contextOf(caller, consumer);
    const results = inferences.map(({ release, input, maxCover = 0n }) => {
      const output = draw(32);
      const fields = { context, release, mode: 0, codec: 1, inputHash: ethers.keccak256(input) };
      return {
        output,
        fields: { ...fields, outputHash: ethers.keccak256(output), fee: FEE, maxCover, validUntil },
      };
    });
    const encoder = new ethers.TypedDataEncoder({ InferenceResult: RESULT_FIELDS });
    let level = results.map(({ fields }) => encoder.hash(fields));
    const [first] = results;
    if (!first) throw new Error("a bundle needs a result");
    let signature: string;
    if (level.length === 1) {
      signature = await signer.signTypedData(domain, { InferenceResult: RESULT_FIELDS }, first.fields);
    } else {
      while (level.length > 1) level = parentsOf(level);
      const types = { InferenceBundle: [{ name: "root", type: "bytes32" }] };
      signature = await signer.signTypedData(domain, types, { root: level[0] });
    }
    const bodies = results.map(({ fields, output }) =>
      ethers.solidityPacked(
        ["bytes32", "bytes32", "uint8", "uint8", "uint56", "uint56", "uint24", "uint24", "bytes"],
        [fields.release, fields.inputHash, 0, 1, FEE / GRAIN, fields.maxCover / GRAIN, 32, 0, output],
      ),
    );
    const head = ethers.solidityPacked(
      ["uint8", "address", "uint40"],
      [results.length, await consumer.getAddress(), validUntil],
    );
    return ethers.concat([head, ...bodies, signature]);
  };
  const parentsOf = (level: readonly string[]): string[] => {
    const parents: string[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [a, b] = [level[i] ?? "", level[i + 1]];
      parents.push(
        b === undefined ? a : ethers.keccak256(ethers.concat(BigInt(a) < BigInt(b) ? [a, b] : [b, a])),
      );
    }
    return parents;
  };
  const withTail = (data: string, results: string): string =>
    ethers.concat([data, results, ethers.toBeHex(ethers.dataLength(results), 4), magic]);

  const lastOf = async (run: () => Promise<number>): Promise<number> => {
    let gas = 0;
    for (let i = 0; i < RUNS; i++) gas = await run();
    return gas;
  };
  const to = await consumer.getAddress();
  let tailBytes = 0;
  const single = await lastOf(async () => {
    const input = draw(128);
    const results = await carry([{ release, input }]);
    const data = consumer.interface.encodeFunctionData("ask", [release, 1, input]);
    tailBytes = ethers.dataLength(withTail(data, results)) - ethers.dataLength(data);
    return gasOf(caller.sendTransaction({ to, data: withTail(data, results) }));
  });
  const executor = await lastOf(async () => {
    const input = draw(128);
    const results = await carry([{ release, input }]);
    const data = consumer.interface.encodeFunctionData("ask", [release, 1, input]);
    return gasOf(pipe.connect(caller).execute(results, [{ target: to, value: 0, data }]));
  });
  const many = async (count: number, last: string): Promise<number> =>
    lastOf(async () => {
      const inputs = Array.from({ length: count }, () => draw(128));
      const results = await carry(
        inputs.map((input, i) => ({ input, release: i === count - 1 ? last : release })),
      );
      const data = consumer.interface.encodeFunctionData("askTogether", [release, inputs, last]);
      return gasOf(caller.sendTransaction({ to, data: withTail(data, results) }));
    });
  const one = await many(1, release);
  const further = Math.ceil(((await many(1 + FURTHER, release)) - one) / FURTHER);
  const withOther = (await many(2, other)) - one;

  const batch7702 = await delegatedBatch();

  const exact = await publishExact(chain, deployer, readExactModel("eth-volatility-1h-exact"), OPG / 100n);
  await authority.setTargetFunctionRole(
    operators,
    [operators.interface.getFunction("insureResult").selector],
    COVERER,
  );
  await authority.grantRole(COVERER, pipe, 0);
  await operators.connect(owner).setCoverPercent(1, pipe, 50);
  const covered = await lastOf(async () => {
    const input = draw(128);
    const results = await carry([{ release: exact, input, maxCover: COVER }]);
    const data = consumer.interface.encodeFunctionData("askInsured", [exact, 1, input]);
    return gasOf(caller.sendTransaction({ to, data: withTail(data, results) }));
  });

  return {
    "gas.pipe.single": single,
    "gas.pipe.cover": covered,
    "gas.pipe.executor": executor,
    "gas.pipe.bundle.further": further,
    "gas.pipe.bundle.other": withOther,
    "gas.pipe.batch7702": batch7702,
    "bytes.pipe.query": tailBytes,
  };

  /** With the delegation in place: what it costs once is not the inference's. */
  async function delegatedBatch(): Promise<number> {
    const account = await ethers.deployContract("BatchAccount");
    const address = caller?.address ?? "";
    await networkHelpers.setCode(address, ethers.concat(["0xef0100", await account.getAddress()]));
    return lastOf(async () => {
      const input = draw(128);
      const results = await carry([{ release, input }]);
      const calls = coder.encode(
        [CALLS],
        [
          [
            [await pipe.getAddress(), 0, pipe.interface.encodeFunctionData("preload", [results])],
            [to, 0, consumer.interface.encodeFunctionData("ask", [release, 1, input])],
          ],
        ],
      );
      const data = account.interface.encodeFunctionData("execute", [BATCH_MODE, calls]);
      return gasOf(caller?.sendTransaction({ to: address, data }) ?? Promise.reject(new Error("no caller")));
    });
  }
}
