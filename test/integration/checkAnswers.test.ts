import { expect } from "chai";
import { id, zeroPadValue } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { checkDeployment } from "../../deploy/check/checkDeployment.ts";
import type { ProtocolParameters } from "../../deploy/protocolParameters.ts";
import { ROLES } from "../../deploy/roles.ts";
import {
  AccessManager__factory,
  OPG__factory,
  TaxedToken__factory,
  TimelockController__factory,
} from "../../types/index.ts";
import { type DeployedProtocol, deployProtocol, parametersOf } from "../fixtures/protocol.ts";

interface Log {
  address: string;
  topics: string[];
  blockNumber: string;
}

/** An endpoint that keeps logs back, until the returned function is called. */
function keepBack(connection: NetworkConnection<string>, isHidden: (log: Log) => boolean): () => void {
  const request = connection.provider.request.bind(connection.provider);
  connection.provider.request = async (call) => {
    const answer = await request(call);
    if (call.method !== "eth_getLogs" || !Array.isArray(answer)) return answer;
    return answer.filter((log: Log) => !isHidden(log));
  };
  return () => {
    connection.provider.request = request;
  };
}

async function findingsOf(
  connection: NetworkConnection<string>,
  { deployment }: DeployedProtocol,
  parameters: ProtocolParameters,
): Promise<string[]> {
  const { findings } = await checkDeployment(hre, connection, deployment, parameters);
  return findings.map(({ kind, subject }) => `${kind}: ${subject}`);
}

async function accountsOf(connection: NetworkConnection<string>) {
  const [deployer, admin, governor, guardian, treasury] = await connection.ethers.getSigners();
  if (!deployer || !admin || !governor || !guardian || !treasury) throw new Error("five accounts are needed");
  return { deployer, admin, governor, guardian, treasury };
}

describe("protocol check asks what logs do not tell", () => {
  let connection: NetworkConnection<string>;
  let accounts: Awaited<ReturnType<typeof accountsOf>>;
  let parameters: ProtocolParameters;
  let protocol: DeployedProtocol;
  let snapshot: string;

  before(async () => {
    connection = await hre.network.create({ network: "op", chainType: "op" });
    accounts = await accountsOf(connection);
    const { admin, governor, guardian, treasury } = accounts;
    const local = await parametersOf("local");
    // Nothing is the deployer's, so that nothing but its roles could show that another passes for it.
    const parties = Object.keys(local.token.beneficiaries).map((bucket) => [bucket, treasury.address]);
    parameters = {
      ...local,
      token: { ...local.token, holder: treasury.address, beneficiaries: Object.fromEntries(parties) },
      powers: {
        ...local.powers,
        admin: admin.address,
        governor: governor.address,
        governorDelay: 3_600,
        guardian: guardian.address,
      },
      requests: { ...local.requests, treasury: treasury.address },
    };
    protocol = await deployProtocol(connection, { parameters });
  });

  beforeEach(async () => {
    snapshot = String(await connection.provider.request({ method: "evm_snapshot" }));
  });

  afterEach(async () => {
    await connection.provider.request({ method: "evm_revert", params: [snapshot] });
  });

  const asAdmin = () =>
    AccessManager__factory.connect(protocol.deployment.contracts.AccessManager.address, accounts.admin);
  const findings = async (changed = parameters) => await findingsOf(connection, protocol, changed);
  const blockNumber = async () => await connection.ethers.provider.getBlockNumber();

  async function pass(seconds: number): Promise<void> {
    await connection.provider.request({ method: "evm_increaseTime", params: [seconds] });
    await connection.provider.request({ method: "evm_mine" });
  }

  it("finds nothing before the delays are in force, and after", async () => {
    expect(await findings()).to.deep.equal([]);
    await pass(6 * 86_400);
    expect(await findings()).to.deep.equal([]);
  });

  it("on which powers of tau keys may rest, one too many or one too few", async () => {
    const [local = ""] = parameters.proofs.acceptedPowers;
    const other = `0x${"77".repeat(32)}`;
    const accepting = (acceptedPowers: string[]) => ({
      ...parameters,
      proofs: { ...parameters.proofs, acceptedPowers },
    });
    expect(await findings(accepting([]))).to.deep.equal([
      `value-differs: PlonkVerifier.isAccepted(${local})`,
    ]);
    expect(await findings(accepting([local, other]))).to.deep.equal([
      `value-differs: PlonkVerifier.isAccepted(${other})`,
    ]);
    const show = keepBack(connection, ({ topics }) => topics[0] === id("PowersAccepted(bytes32)"));
    expect(await findings()).to.deep.equal([`logs-incomplete: PlonkVerifier.isAccepted(${local})`]);
    show();
  });

  it("who the deployer is, where the log that names it is kept back", async () => {
    await asAdmin().grantRole(ROLES.ADMIN, accounts.deployer, 0);
    const word = zeroPadValue(accounts.deployer.address, 32).toLowerCase();
    const show = keepBack(connection, ({ topics }) => topics.includes(word));
    expect(await findings()).to.deep.equal(["logs-incomplete: who deployed the AccessManager"]);
    show();
    expect(await findings()).to.deep.equal([`deployer-power: ${accounts.deployer.address} in role ADMIN`]);
  });

  it("what the deployer holds, where only its last grant is kept back", async () => {
    const before = await blockNumber();
    await asAdmin().grantRole(ROLES.GOVERNOR, accounts.deployer, 0);
    const show = keepBack(connection, (log) => Number(log.blockNumber) > before);
    expect(await findings()).to.deep.equal([
      `logs-incomplete: ${accounts.deployer.address} in role ${ROLES.GOVERNOR}`,
    ]);
    show();
  });

  it("who grants and cancels, and after how long", async () => {
    const before = await blockNumber();
    const { Operators } = protocol.deployment.contracts;
    await asAdmin().setRoleAdmin(ROLES.GUARDIAN, ROLES.GOVERNOR);
    await asAdmin().setRoleGuardian(ROLES.GOVERNOR, ROLES.SLASHER);
    await asAdmin().setGrantDelay(ROLES.SLASHER, 1);
    await asAdmin().setTargetAdminDelay(Operators.address, 0);
    await asAdmin().grantRole(ROLES.GOVERNOR, accounts.governor, 0);
    await pass(9 * 86_400);
    const show = keepBack(connection, (log) => Number(log.blockNumber) > before);
    expect(await findings()).to.deep.equal([
      `logs-incomplete: delay of ${accounts.governor.address} in role ${ROLES.GOVERNOR}`,
      `logs-incomplete: admin of role ${ROLES.GUARDIAN}`,
      `logs-incomplete: guardian of role ${ROLES.GOVERNOR}`,
      `logs-incomplete: grant delay of role ${ROLES.SLASHER}`,
      "logs-incomplete: admin delay of Operators",
    ]);
    show();
  });

  it("who proposes to the timelock", async () => {
    const chain = await hre.network.create({ network: "op", chainType: "op" });
    const governed = await deployProtocol(chain, { parameters: await parametersOf("base-sepolia") });
    const { TimelockController, ProtocolGovernor } = governed.deployment.contracts;
    const [timelock, governor] = [TimelockController?.address ?? "", ProtocolGovernor?.address ?? ""];
    await chain.provider.request({ method: "hardhat_impersonateAccount", params: [timelock] });
    await chain.provider.request({ method: "hardhat_setBalance", params: [timelock, "0xde0b6b3a7640000"] });
    const itself = TimelockController__factory.connect(timelock, await chain.ethers.getSigner(timelock));
    await itself.revokeRole(await itself.PROPOSER_ROLE(), governor);
    keepBack(chain, ({ topics }) => topics[0] === id("RoleRevoked(bytes32,address,address)"));
    expect(await findingsOf(chain, governed, await parametersOf("base-sepolia"))).to.deep.equal([
      "logs-incomplete: ProtocolGovernor in the timelock's role PROPOSER_ROLE",
    ]);
  });

  it("what an OPG that exists has become", async () => {
    const chain = await hre.network.create({ network: "op", chainType: "op" });
    const { deployer } = await accountsOf(chain);
    const existing = await (await new OPG__factory(deployer).deploy(deployer)).getAddress();
    const local = await parametersOf("local");
    const given = { ...local, token: { ...local.token, existing, holder: deployer.address } };
    const deployed = await deployProtocol(chain, { parameters: given });
    const found = async () => await findingsOf(chain, deployed, given);
    expect(await found()).to.deep.equal([]);

    const taxed = await new TaxedToken__factory(deployer).deploy(deployer, false);
    const code = await chain.provider.request({
      method: "eth_getCode",
      params: [await taxed.getAddress(), "latest"],
    });
    await chain.provider.request({ method: "hardhat_setCode", params: [existing, code] });
    expect(await found()).to.deep.equal(["token-unsuitable: OPG, tried once more,"]);
    // Where nobody is known who has any, nothing can be told.
    const balance = await deployed.opg.balanceOf(deployer);
    await deployed.opg.transfer(`0x${"99".repeat(20)}`, balance);
    expect(await found()).to.deep.equal([]);
  });
});
