import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { AbiCoder, concat, id as keccakOf } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { ProtocolParameters } from "../../../deploy/protocolParameters.ts";
import { PlainToken__factory } from "../../../types/index.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";
import { parametersOf } from "../../fixtures/protocol.ts";

const HOUR = 3_600;
const DAY = 86_400;
const SUPPLY = 10n ** 27n;
const SLASH_LESS =
  "Operators.setSlashTerms(0, {stakeBps: 4000, burnBps: 8000, bountyBps: 1000, requesterBps: 1000})";

interface Shown {
  id: string;
  state: string;
  next: string;
  calls: { contract: string | null; function: string | null; arguments: unknown; scheduled: unknown }[];
  executableFrom: string | null;
}

/** Base Sepolia's governance, which is admin and governor, over the local chain's numbers. */
async function governed(connection: NetworkConnection<string>): Promise<ProtocolParameters> {
  const [, guardian] = await connection.ethers.getSigners();
  const local = await parametersOf("local");
  const { governance } = await parametersOf("base-sepolia");
  const powers = { ...local.powers, admin: "governance", governor: "governance" };
  return { ...local, governance, powers: { ...powers, guardian: guardian?.address ?? "" } };
}

describe("governance commands", () => {
  let cli: CommandLine;
  let holder: string;
  let other: string;

  before(async () => {
    cli = await commandLine(governed);
    [holder = "", other = ""] = cli.accounts;
  });

  after(async () => await cli.close());

  async function proposed(calls: string[], args: Record<string, unknown> = {}): Promise<string> {
    return String((await cli.value("governance propose", { calls, description: "Try it", ...args })).id);
  }

  async function shown(proposal: string): Promise<Shown> {
    return (await cli.value("governance show", { proposal })) as unknown as Shown;
  }

  /** From a proposal that was just made to its execution. */
  async function carried(proposal: string): Promise<Record<string, unknown>> {
    await cli.increaseTime(DAY + 1);
    await cli.value("governance vote", { proposal, support: "for" });
    await cli.increaseTime(5 * DAY);
    await cli.value("governance queue", { proposal });
    await cli.increaseTime(2 * DAY);
    return await cli.value("governance execute", { proposal, from: other });
  }

  async function tried(...calls: string[]): Promise<{ status: string; call?: number; problem?: string }> {
    const { trial } = await cli.value("governance propose", { calls, check: true });
    return trial as { status: string };
  }

  it("tell whose votes lie idle, and take no proposal without votes", async () => {
    expect(await cli.value("governance list")).to.deep.equal({ proposals: [], scheduled: [] });
    expect(await cli.value("governance votes")).to.include({
      account: holder,
      votes: "0",
      delegate: null,
      wrapped: null,
      proposalThreshold: "1000000",
      mayPropose: false,
    });
    const refused = await cli.failure("governance propose", { calls: [SLASH_LESS], description: "Less" });
    expect(refused).to.include({ code: "votes-low" });
    expect(refused.data).to.include({ votes: "0", required: "1000000" });

    expect(await cli.value("governance delegate")).to.include({ delegate: holder, weight: "189995000" });
    expect(await cli.value("governance delegate")).to.include({ transaction: null });
    await cli.increaseTime(1);
    expect(await cli.value("governance votes", { account: holder })).to.include({
      votes: "189995000",
      mayPropose: true,
    });
  });

  it("change a parameter, from the proposal to its execution", async () => {
    const file = path.join(cli.folder, "less.md");
    await writeFile(file, "# Slash less\n\nThe table is too hard on first offences.\n");
    const { id, description, trial } = await cli.value("governance propose", {
      calls: [SLASH_LESS, `Pipe.setTreasury(${other})`],
      descriptionFile: file,
    });
    expect(trial).to.deep.equal({ status: "works" });
    expect(description).to.equal(
      `# Slash less\n\nThe table is too hard on first offences.\n\n#proposer=${holder}`,
    );
    const proposal = String(id).slice(0, 6);
    const outOfTurn = async (command: string, args = {}) => {
      const { code, data } = await cli.failure(`governance ${command}`, { proposal, ...args });
      expect(code).to.equal("proposal-out-of-turn");
      return String(data.state);
    };

    const pending = await shown(proposal);
    expect(pending).to.include({ id, state: "pending" });
    expect(pending.calls[0]).to.deep.include({
      contract: "Operators",
      function: "setSlashTerms(uint8,(uint16,uint16,uint16,uint16))",
      arguments: [
        { name: "offence", type: "uint8", value: "0" },
        {
          name: "terms",
          type: "(uint16,uint16,uint16,uint16)",
          value: { stakeBps: "4000", burnBps: "8000", bountyBps: "1000", requesterBps: "1000" },
        },
      ],
    });
    expect(await outOfTurn("vote", { support: "for" })).to.equal("pending");
    expect(await outOfTurn("queue")).to.equal("pending");

    await cli.increaseTime(DAY + 1);
    expect(await cli.failure("governance vote", { proposal, support: "for", from: other })).to.include({
      code: "votes-missing",
    });
    expect(await cli.value("governance vote", { proposal, support: "for", reason: "Fair" })).to.deep.include({
      weight: "189995000",
      votes: { for: "189995000", against: "0", abstain: "0" },
      quorum: "40000000",
      isQuorumReached: true,
    });
    expect(await cli.failure("governance vote", { proposal, support: "against" })).to.include({
      code: "vote-repeated",
    });
    expect(await outOfTurn("queue")).to.equal("active");
    expect(await outOfTurn("cancel")).to.equal("active");

    await cli.increaseTime(5 * DAY);
    expect((await shown(proposal)).state).to.equal("succeeded");
    expect(await outOfTurn("execute")).to.equal("succeeded");
    const { executableFrom } = await cli.value("governance queue", { proposal, from: other });
    expect(await shown(proposal)).to.include({ state: "queued", executableFrom });
    expect(await outOfTurn("execute")).to.equal("queued");
    await cli.increaseTime(2 * DAY);
    await cli.value("governance execute", { proposal, from: other });

    const { operators, pipe } = cli.protocol;
    expect(await operators.slashTermsOf(0)).to.deep.equal([4_000n, 8_000n, 1_000n, 1_000n]);
    expect(await pipe.treasury()).to.equal(other);
    const { proposals } = await cli.value("governance list");
    expect((proposals as unknown[])[0]).to.deep.include({
      ...{ id, title: "Slash less", proposer: holder, state: "executed", executableFrom: null },
      votes: { for: "189995000", against: "0", abstain: "0" },
    });
    expect(await outOfTurn("execute")).to.equal("executed");
  });

  it("try calls together, as the timelock makes them, and tell which one fails", async () => {
    expect(
      await tried("AccessManager.grantRole(GUARDIAN, TimelockController, 0)", "Pipe.pause(3600)"),
    ).to.include({ status: "works" });
    expect(await tried("AccessManager.labelRole(9, NINE)", "Pipe.pause(3600)")).to.include({
      status: "reverts",
      call: 1,
    });
    // The governor checks these when they are executed, and not before.
    expect(
      await tried(`ProtocolGovernor.setVotingDelay(${HOUR})`, "ProtocolGovernor.setProposalThreshold(0)"),
    ).to.include({ status: "works" });
    const late = await tried("ProtocolGovernor.setVotingDelay(60)");
    expect(late).to.include({ status: "reverts" });
    expect(late.problem).to.include("VotingDelayOutOfBounds");

    const { provider } = cli.connection;
    const { request } = provider;
    // An endpoint that takes no other storage in a call.
    provider.request = async (args) =>
      await request.call(provider, {
        ...args,
        params: (args.params as unknown[] | undefined)?.slice(0, 2) ?? [],
      });
    expect(await tried(SLASH_LESS)).to.include({ status: "untried" });
    provider.request = request;

    const calls = ["Operators.setSlashTerms(0, [10000, 0, 10000, 0])"];
    expect(await cli.failure("governance propose", { calls, description: "All" })).to.include({
      code: "proposal-would-fail",
    });
    const forced = await proposed(calls, { force: true, description: "All" });
    expect(await cli.value("governance cancel", { proposal: forced })).to.include({ state: "canceled" });
  });

  it("take two proposals where the AccessManager wants a delay of its own", async () => {
    const call = "AccessManager.setTargetFunctionRole(Operators, [0x12345678], GUARDIAN)";
    expect((await tried(call)).problem).to.include("--schedule");
    const scheduling = await proposed([call], { schedule: true });
    expect((await carried(scheduling)).scheduled).to.have.length(1);
    const { scheduled } = await cli.value("governance list");
    expect((scheduled as unknown[])[0]).to.deep.include({
      contract: "AccessManager",
      function: "setTargetFunctionRole(address,bytes4[],uint64)",
    });

    expect(await tried(call)).to.include({ status: "due-later", call: 0 });
    const making = await proposed([call], { description: "The second" });
    expect((await shown(making)).calls[0]?.scheduled).to.have.all.keys("readyAt", "expiresAt");
    await cli.increaseTime(DAY + 1);
    await cli.value("governance vote", { proposal: making, support: "abstain" });
    await cli.increaseTime(5 * DAY);
    expect((await shown(making)).state).to.equal("defeated");
    const again = await proposed([call], { description: "The third" });
    await carried(again);
    expect((await cli.value("governance list")).scheduled).to.deep.equal([]);
    const { authority, operators } = cli.protocol;
    expect(await authority.getTargetFunctionRole(operators, "0x12345678")).to.equal(1n);

    // What was scheduled and left is void before another proposal could be executed.
    const left = call.replace("12345678", "87654321");
    const both = [
      await proposed([left], { schedule: true, description: "Left" }),
      await proposed([left], { force: true, description: "Too soon" }),
    ];
    await cli.increaseTime(DAY + 1);
    for (const proposal of both) await cli.value("governance vote", { proposal, support: "for" });
    await cli.increaseTime(5 * DAY);
    for (const proposal of both) await cli.value("governance queue", { proposal });
    await cli.increaseTime(2 * DAY);
    await cli.value("governance execute", { proposal: both[0] });
    const early = await cli.failure("governance execute", { proposal: both[1] });
    expect(early).to.include({ code: "proposal-out-of-turn" });
    expect(early.data).to.include({ state: "queued" });
    await cli.increaseTime(8 * DAY);
    expect((await tried(left)).problem).to.include("expires");
    await cli.increaseTime(8 * DAY);
    expect((await tried(left)).problem).to.include("--schedule");
  });

  it("show unknown targets raw, and name what lies in a call", async () => {
    const unknown = `0x${"ab".repeat(20)}`;
    const { operators } = cli.protocol;
    const address = await operators.getAddress();
    const { calls } = await cli.value("governance propose", {
      calls: [`${unknown}:0x1234`, `${address}:0xffffffff`, `AccessManager.execute(Pipe, 0x12345678)`],
      check: true,
    });
    const [first, second, third] = calls as { target: string; inner: unknown }[];
    expect(first).to.include({ contract: null, function: null, data: "0x1234" });
    expect(second).to.include({ contract: "Operators", function: null, data: "0xffffffff" });
    expect(third?.inner).to.include({ contract: "Pipe", function: null, data: "0x12345678" });
    const { stdout } = await cli.run("governance propose", { calls: [`${unknown}:0x1234`], check: true });
    expect(stdout).to.match(/unknown contract 0xabab/i);
  });

  it("cancel for the proposer alone, and only before voting begins", async () => {
    const calls = [SLASH_LESS];
    const proposal = await proposed(calls, { description: "Mine" });
    expect(await cli.failure("governance propose", { calls, description: "Mine" })).to.include({
      code: "proposal-exists",
    });
    expect(await cli.failure("governance cancel", { proposal, from: other })).to.include({
      code: "proposal-of-another",
    });
    expect(await cli.value("governance cancel", { proposal })).to.include({ state: "canceled" });
    expect((await cli.failure("governance cancel", { proposal })).data).to.include({ state: "canceled" });
    await expectCode("proposal-unknown", "show", { proposal: "123456" });
    await expectCode("proposal-unknown", "show", { proposal: proposal.slice(0, 3) });
    await expectCode("argument-invalid", "show", { proposal: "mine" });
  });

  it("see, show and cancel what was proposed in words that are no text", async () => {
    const { authority, deployment } = cli.protocol;
    const governor = deployment.contracts.ProtocolGovernor?.address ?? "";
    const label = authority.interface.encodeFunctionData("labelRole", [9, "x"]).replace(/78(0+)$/, "ff$1");
    const types = ["address[]", "uint256[]", "bytes[]", "bytes"];
    const values = [[await authority.getAddress()], [0], [label], "0xff1b5b324a"];
    const [signer] = await cli.connection.ethers.getSigners();
    const selector = keccakOf("propose(address[],uint256[],bytes[],string)").slice(0, 10);
    await signer?.sendTransaction({
      to: governor,
      data: concat([selector, AbiCoder.defaultAbiCoder().encode(types, values)]),
    });
    const { proposals } = await cli.value("governance list");
    const proposal = String((proposals as { id: string }[]).at(-1)?.id);
    const { stdout } = await cli.run("governance show", { proposal });
    expect(stdout).to.include("none of its functions");
    expect(stdout).not.to.include("\u001b");
    expect(await cli.value("governance cancel", { proposal })).to.include({ state: "canceled" });
  });

  it("refuse calls and words that are none", async () => {
    for (const call of [
      "setSlashTerms(0)",
      "Operator.setSlashTerms(0, [1, 2, 3, 4])",
      "Operators.setSlashTable(0)",
      "Operators.setSlashTerms(0)",
      "Operators.setSlashTerms(0, [1, 2, 3])",
      "Operators.setSlashTerms(0, {stakeBps: 1, burnBps: 2, bountyBps: 3, requester: 4})",
      "Operators.setSlashTerms(0, [1e3, 0, 0, 0])",
      "Operators.setSlashTerms(0, [70000, 0, 0, 0])",
      "Operators.setSlashTerms(0, [1, 2, 3, 4)",
      "Operators.slashTermsOf(0)",
      "Pipe.setTreasury(0x12)",
      "AccessManager.setTargetClosed(Pipe, 1)",
      "Pipe:0x123",
      "0x12:0x1234",
    ]) {
      expect(await cli.failure("governance propose", { calls: [call], check: true }), call).to.include({
        code: "call-invalid",
      });
    }
    const calls = [SLASH_LESS];
    await expectCode("argument-missing", "propose", { calls });
    await expectCode("argument-missing", "propose", { calls, description: " " });
    await expectCode("arguments-conflict", "propose", { calls, description: "a", descriptionFile: "b" });
    await expectCode("file-unreadable", "propose", {
      calls,
      descriptionFile: path.join(cli.folder, "none"),
    });
    await expectCode("argument-invalid", "propose", { calls, description: `Theirs #proposer=${other}` });
    await expectCode("argument-missing", "vote", { proposal: "1" });
    await expectCode("argument-invalid", "vote", { proposal: "1", support: "yes" });
    await expectCode("argument-invalid", "delegate", { account: "me" });
    await expectCode("wrapper-missing", "wrap", { amount: "1" });
    await expectCode("wrapper-missing", "unwrap", { amount: "all" });
  });

  it("say that there is no governance where there is none", async () => {
    const deployment = path.join(cli.folder, "ungoverned.json");
    const { ProtocolGovernor, TimelockController, ...contracts } = cli.protocol.deployment.contracts;
    await writeFile(deployment, JSON.stringify({ ...cli.protocol.deployment, contracts }));
    for (const [command, args] of Object.entries({
      list: {},
      votes: {},
      wrap: { amount: "1" },
      queue: { proposal: "1" },
      propose: { calls: [SLASH_LESS] },
    })) {
      await expectCode("governance-missing", command, { ...args, deployment });
    }
  });

  async function expectCode(code: string, command: string, args: Record<string, unknown>): Promise<void> {
    expect(await cli.failure(`governance ${command}`, args), command).to.include({ code });
  }
});

describe("governance commands on an OPG without votes", () => {
  let cli: CommandLine;

  before(async () => {
    cli = await commandLine(async (connection) => {
      const [deployer] = await connection.ethers.getSigners();
      if (deployer === undefined) throw new Error("the network has no account");
      const token = await new PlainToken__factory(deployer).deploy(deployer, SUPPLY, 18);
      const parameters = await governed(connection);
      return { ...parameters, token: { ...parameters.token, existing: await token.getAddress() } };
    });
  });

  after(async () => await cli.close());

  it("wrap OPG into votes that can propose, and give it back", async () => {
    const [holder, other = ""] = cli.accounts;
    expect(await cli.value("governance wrap", { amount: "2000000.5" })).to.include({
      account: holder,
      wrapped: "2000000.5",
      delegate: holder,
    });
    await cli.increaseTime(1);
    expect(await cli.value("governance votes")).to.include({
      wallet: "997999999.5",
      wrapped: "2000000.5",
      votes: "2000000.5",
      mayPropose: true,
    });
    expect(await cli.value("governance propose", { calls: [SLASH_LESS], description: "Less" })).to.include({
      state: "pending",
      quorum: "10000000",
    });

    expect(await cli.value("governance delegate", { account: other })).to.include({ weight: "2000000.5" });
    expect(await cli.value("governance wrap", { amount: "1" })).to.include({ delegate: other });
    expect(await cli.value("governance unwrap", { amount: "0.5", to: other })).to.include({
      wrapped: "2000001",
    });
    expect(await cli.value("governance unwrap", { amount: "all" })).to.include({ wrapped: "0" });
    expect(await cli.protocol.opg.balanceOf(other)).to.equal(5n * 10n ** 17n);
    expect(await cli.failure("governance unwrap", { amount: "1" })).to.include({ code: "balance-low" });
    expect(await cli.failure("governance wrap", { amount: "1", from: other })).to.include({
      code: "balance-low",
    });
  });
});
