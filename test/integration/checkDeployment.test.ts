import type { Deployment } from "@opg-network/sdk/deployment";
import { expect } from "chai";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { checkDeployment } from "../../deploy/check/checkDeployment.ts";
import type { ProtocolParameters } from "../../deploy/protocolParameters.ts";
import { ROLES } from "../../deploy/roles.ts";
import { AccessManager__factory, OPG__factory, TimelockController__factory } from "../../types/index.ts";
import { type DeployedProtocol, deployProtocol, parametersOf } from "../fixtures/protocol.ts";

/** Of ERC-20's `_totalSupply` in OPG. */
const TOTAL_SUPPLY_SLOT = "0x2";

describe("protocol check", () => {
  let connection: NetworkConnection<string>;
  let protocol: DeployedProtocol;
  let parameters: ProtocolParameters;
  let accounts: Awaited<ReturnType<NetworkConnection<string>["ethers"]["getSigners"]>>;
  let snapshot: string;

  const account = (index: number) => {
    const found = accounts[index];
    if (found === undefined) throw new Error("the network has too few accounts");
    return found;
  };
  const [admin, governor, guardian, stranger] = [1, 2, 3, 4].map((index) => () => account(index)) as [
    () => ReturnType<typeof account>,
    () => ReturnType<typeof account>,
    () => ReturnType<typeof account>,
    () => ReturnType<typeof account>,
  ];
  const rpc = (method: string, ...params: unknown[]) => connection.provider.request({ method, params });
  const asAdmin = () =>
    AccessManager__factory.connect(protocol.deployment.contracts.AccessManager.address, admin());

  before(async () => {
    connection = await hre.network.create({ network: "op", chainType: "op" });
    accounts = await connection.ethers.getSigners();
    const local = await parametersOf("local");
    parameters = {
      ...local,
      powers: {
        ...local.powers,
        admin: admin().address,
        governor: governor().address,
        governorDelay: 3_600,
        guardian: guardian().address,
      },
    };
    protocol = await deployProtocol(connection, { parameters });
  });

  beforeEach(async () => {
    snapshot = String(await rpc("evm_snapshot"));
  });

  afterEach(async () => void (await rpc("evm_revert", snapshot)));

  async function findings(
    changes: { parameters?: ProtocolParameters; deployment?: Deployment } = {},
  ): Promise<string[]> {
    const { findings } = await checkDeployment(
      hre,
      connection,
      changes.deployment ?? protocol.deployment,
      changes.parameters ?? parameters,
    );
    return findings.map(({ kind, subject }) => `${kind}: ${subject}`);
  }

  /** Has the governor do it, which waits. */
  async function govern(target: string, data: string): Promise<void> {
    const authority = AccessManager__factory.connect(
      protocol.deployment.contracts.AccessManager.address,
      governor(),
    );
    await authority.schedule(target, data, 0);
    await rpc("evm_increaseTime", 3_600);
    await authority.execute(target, data);
  }

  const addressOf = (name: keyof Deployment["contracts"]) =>
    protocol.deployment.contracts[name]?.address ?? expect.fail(`there is no ${name}`);

  /** Gives a contract its own code with one byte changed. */
  async function flipByte(
    contract: keyof Deployment["contracts"],
    at: (code: string) => number,
  ): Promise<void> {
    const code = String(await rpc("eth_getCode", addressOf(contract), "latest"));
    const index = 2 + 2 * at(code);
    const byte = (Number.parseInt(code.slice(index, index + 2), 16) ^ 1).toString(16).padStart(2, "0");
    await rpc("hardhat_setCode", addressOf(contract), code.slice(0, index) + byte + code.slice(index + 2));
  }

  it("finds nothing in a deployment that is as its parameters say, and no power of the deployer", async () => {
    const result = await checkDeployment(hre, connection, protocol.deployment, parameters);

    expect(result.findings).to.deep.equal([]);
    expect(result.deployer).to.equal(account(0).address);
    expect(result.deployerRoles).to.deep.equal([]);
    expect(result.supply["vesting wallet of ecosystem"]).to.equal(360_000_000n * 10n ** 18n);
    expect(Object.values(result.supply).reduce((sum, amount) => sum + amount, 0n)).to.equal(10n ** 27n);
  });

  it("says which roles a deployer keeps, where the file gives them to it", async () => {
    const other = await hre.network.create({ network: "op", chainType: "op" });
    const local = await parametersOf("local");
    const { deployment } = await deployProtocol(other, { parameters: local });
    const result = await checkDeployment(hre, other, deployment, local);

    expect(result.findings).to.deep.equal([]);
    expect(result.deployerRoles).to.have.members(["ADMIN", "GUARDIAN", "GOVERNOR"]);
  });

  describe("code", () => {
    it("missing", async () => {
      await rpc("hardhat_setCode", addressOf("Coverage"), "0x");
      expect(await findings()).to.deep.equal(["code-missing: Coverage"]);
    });

    it("other than what is built", async () => {
      await flipByte("BlobStore", (code) => code.length / 2 - 20);
      expect(await findings()).to.deep.equal(["code-differs: BlobStore"]);
    });

    it("with another value in an immutable that nothing reads out", async () => {
      const { immutableReferences = {} } = await hre.artifacts.readArtifact("InferenceRequests");
      const code = String(await rpc("eth_getCode", addressOf("InferenceRequests"), "latest"));
      const window = 86_400n.toString(16).padStart(64, "0");
      const place = Object.values(immutableReferences)
        .flat()
        .find(({ start }) => code.slice(2 + 2 * start, 66 + 2 * start) === window);
      if (place === undefined) throw new Error("InferenceRequests keeps no copy of the window");
      await flipByte("InferenceRequests", () => place.start + place.length - 1);
      expect(await findings()).to.deep.equal(["immutable-differs: InferenceRequests._window"]);
    });
  });

  describe("values", () => {
    it("of a parameter", async () => {
      const data = protocol.requests.interface.encodeFunctionData("setTreasury", [stranger().address]);
      await govern(addressOf("InferenceRequests"), data);
      expect(await findings()).to.deep.equal(["value-differs: InferenceRequests.treasury"]);
      const moved = { ...parameters, requests: { ...parameters.requests, treasury: stranger().address } };
      expect(await findings({ parameters: moved })).to.deep.equal(["value-differs: Pipe.treasury"]);
    });

    it("of the verifier of a mode", async () => {
      const data = protocol.settlement.interface.encodeFunctionData("setVerifier", [
        2,
        addressOf("Groth16Verifier"),
      ]);
      await govern(addressOf("ProofSettlement"), data);
      expect(await findings()).to.deep.equal(["value-differs: ProofSettlement.verifierOf(2)"]);
    });

    it("of the slash table", async () => {
      const terms = { stakeBps: 4_000, burnBps: 8_500, bountyBps: 1_500, requesterBps: 0 };
      const data = protocol.operators.interface.encodeFunctionData("setSlashTerms", [1, terms]);
      await govern(addressOf("Operators"), data);
      expect(await findings()).to.deep.equal(["value-differs: Operators.slashTermsOf(1)"]);
    });

    it("that the file gives and the chain has otherwise", async () => {
      const changed = { ...parameters, operators: { ...parameters.operators, jailPeriod: 604_801 } };
      expect(await findings({ parameters: changed })).to.deep.equal([
        "immutable-differs: Operators.jailPeriod",
        "value-differs: Operators.jailPeriod",
      ]);
    });
  });

  describe("powers", () => {
    it("of a member that the file does not know", async () => {
      await asAdmin().grantRole(ROLES.GUARDIAN, stranger(), 0);
      expect(await findings()).to.deep.equal([`member-unexpected: ${stranger().address} in role GUARDIAN`]);
      await asAdmin().revokeRole(ROLES.GUARDIAN, stranger());
      expect(await findings()).to.deep.equal([]);
    });

    it("of a role that the file does not know", async () => {
      await asAdmin().grantRole(77n, stranger(), 0);
      expect(await findings()).to.deep.equal([`member-unexpected: ${stranger().address} in role 77`]);
    });

    it("of the deployer", async () => {
      await asAdmin().grantRole(ROLES.GUARDIAN, account(0), 0);
      expect(await findings()).to.deep.equal([`deployer-power: ${account(0).address} in role GUARDIAN`]);
    });

    it("of a member that is gone", async () => {
      await asAdmin().revokeRole(ROLES.SLASHER, addressOf("Disputes"));
      expect(await findings()).to.deep.equal(["member-missing: Disputes in role SLASHER"]);
    });

    it("after another delay", async () => {
      await asAdmin().grantRole(ROLES.GOVERNOR, governor(), 7_200);
      expect(await findings()).to.deep.equal([
        `member-delay-differs: delay of ${governor().address} in role GOVERNOR`,
      ]);
    });

    it("over a role", async () => {
      await asAdmin().setRoleAdmin(ROLES.GUARDIAN, ROLES.GOVERNOR);
      expect(await findings()).to.deep.equal(["role-admin-differs: admin of role GUARDIAN"]);
    });

    it("to cancel", async () => {
      await asAdmin().setRoleGuardian(ROLES.GOVERNOR, ROLES.SLASHER);
      expect(await findings()).to.deep.equal(["role-guardian-differs: guardian of role GOVERNOR"]);
    });

    it("granted sooner", async () => {
      await asAdmin().setGrantDelay(ROLES.SLASHER, 1);
      expect(await findings()).to.deep.equal(["grant-delay-differs: grant delay of role SLASHER"]);
    });

    it("over a function", async () => {
      const { selector } = protocol.operators.interface.getFunction("slash");
      await asAdmin().setTargetFunctionRole(addressOf("Operators"), [selector], ROLES.GUARDIAN);
      expect(await findings()).to.deep.equal(["function-role-differs: role for Operators.slash"]);
    });

    it("over a target that is closed", async () => {
      await asAdmin().setTargetClosed(addressOf("Pipe"), true);
      expect(await findings()).to.deep.equal(["target-closed: Pipe"]);
    });

    it("over a target, sooner", async () => {
      await asAdmin().setTargetAdminDelay(addressOf("Operators"), 0);
      expect(await findings()).to.deep.equal(["admin-delay-differs: admin delay of Operators"]);
    });

    it("that an endpoint keeps back", async () => {
      await asAdmin().grantRole(ROLES.GUARDIAN, stranger(), 0);
      await asAdmin().revokeRole(ROLES.COVERER, addressOf("Pipe"));
      const request = connection.provider.request.bind(connection.provider);
      connection.provider.request = async (call) => {
        const answer = await request(call);
        if (call.method !== "eth_getLogs" || !Array.isArray(answer)) return answer;
        const { topicHash } = protocol.authority.interface.getEvent("RoleRevoked");
        const hidden = addressOf("Pipe").slice(2).toLowerCase();
        return answer.filter(
          ({ topics }: { topics: string[] }) => topics[0] !== topicHash || !topics[2]?.endsWith(hidden),
        );
      };
      try {
        expect(await findings()).to.deep.equal([
          `member-unexpected: ${stranger().address} in role GUARDIAN`,
          "logs-incomplete: Pipe in role 4",
        ]);
      } finally {
        connection.provider.request = request;
      }
    });
  });

  describe("governance", () => {
    it("as the file says, and with a proposer that it does not know, and an operation that waits", async () => {
      const chain = await hre.network.create({ network: "op", chainType: "op" });
      const governed = await parametersOf("base-sepolia");
      const given = { ...governed, powers: { ...governed.powers, guardian: guardian().address } };
      const { deployment } = await deployProtocol(chain, { parameters: given });
      const timelock = deployment.contracts.TimelockController?.address ?? "";
      const found = async () =>
        (await checkDeployment(hre, chain, deployment, given)).findings.map(
          ({ kind, subject }) => `${kind}: ${subject}`,
        );
      expect(await found()).to.deep.equal([]);

      await chain.provider.request({ method: "hardhat_impersonateAccount", params: [timelock] });
      await chain.provider.request({ method: "hardhat_setBalance", params: [timelock, "0xde0b6b3a7640000"] });
      const itself = await chain.ethers.getSigner(timelock);
      const controller = TimelockController__factory.connect(timelock, itself);
      const proposer = await controller.PROPOSER_ROLE();
      await controller.grantRole(proposer, stranger());
      expect(await found()).to.deep.equal([
        `member-unexpected: ${stranger().address} in the timelock's role PROPOSER_ROLE`,
      ]);
      await controller.grantRole(proposer, timelock);
      await controller.revokeRole(proposer, stranger());
      const delay = await controller.getMinDelay();
      const zero = `0x${"0".repeat(64)}`;
      await controller.schedule(timelock, 0, "0x", zero, zero, delay);
      await controller.revokeRole(proposer, timelock);
      const operation = await controller.hashOperation(timelock, 0, "0x", zero, zero);
      expect(await found()).to.deep.equal([`operation-pending: operation ${operation} of the timelock`]);
      await controller.updateDelay(delay + 1n);
      expect(await found()).to.deep.equal([
        "value-differs: TimelockController.getMinDelay",
        `operation-pending: operation ${operation} of the timelock`,
      ]);
    });
  });

  describe("what is under way", () => {
    it("a scheduled operation, until it is cancelled or void", async () => {
      const data = protocol.pipe.interface.encodeFunctionData("setTreasury", [stranger().address]);
      const authority = AccessManager__factory.connect(addressOf("AccessManager"), governor());
      await authority.schedule(addressOf("Pipe"), data, 0);
      expect(await findings()).to.deep.equal(["operation-pending: Pipe.setTreasury"]);
      await rpc("evm_increaseTime", 8 * 86_400);
      await rpc("evm_mine");
      expect(await findings()).to.deep.equal([]);
    });

    it("a pause, until it ends", async () => {
      await protocol.pipe.connect(guardian()).pause(3_600);
      expect(await findings()).to.deep.equal(["new-work-paused: new work of Pipe"]);
      await protocol.pipe.connect(guardian()).resume();
      expect(await findings()).to.deep.equal([]);
    });
  });

  describe("the token", () => {
    it("handed out to another", async () => {
      const beneficiaries = { ...parameters.token.beneficiaries, investors: stranger().address };
      const changed = { ...parameters, token: { ...parameters.token, beneficiaries } };
      expect(await findings({ parameters: changed })).to.deep.equal(["mint-differs: OPG for investors"]);
    });

    it("minted a second time", async () => {
      const request = connection.provider.request.bind(connection.provider);
      connection.provider.request = async (call) => {
        const answer = await request(call);
        // Of all that is asked for, only the mint is one log.
        const isMint = call.method === "eth_getLogs" && Array.isArray(answer) && answer.length === 1;
        return isMint ? [...answer, ...answer] : answer;
      };
      try {
        expect(await findings()).to.deep.equal(["mint-differs: OPG's mint"]);
      } finally {
        connection.provider.request = request;
      }
    });

    it("in another amount than was minted and not burned", async () => {
      await rpc(
        "hardhat_setStorageAt",
        addressOf("OPG"),
        TOTAL_SUPPLY_SLOT,
        `0x${(10n ** 27n + 1n).toString(16).padStart(64, "0")}`,
      );
      expect(await findings()).to.deep.equal(["supply-differs: OPG's total supply"]);
    });

    it("that exists already, with decimals that cannot be counted", async () => {
      const other = await hre.network.create({ network: "op", chainType: "op" });
      const [signer] = await other.ethers.getSigners();
      if (signer === undefined) throw new Error("the network has no account");
      const existing = await (await new OPG__factory(signer).deploy(account(0))).getAddress();
      const local = await parametersOf("local");
      const withToken = {
        ...local,
        token: { ...local.token, existing, holder: account(0).address },
      };
      const { deployment } = await deployProtocol(other, { parameters: withToken });
      const found = async () =>
        (await checkDeployment(hre, other, deployment, withToken)).findings.map(({ kind }) => kind);

      expect(await found()).to.deep.equal([]);
      // Answers nothing that a token answers.
      await other.provider.request({ method: "hardhat_setCode", params: [existing, "0x60006000fd"] });
      expect(await found()).to.deep.equal(["token-unsuitable"]);
    });
  });
});
