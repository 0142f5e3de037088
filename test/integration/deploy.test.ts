import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { CONTRACT_NAMES } from "@opg-network/sdk/deployment";
import { expect } from "chai";
import hre from "hardhat";
import type { ProtocolParameters } from "../../deploy/protocolParameters.ts";
import { RESTRICTED, ROLES } from "../../deploy/roles.ts";
import { AccessManager__factory } from "../../types/index.ts";
import { deployProtocol, parametersOf } from "../fixtures/protocol.ts";

async function onChain() {
  const connection = await hre.network.create({ network: "op", chainType: "op" });
  const [deployer, admin, governor, guardian, stranger] = await connection.ethers.getSigners();
  if (!deployer || !admin || !governor || !guardian || !stranger) throw new Error("five accounts are needed");
  return { connection, deployer, admin, governor, guardian, stranger };
}

/** Base Sepolia's parameters with every power in other hands than the deployer's. */
async function handedOver({ admin, governor, guardian }: Awaited<ReturnType<typeof onChain>>) {
  const parameters = await parametersOf("base-sepolia");
  return {
    ...parameters,
    governance: null,
    powers: {
      ...parameters.powers,
      admin: admin.address,
      adminDelay: 172_800,
      governor: governor.address,
      governorDelay: 172_800,
      guardian: guardian.address,
    },
  } satisfies ProtocolParameters;
}

/** What is left of a journal when the process dies right after `future` was deployed. */
async function forgetAfter(journal: string, future: string): Promise<void> {
  const file = path.join(journal, "journal.jsonl");
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  const last = lines.findIndex(
    (line) => line.includes(`"futureId":"${future}"`) && line.includes("_COMPLETE"),
  );
  if (last === -1) throw new Error(`the journal does not complete ${future}`);
  await writeFile(file, `${lines.slice(0, last + 1).join("\n")}\n`);
}

describe("deployment", () => {
  it("records the address and the block of every contract", async () => {
    const { connection } = await onChain();
    const { deployment } = await deployProtocol(connection);

    expect(Object.keys(deployment.contracts)).to.have.members([...CONTRACT_NAMES, "TokenGenesis"]);
    for (const { address, block } of Object.values(deployment.contracts)) {
      expect(await connection.ethers.provider.getCode(address, block)).not.to.equal("0x");
      expect(await connection.ethers.provider.getCode(address, block - 1)).to.equal("0x");
    }
  });

  it("gives the contracts the numbers of the parameters and each other's addresses", async () => {
    const { connection } = await onChain();
    const parameters = await parametersOf("base-sepolia");
    const contracts = await deployProtocol(connection, { parameters });
    const { deployer, opg, hub, operators, settlement, requests, disputes, coverage, gateways, pipe } =
      contracts;

    expect(await opg.totalSupply()).to.equal(10n ** 27n);
    expect(await opg.balanceOf(deployer)).to.equal(189_995_000n * 10n ** 18n);
    expect(await operators.disputeWindow()).to.equal(86_400n);
    expect(await operators.maxValidity()).to.equal(3_600n);
    expect(await operators.unbondingPeriod()).to.equal(604_800n);
    expect(await operators.jailPeriod()).to.equal(604_800n);
    expect(await operators.minimumStake()).to.equal(1_000n * 10n ** 18n);
    expect(await operators.stakePerSlot()).to.equal(100n * 10n ** 18n);
    expect(await operators.bountyFloor()).to.equal(50n * 10n ** 18n);
    expect(await requests.protocolFeeBps()).to.equal(500n);
    expect(await requests.treasury()).to.equal(deployer);
    for (const user of [settlement, requests, disputes, coverage, gateways, pipe]) {
      expect(await user.OPERATORS()).to.equal(await operators.getAddress());
    }
    for (const user of [requests, disputes, coverage, gateways, pipe])
      expect(await user.HUB()).to.equal(await hub.getAddress());
    expect(await requests.SETTLEMENT()).to.equal(await settlement.getAddress());
    expect(await contracts.groth16.HUB()).to.equal(await hub.getAddress());
    expect(await contracts.groth16.LEAST_ORIGIN()).to.equal(2n);
    expect(await settlement.verifierOf(1)).to.equal(await contracts.groth16.getAddress());
    expect(await settlement.isSupported(2)).to.equal(false);
    expect(await coverage.REQUESTS()).to.equal(await requests.getAddress());
    expect(await pipe.protocolFeeBps()).to.equal(500n);
    expect(await pipe.treasury()).to.equal(deployer);
    expect(await pipe.GATEWAYS()).to.equal(await gateways.getAddress());
    for (const user of [gateways, pipe])
      expect(await user.SETTLEMENT()).to.equal(await settlement.getAddress());
    expect(await contracts.solidML.HUB()).to.equal(await hub.getAddress());
    expect(await contracts.solidML.PIPE()).to.equal(await pipe.getAddress());
    expect(await contracts.solidML.MAX_FEE()).to.equal(await opg.totalSupply());
    expect(await contracts.solidML.MIN_STAKE()).to.equal(0n);
    expect(contracts.deployment.contracts.PipeExecutor).to.deep.equal({
      address: await pipe.executor(),
      block: contracts.deployment.contracts.Pipe.block,
    });
  });

  it("asks the documented role for every restricted function", async () => {
    const { connection } = await onChain();
    const { authority, operators, settlement, requests, pipe } = await deployProtocol(connection);
    const targets = {
      Operators: operators,
      ProofSettlement: settlement,
      InferenceRequests: requests,
      Pipe: pipe,
    };

    for (const [name, functions] of Object.entries(RESTRICTED)) {
      const target = targets[name as keyof typeof targets];
      for (const [fn, role] of Object.entries(functions)) {
        const selector = target.interface.getFunction(fn as never).selector;
        expect(await authority.getTargetFunctionRole(target, selector), `${name}.${fn}`).to.equal(
          ROLES[role],
        );
      }
    }
    expect(await authority.getRoleGuardian(ROLES.GOVERNOR)).to.equal(ROLES.GUARDIAN);
  });

  it("leaves only Disputes able to slash", async () => {
    const chain = await onChain();
    const { authority, operators, disputes } = await deployProtocol(chain.connection, {
      parameters: await handedOver(chain),
    });
    const { selector } = operators.interface.getFunction("slash");

    const holders = await authority.queryFilter(authority.filters.RoleGranted(ROLES.SLASHER));
    expect(holders.map(({ args }) => args.account)).to.deep.equal([await disputes.getAddress()]);
    expect(await authority.canCall(disputes, operators, selector)).to.deep.equal([true, 0n]);
    for (const { address } of [chain.deployer, chain.admin, chain.governor, chain.guardian, chain.stranger]) {
      expect(await authority.canCall(address, operators, selector)).to.deep.equal([false, 0n]);
    }
    await expect(operators.slash(0, chain.stranger, chain.deployer, chain.deployer))
      .to.be.revertedWithCustomError(operators, "AccessManagedUnauthorized")
      .withArgs(chain.deployer.address);
  });

  it("makes a new slasher wait longer than it takes every operator to leave", async () => {
    const chain = await onChain();
    const { authority, operators } = await deployProtocol(chain.connection, {
      parameters: await handedOver(chain),
    });
    await chain.connection.provider.request({ method: "evm_increaseTime", params: [6 * 86_400] });
    await chain.connection.provider.request({ method: "evm_mine" });

    expect(await authority.getRoleGrantDelay(ROLES.SLASHER)).to.be.greaterThan(
      await operators.unbondingPeriod(),
    );
    expect(await authority.getTargetAdminDelay(operators)).to.be.greaterThan(
      await operators.unbondingPeriod(),
    );
  });

  it("leaves the deployer without any power when the admin is another", async () => {
    const chain = await onChain();
    const { authority, operators, requests } = await deployProtocol(chain.connection, {
      parameters: await handedOver(chain),
    });

    for (const role of Object.values(ROLES)) {
      expect((await authority.hasRole(role, chain.deployer)).isMember).to.equal(false);
    }
    expect(await authority.hasRole(ROLES.ADMIN, chain.admin)).to.deep.equal([true, 172_800n]);
    expect(await authority.hasRole(ROLES.GOVERNOR, chain.governor)).to.deep.equal([true, 172_800n]);
    expect(await authority.hasRole(ROLES.GUARDIAN, chain.guardian)).to.deep.equal([true, 0n]);
    await expect(authority.grantRole(ROLES.SLASHER, chain.deployer, 0)).to.be.revertedWithCustomError(
      authority,
      "AccessManagerUnauthorizedAccount",
    );
    await expect(requests.setTreasury(chain.stranger)).to.be.revertedWithCustomError(
      requests,
      "AccessManagedUnauthorized",
    );
    await expect(requests.pause(60)).to.be.revertedWithCustomError(requests, "AccessManagedUnauthorized");
    const [stakeBps, burnBps, bountyBps, requesterBps] = await operators.slashTermsOf(0);
    await expect(
      operators.setSlashTerms(0, { stakeBps, burnBps, bountyBps, requesterBps }),
    ).to.be.revertedWithCustomError(operators, "AccessManagedUnauthorized");
  });

  it("makes the governor wait and lets the guardian cancel", async () => {
    const chain = await onChain();
    const { authority, requests } = await deployProtocol(chain.connection, {
      parameters: await handedOver(chain),
    });
    const data = requests.interface.encodeFunctionData("setTreasury", [chain.stranger.address]);
    const asGovernor = AccessManager__factory.connect(await authority.getAddress(), chain.governor);

    await expect(asGovernor.execute(requests, data)).to.be.revertedWithCustomError(
      authority,
      "AccessManagerNotScheduled",
    );
    await asGovernor.schedule(requests, data, 0);
    await AccessManager__factory.connect(await authority.getAddress(), chain.guardian).cancel(
      chain.governor,
      requests,
      data,
    );
    expect(
      await authority.getSchedule(await authority.hashOperation(chain.governor, requests, data)),
    ).to.equal(0n);

    await asGovernor.schedule(requests, data, 0);
    await chain.connection.provider.request({ method: "evm_increaseTime", params: [172_800] });
    await asGovernor.execute(requests, data);
    expect(await requests.treasury()).to.equal(chain.stranger.address);
  });

  it("puts the admin's delay on a deployer that stays admin", async () => {
    const { connection, stranger } = await onChain();
    const parameters = await parametersOf("local");
    const { authority, deployer } = await deployProtocol(connection, {
      parameters: { ...parameters, powers: { ...parameters.powers, adminDelay: 172_800 } },
    });

    expect(await authority.hasRole(ROLES.ADMIN, deployer)).to.deep.equal([true, 172_800n]);
    await expect(authority.grantRole(ROLES.GUARDIAN, stranger, 0)).to.be.revertedWithCustomError(
      authority,
      "AccessManagerNotScheduled",
    );
  });
});

describe("deployment over HTTP", () => {
  const deploymentId = `test-${process.pid}`;
  const journal = path.join(hre.config.paths.ignition, "deployments", deploymentId);
  let server: Awaited<ReturnType<typeof hre.network.createServer>>;

  /** A new chain, as after a restart of the local node. */
  async function start() {
    server = await hre.network.createServer({ network: "op", chainType: "op" }, "127.0.0.1", 0);
    const { port } = await server.listen();
    return await hre.network.create({
      network: "local",
      chainType: "op",
      override: { url: `http://127.0.0.1:${port}` },
    });
  }

  afterEach(async () => {
    await server.close();
    await rm(journal, { recursive: true, force: true });
  });

  it("changes nothing the second time", async () => {
    const connection = await start();
    const { deployment } = await deployProtocol(connection, { deploymentId });
    const blocks = await connection.ethers.provider.getBlockNumber();
    const again = await deployProtocol(connection, { deploymentId });

    expect(again.deployment).to.deep.equal(deployment);
    expect(await connection.ethers.provider.getBlockNumber()).to.equal(blocks);
    for (const { address, block } of Object.values(deployment.contracts)) {
      expect(await connection.ethers.provider.getCode(address, block)).not.to.equal("0x");
      expect(await connection.ethers.provider.getCode(address, block - 1)).to.equal("0x");
    }
  });

  it("starts over on a local chain that was started anew", async () => {
    await deployProtocol(await start(), { deploymentId });
    await server.close();
    const said: string[] = [];
    const { hub } = await deployProtocol(await start(), { deploymentId, say: (line) => said.push(line) });

    expect(await hub.getDeployedCode()).not.to.equal(null);
    expect(said[0]).to.match(/new one/);
  });

  it("starts over on a local chain when the contracts have changed", async () => {
    const connection = await start();
    const { deployment } = await deployProtocol(connection, { deploymentId });
    const { address } = deployment.contracts.Coverage;
    await connection.provider.request({ method: "hardhat_setCode", params: [address, "0x00"] });
    const said: string[] = [];
    const again = await deployProtocol(connection, { deploymentId, say: (line) => said.push(line) });

    expect(again.deployment.contracts.Coverage.address).not.to.equal(address);
    expect(said[0]).to.match(/have changed/);
  });

  it("completes what was interrupted", async () => {
    const connection = await start();
    const { authority } = await deployProtocol(connection, { deploymentId });
    const blocks = await connection.ethers.provider.getBlockNumber();
    await forgetAfter(journal, "Authority#AccessManager");
    const again = await deployProtocol(connection, { deploymentId });

    expect(await again.authority.getAddress()).to.equal(await authority.getAddress());
    expect(await again.authority.hasRole(ROLES.SLASHER, again.disputes)).to.deep.equal([true, 0n]);
    expect(await connection.ethers.provider.getBlockNumber()).to.be.greaterThan(blocks);
  });
});
