import { expect } from "chai";
import { network } from "hardhat";
import { RESULT_FIELDS } from "../../bench/operatorNetwork.ts";
import { deployProtocol } from "../fixtures/protocol.ts";

const OPG = 10n ** 18n;
const FEE = OPG / 20n;
const BATCH_MODE = `0x01${"00".repeat(31)}`;
const CALLS = "tuple(address target,uint256 value,bytes data)[]";
const INPUT = "0x1234";

describe("a delegated account", () => {
  it("loads and uses a result in one batch, delegates anew, and takes the delegation off", async () => {
    const connection = await network.create("l1");
    const { ethers } = connection;
    const { opg, hub, operators, pipe, deployer } = await deployProtocol(connection);
    const coder = ethers.AbiCoder.defaultAbiCoder();
    const [funder] = await ethers.getSigners();
    const user = ethers.Wallet.createRandom(ethers.provider);
    const signer = ethers.Wallet.createRandom();
    await (await funder?.sendTransaction({ to: user, value: 10n ** 18n }))?.wait();

    await hub.createModel("eth-volatility-1h");
    const model = ethers.keccak256(coder.encode(["address", "string"], [deployer, "eth-volatility-1h"]));
    const file = {
      path: "m.onnx",
      size: 1,
      sha256Digest: ethers.id("m"),
      uri: "https://models.example.org/1",
    };
    const content = {
      entry: 0,
      files: [file],
      inputs: [{ name: "candles", dtype: 1, shape: [1] }],
      outputs: [{ name: "volatility", dtype: 1, shape: [1] }],
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
    await hub.publish(model, false, content, 0n, 1_000n * OPG, 1, "", ethers.ZeroHash);
    const release = await hub.releaseAt(model, 1, 0);
    const { chainId } = await ethers.provider.getNetwork();
    const verifyingContract = await operators.getAddress();
    const domain = { name: "OPG Inference", version: "1", chainId, verifyingContract };
    const consent = { SignerConsent: [{ name: "owner", type: "address" }] };
    const proof = await signer.signTypedData(domain, consent, { owner: deployer });
    await opg.approve(operators, 5_000n * OPG);
    await operators.register(signer.address, proof, 1, "https://node.example.org");
    await operators.stake(1, 5_000n * OPG);
    await opg.approve(pipe, OPG);
    await pipe.deposit(user.address, OPG);
    const consumer = await ethers.deployContract("CarryingConsumer", [pipe, false]);
    const to = await consumer.getAddress();

    const bundle = async (output: string): Promise<string> => {
      const now = (await ethers.provider.getBlock("latest"))?.timestamp ?? 0;
      const validUntil = now + 600;
      const context = await pipe.contextOf(user.address, to);
      const inputHash = ethers.keccak256(INPUT);
      const result = {
        ...{ context, release, mode: 0, codec: 1, inputHash, outputHash: ethers.keccak256(output) },
        ...{ fee: FEE, maxCover: 0n, validUntil },
      };
      const signature = await signer.signTypedData(domain, { InferenceResult: RESULT_FIELDS }, result);
      return ethers.concat([
        ethers.solidityPacked(["uint8", "address", "uint40"], [1, to, validUntil]),
        ethers.solidityPacked(
          ["bytes32", "bytes32", "uint8", "uint8", "uint56", "uint56", "uint24", "uint24", "bytes"],
          [release, inputHash, 0, 1, FEE / 10n ** 12n, 0, 32, 0, output],
        ),
        signature,
      ]);
    };
    const batch = async (output: string): Promise<string> => {
      const calls = [
        [await pipe.getAddress(), 0, pipe.interface.encodeFunctionData("preload", [await bundle(output)])],
        [to, 0, consumer.interface.encodeFunctionData("ask", [release, 0, INPUT])],
      ];
      const account = await ethers.getContractFactory("BatchAccount");
      return account.interface.encodeFunctionData("execute", [BATCH_MODE, coder.encode([CALLS], [calls])]);
    };
    const delegate = async (address: string, data: string): Promise<void> => {
      const nonce = await user.getNonce();
      const authorization = await user.authorize({ address, nonce: nonce + 1, chainId });
      const sent = await user.sendTransaction({
        type: 4,
        to: user.address,
        data,
        authorizationList: [authorization],
        gasLimit: 500_000n,
      });
      expect((await sent.wait())?.status).to.equal(1);
    };

    const first = await ethers.deployContract("BatchAccount");
    await delegate(await first.getAddress(), await batch(ethers.id("one")));
    expect(await consumer.answers(0)).to.equal(ethers.id("one"));
    expect(await pipe.balanceOf(user.address)).to.equal(OPG - FEE);

    // Nobody else may make the account call.
    const theft = await batch(ethers.id("theft"));
    await expect(funder?.sendTransaction({ to: user.address, data: theft })).to.be.revert(ethers);

    const second = await ethers.deployContract("BatchAccount");
    await delegate(await second.getAddress(), await batch(ethers.id("two")));
    expect(await consumer.answers(0)).to.equal(ethers.id("two"));
    expect(await ethers.provider.getCode(user.address)).to.equal(
      ethers.concat(["0xef0100", await second.getAddress()]),
    );

    await delegate(ethers.ZeroAddress, "0x");
    expect(await ethers.provider.getCode(user.address)).to.equal("0x");
    expect(await pipe.balanceOf(user.address)).to.equal(OPG - 2n * FEE);
  });
});
