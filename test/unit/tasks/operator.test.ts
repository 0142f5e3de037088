import { writeFile } from "node:fs/promises";
import path from "node:path";
import { operatorsDomain, SIGNER_CONSENT_TYPES } from "@opg-network/sdk/inferenceResult";
import { expect } from "chai";
import { Wallet } from "ethers";
import hre from "hardhat";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";

const DAY = 86_400;
const PASSWORD = "correct horse";

describe("operator commands", () => {
  let cli: CommandLine;
  let signer: string;
  const release = "eth-volatility-1h";

  before(async () => {
    cli = await commandLine();
    signer = cli.accounts[1] ?? "";
    await cli.value("hub publish", { folder: path.join(hre.config.paths.root, "models", release) });
  });

  after(async () => await cli.close());

  it("registers, stakes and serves, step by step", async () => {
    expect(await cli.value("operator register", { signer, endpoint: "http://node.example" })).to.deep.include(
      {
        operator: 1,
        owner: cli.accounts[0],
        signer,
        roles: ["inference"],
      },
    );
    expect(await cli.value("operator stake", { amount: "2000.5" })).to.include({
      staked: "2000.5",
      stake: "2000.5",
    });
    expect(await cli.value("operator serve", { release, price: "0.05" })).to.deep.include({
      price: "0.05",
      modes: ["VANILLA"],
    });
    await cli.value("operator update", {
      slots: "4",
      endpoint: "http://other.example",
      gateway: "https://other.example/v1/gateway",
      roles: "inference,verifier",
    });

    const shown = await cli.value("operator show");
    expect(shown).to.deep.include({
      operator: 1,
      signer,
      signerStatus: "active",
      roles: ["inference", "verifier"],
      endpoint: "http://other.example",
      gateway: "https://other.example/v1/gateway",
      stake: "2000.5",
      slots: 4,
      jailed: false,
    });
    expect(shown.offers).to.have.length(1);
    expect(await cli.value("operator show", { signer, from: cli.accounts[3] })).to.include({ operator: 1 });
  });

  it("leaves no allowance behind", async () => {
    const { opg, operators } = cli.protocol;
    expect(await opg.allowance(cli.accounts[0] ?? "", operators)).to.equal(0n);
  });

  it("refuses bad amounts, roles, slots and prices before it sends anything", async () => {
    const block = await cli.connection.ethers.provider.getBlockNumber();
    for (const amount of ["", "-1", "1e3", "1,5", "0.0000001", "ten", "2000000000"]) {
      expect(await cli.failure("operator stake", { amount }), amount).to.include({
        code: "argument-invalid",
      });
    }
    expect(await cli.failure("operator register", { signer, roles: "king" })).to.include({
      code: "argument-invalid",
    });
    expect(await cli.failure("operator register", {})).to.include({ code: "argument-missing" });
    expect(await cli.failure("operator serve", { release })).to.include({ code: "argument-missing" });
    expect(await cli.failure("operator serve", { release, price: "1", modes: "MAGIC" })).to.include({
      code: "argument-invalid",
    });
    expect(await cli.failure("operator serve", { release, price: "1", stop: true })).to.include({
      code: "arguments-conflict",
    });
    expect(await cli.failure("operator update")).to.include({ code: "argument-missing" });
    expect(await cli.failure("operator update", { slots: "65536" })).to.include({ code: "argument-invalid" });
    const plain = await cli.failure("operator update", { gateway: "http://node.example/v1/gateway" });
    expect(plain.data).to.include({ error: "UrlInvalid" });
    expect(await cli.failure("operator show", { operator: "99" })).to.include({ code: "operator-unknown" });
    expect(await cli.failure("operator show", { signer: cli.accounts[5] })).to.include({
      code: "operator-unknown",
    });
    expect(await cli.failure("operator show", { from: cli.accounts[5] })).to.include({
      code: "operator-missing",
    });
    expect(await cli.connection.ethers.provider.getBlockNumber()).to.equal(block);
  });

  it("tells what the contract refuses in its own words", async () => {
    const taken = await cli.failure("operator register", { signer });
    expect(taken.data).to.include({ error: "SignerTaken" });
    const slots = await cli.failure("operator update", { slots: "21" });
    expect(slots.data).to.include({ error: "SlotsBeyondStake" });
    expect(slots.message).to.include("2100 OPG");
    const foreign = await cli.failure("operator serve", {
      release,
      price: "1",
      operator: "1",
      from: cli.accounts[2],
    });
    expect(foreign.data).to.include({ error: "NotOperatorOwner" });
    const poor = await cli.failure("operator stake", { amount: "5", operator: "1", from: cli.accounts[2] });
    expect(poor).to.include({ code: "balance-low" });
  });

  it("onboards in one transaction with a key from a keystore", async () => {
    const [, , owner] = await cli.connection.ethers.getSigners();
    if (owner === undefined) throw new Error("three accounts are needed");
    await cli.protocol.opg.transfer(owner.address, 5_000n * 10n ** 18n);
    const wallet = Wallet.createRandom();
    const keystore = path.join(cli.folder, "keystore.json");
    await writeFile(
      keystore,
      await new Wallet(wallet.privateKey).encrypt(PASSWORD, () => undefined).then(String),
    );
    const args = { release, stake: "1500", price: "0.04", slots: "2", keystore, from: owner.address };

    expect(await cli.failure("operator onboard", args)).to.include({ code: "keystore-unreadable" });
    process.env.OPG_NODE_KEYSTORE_PASSWORD = "wrong";
    try {
      expect(await cli.failure("operator onboard", args)).to.include({ code: "keystore-unreadable" });
      process.env.OPG_NODE_KEYSTORE_PASSWORD = PASSWORD;
      const onboarded = await cli.value("operator onboard", args);
      expect(onboarded).to.include({
        operator: 2,
        owner: owner.address,
        signer: wallet.address,
        stake: "1500",
        slots: 2,
      });
    } finally {
      delete process.env.OPG_NODE_KEYSTORE_PASSWORD;
    }
    expect(await cli.failure("operator onboard", { release, price: "1", signer })).to.include({
      code: "argument-missing",
    });
  });

  it("takes a consent that was signed elsewhere, and no other", async () => {
    const wallet = Wallet.createRandom();
    const owner = cli.accounts[3] ?? "";
    const domain = operatorsDomain(31_337n, cli.protocol.deployment.contracts.Operators.address);
    const signerProof = await wallet.signTypedData(domain, SIGNER_CONSENT_TYPES, { owner });
    const args = { signer: wallet.address, from: owner };

    expect(await cli.failure("operator register", args)).to.include({ code: "signer-proof-missing" });
    const other = await wallet.signTypedData(domain, SIGNER_CONSENT_TYPES, { owner: cli.accounts[4] });
    expect(await cli.failure("operator register", { ...args, signerProof: other })).to.include({
      code: "signer-proof-invalid",
    });
    expect(await cli.failure("operator register", { ...args, signerProof: "0x12" })).to.include({
      code: "signer-proof-invalid",
    });
    expect(await cli.value("operator register", { ...args, signerProof })).to.include({
      operator: 3,
      signer: wallet.address,
    });
  });

  it("asks which operator when the account owns several", async () => {
    await cli.value("operator register", { signer: cli.accounts[6], from: cli.accounts[3] });
    expect(await cli.failure("operator show", { from: cli.accounts[3] })).to.include({
      code: "operator-ambiguous",
    });
    expect(await cli.value("operator show", { from: cli.accounts[3], operator: "4" })).to.include({
      signer: cli.accounts[6],
    });
  });

  it("unbonds, gives up slots that the rest does not carry, and withdraws after the period", async () => {
    expect(await cli.failure("operator unbond", { amount: "99999" })).to.include({ code: "reverted" });
    const unbonded = await cli.value("operator unbond", { amount: "1700.5" });
    expect(unbonded).to.include({ unbonding: "1700.5", stake: "300", slots: 3 });
    const early = await cli.failure("operator withdraw");
    expect(early.data).to.include({ error: "UnbondingNotReady" });
    await cli.increaseTime(7 * DAY + 1);
    expect(await cli.failure("operator withdraw", { to: "nobody" })).to.include({ code: "argument-invalid" });
    expect(await cli.value("operator withdraw", { to: cli.accounts[7] })).to.include({
      amount: "1700.5",
      to: cli.accounts[7],
    });
    expect(await cli.value("escrow show", { account: cli.accounts[7] })).to.include({ wallet: "1700.5" });
  });

  it("rotates and revokes the signer", async () => {
    const rotated = await cli.value("operator rotate-signer", { signer: cli.accounts[8] });
    expect(rotated).to.include({ from: signer, to: cli.accounts[8] });
    expect((await cli.failure("operator rotate-signer", { signer })).data).to.include({
      error: "SignerTaken",
    });
    expect(await cli.failure("operator revoke-signer")).to.include({ code: "not-confirmed" });
    expect(await cli.value("operator revoke-signer", { yes: true })).to.include({
      operator: 1,
      signer: cli.accounts[8],
    });
    expect(await cli.value("operator show")).to.include({ signerStatus: "revoked" });
  });

  it("stops serving", async () => {
    expect(await cli.value("operator serve", { release, stop: true })).to.deep.include({ modes: [] });
    expect((await cli.value("operator show")).offers).to.deep.equal([]);
  });

  it("returns from jail after the delay, and only from there", async () => {
    expect((await cli.failure("operator leave-jail")).data).to.include({ error: "OperatorNotJailed" });
    const { authority, operators, deployer } = cli.protocol;
    await authority.grantRole(3n, deployer, 0);
    await cli.increaseTime(9 * DAY);
    const owner = cli.accounts[2] ?? "";
    const { signer: jailed } = await operators.operatorOf(2);
    await operators.slash(1, jailed, deployer, deployer);
    expect(await cli.value("operator show", { from: owner })).to.include({
      jailed: true,
      slashCount: 1,
      stake: "750",
    });

    const early = await cli.failure("operator leave-jail", { from: owner });
    expect(early.data).to.include({ error: "JailNotOver" });
    await cli.increaseTime(7 * DAY + 1);
    expect((await cli.failure("operator leave-jail", { from: owner })).data).to.include({
      error: "StakeTooLow",
    });
    await cli.value("operator stake", { amount: "250", from: owner });
    expect(await cli.value("operator leave-jail", { from: owner })).to.include({ operator: 2 });
    expect(await cli.value("operator show", { from: owner })).to.include({ jailed: false });
  });
});
