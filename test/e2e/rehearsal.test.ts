import { rm } from "node:fs/promises";
import {
  INFERENCE_RESULT_TYPES,
  operatorsDomain,
  SIGNER_CONSENT_TYPES,
} from "@opg-network/sdk/inferenceResult";
import { REQUEST_STATES, unpackRequest } from "@opg-network/sdk/request";
import { CODEC_TENSORS } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { hexlify, keccak256, id as keccakOf, MaxUint256, parseEther, type Wallet, ZeroHash } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { type ExactModel, readExactModel } from "../../bench/exactRelease.ts";
import { checkDeployment } from "../../deploy/check/checkDeployment.ts";
import { deploymentFolder } from "../../deploy/deployProtocol.ts";
import { SettlementMigrationModule } from "../../deploy/modules/SettlementMigration.ts";
import { KEY_ORIGINS, type ProtocolParameters } from "../../deploy/protocolParameters.ts";
import { RESTRICTED, ROLES } from "../../deploy/roles.ts";
import {
  type InferenceRequests,
  InferenceRequests__factory,
  Pipe__factory,
  ProofSettlement__factory,
  type ProtocolGovernor,
  ProtocolGovernor__factory,
} from "../../types/index.ts";
import { type DeployedProtocol, deployProtocol, parametersOf } from "../fixtures/protocol.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";

const MODEL = "eth-volatility-1h-exact";
const FEE = parseEther("1");
const STAKE = parseEther("5000");
const FOR = 1;
const DAY_SEC = 86_400;
const ZK = 1;

interface Call {
  target: string;
  data: string;
}

// One deployment from its first transaction to the replacement of a part, in the order in which it would happen.
describe("the life of a deployment", function () {
  this.timeout(300_000);
  const deploymentId = `rehearsal-${process.pid}`;
  let chain: LocalChain;
  let connection: NetworkConnection<string>;
  let parameters: ProtocolParameters;
  let protocol: DeployedProtocol;
  let governor: ProtocolGovernor;
  let node: NodeProcess;
  let model: ExactModel;
  let release: string;
  let operatorId: bigint;
  let requests: InferenceRequests;
  let lane = 0;

  const signerAt = (index: number): Wallet => chain.account(index);

  before(async () => {
    chain = await startLocalChain();
    connection = await hre.network.create({
      network: "local",
      chainType: "op",
      override: { url: chain.url },
    });
    model = readExactModel(MODEL);
  });

  after(async () => {
    await node?.dispose();
    await chain.stop();
    const folder = deploymentFolder(hre.config.paths.ignition, deploymentId);
    for (const left of [folder, `${folder}.lock`]) await rm(left, { recursive: true, force: true });
  });

  async function findings(): Promise<string[]> {
    const { findings } = await checkDeployment(hre, connection, protocol.deployment, parameters);
    return findings.map(({ kind, subject }) => `${kind}: ${subject}`);
  }

  async function consentOf(key: Wallet): Promise<string> {
    const domain = operatorsDomain(31_337n, await protocol.operators.getAddress());
    return await key.signTypedData(domain, SIGNER_CONSENT_TYPES, { owner: protocol.deployer });
  }

  function nodeWith(key: Wallet): NodeProcess {
    const { Operators, ModelHub } = protocol.deployment.contracts;
    const addresses = {
      Operators: Operators.address,
      ModelHub: ModelHub.address,
      InferenceRequests: String(requests.target),
    };
    return new NodeProcess(chain, { addresses } as never, key, [release]);
  }

  async function open(input: Uint8Array) {
    const now = await chain.timestamp();
    const terms = {
      ...{
        release,
        mode: 0,
        codec: CODEC_TENSORS,
        fee: FEE,
        fullFeeUntil: now + 3_600,
        deadline: now + 7_200,
      },
      ...{
        acceptPeriod: 0,
        lane: lane++,
        callbackGas: 0,
        delivery: 0,
        minStake: 0n,
        cover: 0n,
        operatorId: 0,
      },
    };
    const receipt = await (await requests.request(terms, hexlify(input))).wait();
    const opened = receipt?.logs.flatMap((log) => requests.interface.parseLog(log) ?? [])[0];
    if (opened?.name !== "RequestOpened") throw new Error("no request was opened");
    return { id: String(opened.args.id), request: unpackRequest(opened.args.request) };
  }

  /** Asks, and sees the model's answer. */
  async function asksAndIsAnswered(input: Uint8Array): Promise<void> {
    const { id, request } = await open(input);
    await node.reaches(id, "fulfilled");
    const state = await requests.stateOf(request.requester, request.lane, request.nonce);
    expect(REQUEST_STATES[Number(state)]).to.equal("fulfilled");
    const [fulfilled] = await requests.queryFilter(requests.filters.RequestFulfilled(id));
    expect(fulfilled?.args.output).to.equal(hexlify(model.outputOf(input)));
  }

  /** From the proposal to the execution, which anybody sends. */
  async function byVote(calls: readonly Call[], words: string): Promise<void> {
    const { governance } = parameters;
    if (governance === null) throw new Error("there is no governance");
    const proposal = [
      calls.map(({ target }) => target),
      calls.map(() => 0n),
      calls.map(({ data }) => data),
    ] as [string[], bigint[], string[]];
    await (await governor.propose(...proposal, words)).wait();
    const proposalId = await governor.getProposalId(...proposal, keccakOf(words));
    await chain.pass(governance.votingDelay + 1);
    await (await governor.castVote(proposalId, FOR)).wait();
    await chain.pass(governance.votingPeriod);
    await (await governor.queue(...proposal, keccakOf(words))).wait();
    await chain.pass(governance.timelockDelay);
    await (await governor.execute(...proposal, keccakOf(words))).wait();
  }

  const input = (index: number) => model.inputs[index % model.inputs.length] ?? new Uint8Array();

  it("begins with a deployment that leaves its deployer without a power, as the check proves", async () => {
    const file = await parametersOf("base-sepolia");
    parameters = { ...file, chainId: 31_337, powers: { ...file.powers, guardian: signerAt(2).address } };
    protocol = await deployProtocol(connection, { parameters, deploymentId });
    requests = protocol.requests;
    const { ProtocolGovernor } = protocol.deployment.contracts;
    const [deployer] = await connection.ethers.getSigners();
    if (deployer === undefined || ProtocolGovernor === undefined) throw new Error("nobody governs");
    governor = ProtocolGovernor__factory.connect(ProtocolGovernor.address, deployer);

    const result = await checkDeployment(hre, connection, protocol.deployment, parameters);
    expect(result.findings).to.deep.equal([]);
    expect(result.deployerRoles).to.deep.equal([]);
    await (await protocol.opg.delegate(protocol.deployer)).wait();
  });

  it("publishes, registers and serves", async () => {
    const { hub, blobs, operators, opg } = protocol;
    for (const blob of model.graph.blobs) await (await blobs.put(blob)).wait();
    await (await hub.createModel(MODEL)).wait();
    const [created] = await hub.queryFilter(hub.filters.ModelCreated());
    const files = model.content.files.slice(0, 1).map((entry) => ({ ...entry, uri: `${MODEL}/model.onnx` }));
    const content = { ...model.content, files };
    const id = String(created?.args.model);
    await (await hub.publish(id, false, content, 0n, parseEther("1000"), 1, "", ZeroHash)).wait();
    release = await hub.releaseAt(id, 1, 0);
    for (const spender of [operators, requests]) await (await opg.approve(spender, MaxUint256)).wait();
    await (await operators.register(signerAt(1), await consentOf(signerAt(1)), 1, "http://127.0.0.1")).wait();
    operatorId = (await operators.standingOf(signerAt(1))).operatorId;
    await (await operators.stake(operatorId, STAKE)).wait();
    await (await operators.setSlots(operatorId, 5)).wait();
    await (await requests.deposit(protocol.deployer, parseEther("100"))).wait();

    node = nodeWith(signerAt(1));
    await node.start();
    await asksAndIsAnswered(input(0));
  });

  it("slashes a liar by computation, and pays who proves it", async () => {
    const { operators, opg, disputes } = protocol;
    const liar = signerAt(4);
    await (await operators.register(liar, await consentOf(liar), 1, "http://127.0.0.1")).wait();
    const lying = (await operators.standingOf(liar)).operatorId;
    await (await operators.stake(lying, parseEther("2000"))).wait();
    const output = model.outputOf(input(1)).slice();
    output.set([(output.at(-1) ?? 0) ^ 1], output.length - 1);
    const result = {
      ...{ context: ZeroHash, release, mode: 0, codec: CODEC_TENSORS, fee: FEE, maxCover: 0n },
      inputHash: keccak256(input(1)),
      outputHash: keccak256(output),
      validUntil: (await chain.timestamp()) + 600,
    };
    const domain = operatorsDomain(31_337n, await operators.getAddress());
    const signature = await liar.signTypedData(domain, INFERENCE_RESULT_TYPES, result);
    const before = await opg.totalSupply();
    await (
      await disputes.proveWrongOutput({ result, path: [], signature }, input(1), { gasLimit: 2n ** 24n })
    ).wait();

    expect(await operators.countingStakeOf(lying)).to.equal(parseEther("1000"));
    expect(await operators.unburned()).to.equal(parseEther("850"));
    await (await operators.burnSlashed()).wait();
    expect(before - (await opg.totalSupply())).to.equal(parseEther("850"));
    // What is burned is missing nowhere: the check counts it.
    expect(await findings()).to.deep.equal([]);
  });

  it("changes a parameter by vote, which the check reports until the file says so", async () => {
    await node.stop();
    const treasury = signerAt(5).address;
    const data = requests.interface.encodeFunctionData("setTreasury", [treasury]);
    const targets = [protocol.requests, protocol.pipe].map(({ target }) => ({
      target: String(target),
      data,
    }));
    await byVote(targets, "Another treasury");

    expect(await findings()).to.deep.equal([
      "value-differs: InferenceRequests.treasury",
      "value-differs: Pipe.treasury",
    ]);
    parameters = { ...parameters, requests: { ...parameters.requests, treasury } };
    expect(await findings()).to.deep.equal([]);
  });

  it("stops new requests and starts them again, while what is open is answered", async () => {
    const { id } = await open(input(2));
    await (await requests.connect(signerAt(2)).pause(DAY_SEC)).wait();
    expect(await findings()).to.deep.equal(["new-work-paused: new work of InferenceRequests"]);
    await expect(open(input(3))).to.be.revertedWithCustomError(requests, "NewWorkPaused");
    node = nodeWith(signerAt(1));
    await node.start();
    await node.reaches(id, "fulfilled");

    await (await requests.connect(signerAt(2)).resume()).wait();
    expect(await findings()).to.deep.equal([]);
    await asksAndIsAnswered(input(3));
  });

  it("serves on with another key", async () => {
    const next = signerAt(3);
    await (await protocol.operators.rotateSigner(operatorId, next, await consentOf(next))).wait();
    await node.dispose();
    node = nodeWith(next);
    await node.start();
    await asksAndIsAnswered(input(4));
  });

  it("replaces what stands on a settlement, whose verifier another has to follow", async () => {
    await node.stop();
    const { authority, operators, hub, opg } = protocol;
    const [treasury, fee] = [parameters.requests.treasury, parameters.requests.protocolFeeBps];
    const migrated = await connection.ignition.deploy(SettlementMigrationModule, {
      deploymentId: `${deploymentId}-migration`,
      defaultSender: protocol.deployer,
      config: { requiredConfirmations: 1, blockPollingInterval: 100 },
      parameters: {
        SettlementMigration: {
          ...{ treasury, protocolFeeBps: fee, leastOrigin: KEY_ORIGINS[parameters.proofs.leastOrigin] },
          acceptedPowers: parameters.proofs.acceptedPowers,
          ...{ opg: String(opg.target), authority: String(authority.target) },
          ...{ operators: String(operators.target), hub: String(hub.target) },
        },
      },
    });
    const addressOf = async (name: keyof typeof migrated) => await migrated[name].getAddress();
    const targets = {
      ProofSettlement: {
        target: await addressOf("settlement"),
        abi: ProofSettlement__factory.createInterface(),
      },
      InferenceRequests: {
        target: await addressOf("requests"),
        abi: InferenceRequests__factory.createInterface(),
      },
      Pipe: { target: await addressOf("pipe"), abi: Pipe__factory.createInterface() },
    };
    const grants = Object.entries(targets).flatMap(([name, { target, abi }]) => [
      ...Object.entries(RESTRICTED[name as keyof typeof targets]).map(([fn, role]) =>
        authority.interface.encodeFunctionData("setTargetFunctionRole", [
          target,
          [abi.getFunction(fn as never)?.selector ?? ""],
          ROLES[role],
        ]),
      ),
      authority.interface.encodeFunctionData("setTargetAdminDelay", [target, parameters.powers.exitDelay]),
    ]);
    for (const coverer of [targets.Pipe, targets.InferenceRequests])
      grants.push(authority.interface.encodeFunctionData("grantRole", [ROLES.COVERER, coverer.target, 0]));
    const verifier = targets.ProofSettlement.abi.encodeFunctionData("setVerifier", [
      ZK,
      await addressOf("verifier"),
    ]);
    await byVote(
      [
        ...grants.map((data) => ({ target: String(authority.target), data })),
        { target: targets.ProofSettlement.target, data: verifier },
      ],
      "Another settlement",
    );

    const settlement = ProofSettlement__factory.connect(
      targets.ProofSettlement.target,
      connection.ethers.provider,
    );
    expect(await settlement.verifierOf(ZK)).to.equal(await addressOf("verifier"));
    const old = requests;
    const left = await old.balanceOf(protocol.deployer);
    await (await old.withdraw(protocol.deployer, left)).wait();
    const [deployer] = await connection.ethers.getSigners();
    if (deployer === undefined) throw new Error("nobody deploys");
    requests = InferenceRequests__factory.connect(targets.InferenceRequests.target, deployer);
    await (await opg.approve(requests, MaxUint256)).wait();
    await (await requests.deposit(protocol.deployer, left)).wait();
    node = nodeWith(signerAt(3));
    await node.start();
    await asksAndIsAnswered(input(5));
    // The record is still the old one, and says who else has powers now.
    expect(await findings()).to.include.members([
      `member-unexpected: ${targets.Pipe.target} in role COVERER`,
      `member-unexpected: ${targets.InferenceRequests.target} in role COVERER`,
    ]);
    await rm(deploymentFolder(hre.config.paths.ignition, `${deploymentId}-migration`), { recursive: true });
  });

  it("lets an operator retire with its stake and its earnings", async () => {
    await node.stop();
    const { operators, opg } = protocol;
    await (await operators.unbond(operatorId, STAKE)).wait();
    await expect(operators.withdrawUnbonded(operatorId, protocol.deployer)).to.be.revertedWithCustomError(
      operators,
      "UnbondingNotReady",
    );
    await chain.pass(parameters.operators.unbondingPeriod + 1);
    const before = await opg.balanceOf(protocol.deployer);
    await (await operators.withdrawUnbonded(operatorId, protocol.deployer)).wait();
    expect((await opg.balanceOf(protocol.deployer)) - before).to.equal(STAKE);
    await (await requests.claim(operatorId, release, [])).wait();
    expect((await requests.earningsOf(operatorId, release)).unripe).to.equal(0n);
    expect((await open(input(0))).id).to.not.equal(ZeroHash);
  });
});
