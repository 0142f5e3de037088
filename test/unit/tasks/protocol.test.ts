import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { CONTRACT_NAMES, readDeployment } from "@opg-network/sdk/deployment";
import { expect } from "chai";
import hre from "hardhat";
import { type CommandLine, captured, commandLine, environmentOn } from "../../fixtures/commands.ts";

/** Hardhat as a process of its own, as a shell starts it. */
async function shell(
  ...args: string[]
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const hardhat = path.join(hre.config.paths.root, "node_modules", "hardhat", "dist", "src", "cli.js");
  // The tests beside this one load the types, which a build writes anew.
  const child = spawn(process.execPath, [hardhat, ...args, "--no-typechain"], {
    cwd: hre.config.paths.root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const exitCode = await new Promise<number | null>((ended) => child.on("close", ended));
  return { exitCode, stdout, stderr };
}

describe("protocol commands", () => {
  let cli: CommandLine;

  before(async () => {
    cli = await commandLine();
  });

  after(async () => await cli.close());

  async function deployWith(change: (text: string) => string) {
    const environment = await environmentOn("op");
    const file = path.join(cli.folder, "parameters.json5");
    const original = path.join(environment.config.paths.ignition, "parameters", "local.json5");
    await writeFile(file, change(await readFile(original, "utf8")));
    const record = path.join(cli.folder, "record.json");
    return await captured(() =>
      environment.tasks
        .getTask(["protocol", "deploy"])
        .run({ parameters: file, deployment: record, json: true }),
    );
  }

  it("deploys and records, when told where, even on a chain in memory", async () => {
    const { outcome, stdout, stderr } = await deployWith((text) => text);
    expect(outcome.success).to.equal(true);
    expect(Object.keys(JSON.parse(stdout).contracts)).to.have.members([...CONTRACT_NAMES, "TokenGenesis"]);
    expect(stderr).to.match(/Deploying/);
    const { contracts, chainId } = await readDeployment(path.join(cli.folder, "record.json"));
    expect(chainId).to.equal(31_337);
    expect(contracts.Operators.address).to.equal(JSON.parse(stdout).contracts.Operators.address);
  });

  it("refuses parameters that cannot be used", async () => {
    const codeAfter = async (change: (text: string) => string) => {
      const { outcome } = await deployWith(change);
      return outcome.success ? "success" : outcome.error.code;
    };
    expect(await codeAfter(() => "{")).to.equal("parameters-invalid");
    expect(await codeAfter((text) => text.replace('admin: "deployer"', 'admin: "0x12"'))).to.equal(
      "parameters-invalid",
    );
    expect(
      await codeAfter((text) => text.replace('minimumStake: "1000"', 'minimumStake: "1000.0000001"')),
    ).to.equal("parameters-invalid");
    expect(await codeAfter((text) => text.replace("exitDelay: 691200", "exitDelay: 604800"))).to.equal(
      "parameters-invalid",
    );
    expect(await codeAfter((text) => text.replace("jailPeriod", "jailTime"))).to.equal("parameters-invalid");
  });

  it("tells which number the contract refuses, in one line", async () => {
    const { outcome } = await deployWith((text) =>
      text.replace("disputeWindow: 86400", "disputeWindow: 43199"),
    );
    if (outcome.success) throw new Error("a window below 12 h was accepted");
    expect(outcome.error.message).to.include("PeriodsInvalid");
  });

  it("shows addresses, numbers, and who holds which power", async () => {
    const shown = await cli.value("protocol show");
    expect(shown.parameters).to.include({
      disputeWindowSec: 86_400,
      minimumStakeOpg: "1000",
      protocolFeeBps: 500,
    });
    const powers = shown.powers as { role: string; account: string; delaySec: number }[];
    expect(powers).to.deep.include({
      role: "SLASHER",
      account: cli.protocol.deployment.contracts.Disputes.address,
      delaySec: 0,
    });
    expect(powers.filter(({ role }) => role === "ADMIN")).to.deep.equal([
      { role: "ADMIN", account: cli.accounts[0], delaySec: 0 },
    ]);
  });

  it("refuses records of another chain, of a chain that is gone, and files that are none", async () => {
    const deployment = path.join(cli.folder, "other.json");
    const record = cli.protocol.deployment;
    await writeFile(deployment, JSON.stringify({ ...record, chainId: 84_532 }));
    expect(await cli.failure("protocol show", { deployment })).to.include({ code: "chain-mismatch" });
    const gone = { address: `0x${"11".repeat(20)}`, block: 1 };
    await writeFile(
      deployment,
      JSON.stringify({ ...record, contracts: { ...record.contracts, InferenceRequests: gone } }),
    );
    expect(await cli.failure("protocol show", { deployment })).to.include({ code: "deployment-stale" });
    await writeFile(deployment, JSON.stringify({ network: "op" }));
    expect(await cli.failure("protocol show", { deployment })).to.include({ code: "deployment-invalid" });
    await writeFile(deployment, "{");
    expect(await cli.failure("protocol show", { deployment })).to.include({ code: "deployment-invalid" });
    expect(await cli.failure("protocol show", { deployment: `${deployment}.none` })).to.include({
      code: "deployment-missing",
    });
  });
});

describe("commands in a shell", () => {
  it("print nothing but JSON with --json, and exit with 0", async () => {
    const { exitCode, stdout } = await shell("protocol", "deploy", "--network", "op", "--json");
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ network: "op", chainId: 31_337, record: null });
  });

  it("say what is wrong in one line, without a stack, and exit with 1", async () => {
    const { exitCode, stdout, stderr } = await shell("hub", "list", "--network", "op");
    expect(exitCode).to.equal(1);
    expect(stdout).to.equal("");
    expect(stderr).to.match(/^Error: there is no record of the protocol on network op/m);
    expect(stderr).not.to.match(/^\s+at /m);
  });

  it("put the error into the JSON too", async () => {
    const { exitCode, stdout } = await shell("operator", "stake", "much", "--network", "op", "--json");
    expect(exitCode).to.equal(1);
    expect(JSON.parse(stdout).error).to.include({ code: "argument-invalid" });
  });
});
