import { expect } from "chai";
import hre from "hardhat";
import { tryToken } from "../../deploy/existingToken.ts";
import {
  BlockVotesToken__factory,
  OPG__factory,
  OPGVotes__factory,
  PermissiveToken__factory,
  PlainToken__factory,
  ProtocolGovernor__factory,
  TaxedToken__factory,
} from "../../types/index.ts";
import { deployProtocol, parametersOf } from "../fixtures/protocol.ts";

const OPG = 10n ** 18n;
const SUPPLY = 10n ** 27n;

async function onChain() {
  const connection = await hre.network.create({ network: "op", chainType: "op" });
  const [deployer, holder, stranger] = await connection.ethers.getSigners();
  if (!deployer || !holder || !stranger) throw new Error("three accounts are needed");
  const deploying = async (existing: string, network = "local") => {
    const parameters = await parametersOf(network);
    return await deployProtocol(connection, {
      parameters: { ...parameters, token: { ...parameters.token, existing, holder: holder.address } },
    });
  };
  const problem = async (existing: string) =>
    await deploying(existing).then(
      () => "deployed",
      (error: unknown) => error,
    );
  return { connection, deployer, holder, stranger, deploying, problem };
}

describe("deployment with an OPG that exists", () => {
  it("uses a token of our own kind, and its votes", async () => {
    const { connection, deployer, holder, deploying } = await onChain();
    const opg = await new OPG__factory(deployer).deploy(holder);
    const existing = await opg.getAddress();
    const { deployment, operators } = await deploying(existing, "base-sepolia");

    const { OPG: recorded, TokenGenesis, OPGVotes, ProtocolGovernor } = deployment.contracts;
    expect(recorded.address).to.equal(existing);
    expect(await operators.OPG_TOKEN()).to.equal(existing);
    expect([TokenGenesis, OPGVotes]).to.deep.equal([undefined, undefined]);
    const governor = ProtocolGovernor__factory.connect(
      ProtocolGovernor?.address ?? "",
      connection.ethers.provider,
    );
    expect(await governor.token()).to.equal(existing);
    expect(await opg.balanceOf(holder)).to.equal(SUPPLY);
  });

  it("gives votes by a wrapper to a token that has none, or counts them by blocks", async () => {
    const { connection, deployer, holder, deploying } = await onChain();
    for (const token of [
      await new PlainToken__factory(deployer).deploy(holder, SUPPLY, 18),
      await new BlockVotesToken__factory(deployer).deploy(holder),
    ]) {
      const { contracts } = (await deploying(await token.getAddress(), "base-sepolia")).deployment;
      const votes = contracts.OPGVotes?.address ?? "";
      expect(await OPGVotes__factory.connect(votes, connection.ethers.provider).underlying()).to.equal(
        await token.getAddress(),
      );
      const governor = ProtocolGovernor__factory.connect(
        contracts.ProtocolGovernor?.address ?? "",
        connection.ethers.provider,
      );
      expect(await governor.token()).to.equal(votes);
      expect(await governor.quorum((await governor.clock()) - 1n)).to.equal(10_000_000n * OPG);
    }
  });

  it("finds out what a token can do, and changes nothing by it", async () => {
    const { connection, deployer, holder } = await onChain();
    const traits = async (token: { getAddress(): Promise<string> }) =>
      await tryToken(connection, await token.getAddress(), holder.address, hre.artifacts);
    const plain = await new PlainToken__factory(deployer).deploy(holder, SUPPLY, 18);
    const block = await connection.ethers.provider.getBlockNumber();

    expect(await traits(plain)).to.deep.equal({ burns: false, permits: false, votesInSeconds: false });
    expect(await plain.balanceOf(holder)).to.equal(SUPPLY);
    expect(await connection.ethers.provider.getCode(holder)).to.equal("0x");
    expect(await connection.ethers.provider.getBlockNumber()).to.equal(block);
    expect(await traits(await new OPG__factory(deployer).deploy(holder))).to.deep.equal({
      burns: true,
      permits: true,
      votesInSeconds: true,
    });
    expect(await traits(await new BlockVotesToken__factory(deployer).deploy(holder))).to.deep.equal({
      burns: false,
      permits: true,
      votesInSeconds: false,
    });
  });

  it("refuses what is no contract, and what has other decimals", async () => {
    const { deployer, holder, stranger, problem } = await onChain();
    expect(await problem(stranger.address)).to.include({ code: "token-missing" });
    for (const decimals of [6, 0, 19]) {
      const token = await new PlainToken__factory(deployer).deploy(holder, SUPPLY, decimals);
      expect(await problem(await token.getAddress())).to.include({ code: "token-unfit" });
    }
  });

  it("refuses tokens that keep a part of what moves, that pretend to burn, or of which there is too much", async () => {
    const { deployer, holder, problem } = await onChain();
    const tokens = [
      await new TaxedToken__factory(deployer).deploy(holder, false),
      await new TaxedToken__factory(deployer).deploy(holder, true),
      await new PermissiveToken__factory(deployer).deploy(holder),
      await new PlainToken__factory(deployer).deploy(holder, SUPPLY + 1n, 18),
    ];
    for (const token of tokens)
      expect(await problem(await token.getAddress())).to.include({ code: "token-unfit" });
  });

  it("refuses to go on when the token cannot be tried, and sends nothing", async () => {
    const { connection, deployer, stranger, problem } = await onChain();
    const token = await new PlainToken__factory(deployer).deploy(stranger, SUPPLY, 18);
    const nonce = await connection.ethers.provider.getTransactionCount(deployer);
    expect(await problem(await token.getAddress())).to.include({ code: "token-untried" });
    expect(await connection.ethers.provider.getTransactionCount(deployer)).to.equal(nonce);
  });
});
