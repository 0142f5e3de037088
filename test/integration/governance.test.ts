import { OPTIONAL_CONTRACT_NAMES } from "@opg-network/sdk/deployment";
import { expect } from "chai";
import { Interface, id as keccakOf, type ParamType, ZeroHash } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { z } from "zod";
import { RESTRICTED, ROLES } from "../../deploy/roles.ts";
import { ProtocolGovernor__factory, TimelockController__factory } from "../../types/index.ts";
import { type DeployedProtocol, deployProtocol, parametersOf } from "../fixtures/protocol.ts";

const SUCCEEDED = 4n;
const FOR = 1;

interface Call {
  target: string;
  data: string;
}

/** Base Sepolia's deployment: the timelock is admin and governor, another account is the guardian. */
async function governed() {
  const connection = await hre.network.create({ network: "op", chainType: "op" });
  const [holder, guardian, beneficiary, stranger] = await connection.ethers.getSigners();
  if (!holder || !guardian || !beneficiary || !stranger) throw new Error("four accounts are needed");
  const parameters = await parametersOf("base-sepolia");
  const { governance } = parameters;
  if (governance === null) throw new Error("Base Sepolia has no governance");
  const protocol = await deployProtocol(connection, {
    parameters: {
      ...parameters,
      powers: { ...parameters.powers, guardian: guardian.address },
      requests: { ...parameters.requests, treasury: "governance" },
    },
  });
  const { ProtocolGovernor, TimelockController } = protocol.deployment.contracts;
  const governor = ProtocolGovernor__factory.connect(ProtocolGovernor?.address ?? "", holder);
  const timelock = TimelockController__factory.connect(TimelockController?.address ?? "", holder);
  await protocol.opg.delegate(holder);
  await pass(connection, 6 * 86_400);
  return {
    connection,
    protocol,
    governor,
    timelock,
    terms: governance,
    holder,
    guardian,
    beneficiary,
    stranger,
  };
}

type Governed = Awaited<ReturnType<typeof governed>>;

async function pass(connection: NetworkConnection<string>, seconds: number): Promise<void> {
  await connection.provider.request({ method: "evm_increaseTime", params: [seconds] });
  await connection.provider.request({ method: "evm_mine" });
}

async function time({ connection }: Pick<Governed, "connection">): Promise<number> {
  return (await connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
}

/** Proposes, votes, queues and executes. */
async function byVote(world: Governed, calls: readonly Call[], words: string): Promise<void> {
  const { connection, governor, terms, stranger } = world;
  const proposal = proposalOf(calls);
  await governor.propose(...proposal, words);
  const id = await governor.getProposalId(...proposal, keccakOf(words));
  await pass(connection, terms.votingDelay + 1);
  await governor.castVote(id, FOR);
  await pass(connection, terms.votingPeriod);
  expect(await governor.state(id)).to.equal(SUCCEEDED);
  await governor.queue(...proposal, keccakOf(words));
  await pass(connection, terms.timelockDelay);
  await governor.connect(stranger).execute(...proposal, keccakOf(words));
}

function proposalOf(calls: readonly Call[]): [string[], bigint[], string[]] {
  return [calls.map(({ target }) => target), calls.map(() => 0n), calls.map(({ data }) => data)];
}

/** Everybody who is anybody: accounts, and each contract of the deployment. */
async function everybody({ connection, protocol }: Governed): Promise<string[]> {
  const accounts = (await connection.ethers.getSigners()).slice(0, 6).map(({ address }) => address);
  return [...accounts, ...Object.values(protocol.deployment.contracts).map(({ address }) => address)];
}

async function abiOf(name: string): Promise<Interface> {
  return new Interface((await hre.artifacts.readArtifact(name)).abi);
}

/** The name of the error that the call ends with, undefined where it goes through. */
async function refusal(
  { connection }: Governed,
  from: string,
  { target, data }: Call,
  abi: Interface,
): Promise<string | undefined> {
  try {
    const params = [{ from, to: target, data, gas: "0x4c4b40" }, "latest"];
    await connection.provider.request({ method: "eth_call", params });
    return undefined;
  } catch (error) {
    const found = z.looseObject({ data: z.unknown() }).safeParse(error).data?.data;
    const thrown =
      typeof found === "string" ? found : z.object({ data: z.string() }).safeParse(found).data?.data;
    if (thrown === undefined || thrown.length < 10) return "reverted";
    return abi.parseError(thrown)?.name ?? thrown;
  }
}

/** Something of the type, nothing special. */
function some(type: ParamType): unknown {
  if (type.baseType === "array") return [];
  if (type.baseType === "tuple") return (type.components ?? []).map(some);
  if (type.baseType === "address") return `0x${"12".repeat(20)}`;
  if (type.baseType === "bool") return true;
  if (type.baseType === "string") return "";
  if (type.baseType === "bytes") return "0x";
  if (type.baseType.startsWith("bytes")) return `0x${"00".repeat(Number(type.baseType.slice(5)))}`;
  return 1;
}

function acts(abi: Interface) {
  return abi.fragments
    .filter((fragment) => fragment.type === "function")
    .map((fragment) => abi.getFunction(fragment.format("sighash")))
    .filter((fn) => fn !== null)
    .filter(({ stateMutability }) => stateMutability !== "view" && stateMutability !== "pure");
}

async function targetsOf(protocol: DeployedProtocol) {
  const { operators, settlement, requests, pipe } = protocol;
  return {
    Operators: await operators.getAddress(),
    ProofSettlement: await settlement.getAddress(),
    InferenceRequests: await requests.getAddress(),
    Pipe: await pipe.getAddress(),
  };
}

describe("governance", () => {
  it("changes a parameter from proposal over vote, queue and delay to execution", async () => {
    const world = await governed();
    const { operators, requests, pipe } = world.protocol;
    const { terms, beneficiary } = world;
    const newTerms = { stakeBps: 4_000, burnBps: 8_000, bountyBps: 1_000, requesterBps: 1_000 };
    const begun = await time(world);
    await byVote(
      world,
      [
        {
          target: await operators.getAddress(),
          data: operators.interface.encodeFunctionData("setSlashTerms", [0, newTerms]),
        },
        ...(await Promise.all(
          [requests, pipe].map(async (book) => ({
            target: await book.getAddress(),
            data: book.interface.encodeFunctionData("setTreasury", [beneficiary.address]),
          })),
        )),
      ],
      "Slash less, and pay the fees out to the foundation",
    );

    expect(await operators.slashTermsOf(0)).to.deep.equal([4_000n, 8_000n, 1_000n, 1_000n]);
    expect(await requests.treasury()).to.equal(beneficiary.address);
    expect(await pipe.treasury()).to.equal(beneficiary.address);
    expect((await time(world)) - begun).to.be.at.least(
      terms.votingDelay + terms.votingPeriod + terms.timelockDelay,
    );
    expect(terms.votingDelay + terms.votingPeriod + terms.timelockDelay).to.be.greaterThan(
      Number(await operators.unbondingPeriod()),
    );
  });

  it("holds the protocol to the bounds of its constants", async () => {
    const world = await governed();
    const { operators } = world.protocol;
    const everything = { stakeBps: 10_000, burnBps: 0, bountyBps: 10_000, requesterBps: 0 };
    const data = operators.interface.encodeFunctionData("setSlashTerms", [0, everything]);
    const calls = [{ target: await operators.getAddress(), data }];
    await expect(byVote(world, calls, "Take all")).to.be.revertedWithCustomError(
      operators,
      "SlashTermsOutOfBounds",
    );
    expect(await operators.slashTermsOf(0)).to.deep.equal([5_000n, 7_000n, 1_500n, 1_500n]);
  });

  it("leaves every role where the table says, and the deployer none", async () => {
    const world = await governed();
    const { authority, disputes, pipe, requests } = world.protocol;
    const timelock = await world.timelock.getAddress();
    const expected: Record<keyof typeof ROLES, string[]> = {
      ADMIN: [timelock],
      GUARDIAN: [world.guardian.address],
      GOVERNOR: [timelock],
      SLASHER: [await disputes.getAddress()],
      COVERER: [await pipe.getAddress(), await requests.getAddress()],
    };
    const known = [...new Set(await everybody(world))];
    for (const [role, holders] of Object.entries(expected)) {
      const found: string[] = [];
      for (const account of known) {
        const { isMember, executionDelay } = await authority.hasRole(
          ROLES[role as keyof typeof ROLES],
          account,
        );
        if (isMember) found.push(account);
        expect(executionDelay).to.equal(0n);
      }
      expect(found, role).to.have.members(holders);
    }
    const granted = await authority.queryFilter(authority.filters.RoleGranted());
    expect(granted.map(({ args }) => args.account).every((account) => known.includes(account))).to.equal(
      true,
    );
    for (const role of ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"] as const) {
      expect(await world.timelock.hasRole(await world.timelock[role](), world.holder)).to.equal(false);
    }
    expect(await world.timelock.hasRole(ZeroHash, world.holder)).to.equal(false);
  });

  it("has no restricted function that the table does not name, and lets nobody else call one", async () => {
    const world = await governed();
    const { authority } = world.protocol;
    const targets = await targetsOf(world.protocol);
    const manager = await authority.getAddress();
    const timelock = await world.timelock.getAddress();
    const holders = new Map<bigint, string[]>();
    for (const account of await everybody(world)) {
      for (const role of Object.values(ROLES)) {
        if ((await authority.hasRole(role, account)).isMember)
          holders.set(role, [...(holders.get(role) ?? []), account]);
      }
    }
    for (const [name, { address: target }] of Object.entries(world.protocol.deployment.contracts)) {
      const abi = await abiOf(name);
      const named: Record<string, keyof typeof ROLES> = Object.hasOwn(RESTRICTED, name)
        ? RESTRICTED[name as keyof typeof RESTRICTED]
        : {};
      for (const fn of acts(abi)) {
        const data = abi.encodeFunctionData(fn, fn.inputs.map(some));
        const answer = await refusal(world, world.stranger.address, { target, data }, abi);
        const isRestricted = answer === "AccessManagedUnauthorized";
        const expected = fn.name in named || (fn.name === "setAuthority" && name in targets);
        // `insureResult` asks for the role when a share is set aside, and the hub's owners are their own masters.
        if (`${name}.${fn.name}` === "Operators.insureResult") continue;
        expect(isRestricted, `${name}.${fn.name}: ${answer}`).to.equal(expected);
        if (!isRestricted) continue;
        const allowed = fn.name in named ? (holders.get(ROLES[named[fn.name] ?? "ADMIN"]) ?? []) : [];
        for (const account of await everybody(world)) {
          const [immediate, delay] = await authority.canCall(account, target, fn.selector);
          expect(immediate, `${name}.${fn.name} by ${account}`).to.equal(allowed.includes(account));
          // Whose authority is another has other masters: that waits until every operator could leave.
          const waits = fn.name === "setAuthority" && account === timelock;
          expect(delay, `${name}.${fn.name} by ${account}`).to.equal(waits ? 691_200n : 0n);
          const problem = await refusal(world, account, { target, data }, abi);
          // The AccessManager moves what it manages to another, when its admin says so.
          const isAuthority = fn.name === "setAuthority" && account === manager;
          if (!allowed.includes(account) && !isAuthority)
            expect(problem).to.equal("AccessManagedUnauthorized");
        }
      }
    }
  });

  it("has no owner, minter or upgrade anywhere", async () => {
    const world = await governed();
    const forbidden =
      /^(owner|transferOwnership|renounceOwnership|acceptOwnership|mint|upgradeTo.*|initialize|setOwner|setMinter|sweep|rescue.*|withdrawAll|selfdestruct)$/;
    // A hub's models have owners, who accept them.
    const meant = new Set(["ModelHub.acceptOwnership"]);
    for (const name of Object.keys(world.protocol.deployment.contracts)) {
      for (const fragment of (await abiOf(name)).fragments) {
        if (fragment.type !== "function") continue;
        const fn = fragment.format("sighash").split("(")[0] ?? "";
        if (!meant.has(`${name}.${fn}`)) expect(fn, name).not.to.match(forbidden);
      }
    }
  });

  it("lets nobody past the vote through AccessManager, timelock or governor", async () => {
    const world = await governed();
    const { authority, requests } = world.protocol;
    const timelock = await world.timelock.getAddress();
    const target = await requests.getAddress();
    const data = requests.interface.encodeFunctionData("setTreasury", [world.stranger.address]);
    // What anyone may call, and whose effect is its caller's alone or has been voted on.
    const open: Record<string, string[]> = {
      AccessManager: [],
      TimelockController: ["onERC1155BatchReceived", "onERC1155Received", "onERC721Received"],
      ProtocolGovernor: ["onERC1155BatchReceived", "onERC1155Received", "onERC721Received"],
    };
    const meaningful: Record<string, unknown[]> = {
      "AccessManager.multicall": [
        [authority.interface.encodeFunctionData("grantRole", [ROLES.GOVERNOR, world.stranger.address, 0])],
      ],
      "AccessManager.schedule": [target, data, 0],
      "AccessManager.execute": [target, data],
      "AccessManager.cancel": [timelock, target, data],
      "AccessManager.renounceRole": [ROLES.GOVERNOR, timelock],
      "AccessManager.setGrantDelay": [ROLES.SLASHER, 0],
      "TimelockController.renounceRole": [ZeroHash, timelock],
      "TimelockController.execute": [target, 0, data, ZeroHash, ZeroHash],
      "TimelockController.executeBatch": [[target], [0], [data], ZeroHash, ZeroHash],
      "ProtocolGovernor.relay": [target, 0, data],
      "ProtocolGovernor.execute": [[target], [0], [data], ZeroHash],
      "ProtocolGovernor.queue": [[target], [0], [data], ZeroHash],
      "ProtocolGovernor.cancel": [[target], [0], [data], ZeroHash],
      "ProtocolGovernor.propose": [[target], [0], [data], "Mine"],
    };
    for (const name of Object.keys(open)) {
      const { address } = world.protocol.deployment.contracts[name as "AccessManager"];
      const abi = await abiOf(name);
      for (const fn of acts(abi)) {
        const label = `${name}.${fn.name}`;
        const call = {
          target: address,
          data: abi.encodeFunctionData(fn, meaningful[label] ?? fn.inputs.map(some)),
        };
        for (const account of await everybody(world)) {
          const isTimelock = account === timelock;
          // Its own powers, which it uses for what was carried. Of the governor's it has none outside an execution.
          if (isTimelock && name !== "ProtocolGovernor") continue;
          // Whoever has the votes may propose: that is how it begins.
          if (label === "ProtocolGovernor.propose" && account === world.holder.address) continue;
          const problem = await refusal(world, account, call, abi);
          if (label in meaningful || !open[name]?.includes(fn.name))
            expect(problem, `${label} by ${account}`).not.to.equal(undefined);
        }
      }
    }
  });

  it("keeps nothing for the guardian but the pause", async () => {
    const world = await governed();
    const { authority, requests, pipe } = world.protocol;
    const allowed: string[] = [];
    for (const [name, target] of Object.entries(await targetsOf(world.protocol))) {
      for (const fn of acts(await abiOf(name))) {
        const [immediate] = await authority.canCall(world.guardian, target, fn.selector);
        if (immediate) allowed.push(`${name}.${fn.name}`);
      }
    }
    expect(allowed).to.have.members([
      "InferenceRequests.pause",
      "InferenceRequests.resume",
      "Pipe.pause",
      "Pipe.resume",
    ]);
    await requests.connect(world.guardian).pause(3_600);
    await pipe.connect(world.guardian).pause(3_600);
    await expect(requests.connect(world.holder).resume()).to.be.revertedWithCustomError(
      requests,
      "AccessManagedUnauthorized",
    );
    // Paused, a vote is executed like any other day.
    const data = requests.interface.encodeFunctionData("setTreasury", [world.beneficiary.address]);
    await byVote(world, [{ target: await requests.getAddress(), data }], "While paused");
    expect(await requests.treasury()).to.equal(world.beneficiary.address);
  });

  it("replaces its guardian by a vote", async () => {
    const world = await governed();
    const { authority } = world.protocol;
    const target = await authority.getAddress();
    await byVote(
      world,
      [
        {
          target,
          data: authority.interface.encodeFunctionData("revokeRole", [
            ROLES.GUARDIAN,
            world.guardian.address,
          ]),
        },
        {
          target,
          data: authority.interface.encodeFunctionData("grantRole", [
            ROLES.GUARDIAN,
            world.stranger.address,
            0,
          ]),
        },
      ],
      "Another guardian",
    );
    expect(await authority.hasRole(ROLES.GUARDIAN, world.guardian)).to.deep.equal([false, 0n]);
    expect(await authority.hasRole(ROLES.GUARDIAN, world.stranger)).to.deep.equal([true, 0n]);
  });

  it("records what only governed deployments have", async () => {
    const { protocol } = await governed();
    const names = OPTIONAL_CONTRACT_NAMES.filter((name) => name !== "OPGVotes");
    expect(protocol.deployment.contracts).to.include.keys(names);
    for (const name of names) {
      const recorded = protocol.deployment.contracts[name];
      expect(recorded?.block).to.be.greaterThan(0);
    }
  });
});
