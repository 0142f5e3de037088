import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { JsonRpcProvider, Network } from "ethers";
import hre from "hardhat";
import { deploymentFolder } from "../../deploy/deployProtocol.ts";
import { HARDHAT, ROOT } from "../../scripts/local/paths.ts";
import { campaign, recordCases } from "../fixtures/campaign.ts";

/** A chain of its own, so that the journal of this machine's local chain is left alone. */
const CHAIN_ID = 31_338;

/** Stands before the chain, and can kill the command, or stay silent, at one of its transactions. */
interface Gate {
  url: string;
  /** What to do at the next transaction but so many, before it passes or after. */
  at?: { skip: number; moment: "before" | "after"; act: () => void };
  server: Server;
}

async function gateBefore(chainUrl: string): Promise<Gate> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const isSend = body.includes('"eth_sendTransaction"') || body.includes('"eth_sendRawTransaction"');
    const { at } = gate;
    const isIt = isSend && at !== undefined && at.skip-- === 0;
    if (isIt && at.moment === "before") {
      at.act();
      response.destroy();
      return;
    }
    const answer = await fetch(chainUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await answer.text();
    if (isIt) {
      at.act();
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(text);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const gate: Gate = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  return gate;
}

describe("npx hardhat protocol deploy", function () {
  this.timeout(600_000);
  const folder = deploymentFolder(hre.config.paths.ignition, `chain-${CHAIN_ID}`);
  let scratch: string;
  let chain: Awaited<ReturnType<typeof hre.network.createServer>>;
  let provider: JsonRpcProvider;
  let gate: Gate;
  let parameters: string;
  let child: ChildProcess | undefined;

  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "opg-deploy-"));
    const local = await readFile(path.join(hre.config.paths.ignition, "parameters", "local.json5"), "utf8");
    parameters = path.join(scratch, "parameters.json5");
    // Powers in other hands than the deployer's, as on a public chain.
    await writeFile(
      parameters,
      local
        .replace("chainId: 31337", `chainId: ${CHAIN_ID}`)
        .replace(/acceptedPowers: \[[^\]]*\]/, "acceptedPowers: []")
        .replace('admin: "deployer"', `admin: "0x${"a1".repeat(20)}"`)
        .replace('governor: "deployer"', `governor: "0x${"a2".repeat(20)}"`)
        .replace('guardian: "deployer"', `guardian: "0x${"a3".repeat(20)}"`),
    );
  });

  beforeEach(async () => {
    await rm(folder, { recursive: true, force: true });
    chain = await hre.network.createServer(
      { network: "op", chainType: "op", override: { chainId: CHAIN_ID } },
      "127.0.0.1",
      0,
    );
    const url = `http://127.0.0.1:${(await chain.listen()).port}`;
    const network = Network.from(CHAIN_ID);
    provider = new JsonRpcProvider(url, network, { staticNetwork: network, cacheTimeout: -1 });
    // Ignition asks for five confirmations on a chain that is not this machine's.
    await provider.send("evm_setIntervalMining", [100]);
    gate = await gateBefore(url);
  });

  afterEach(async () => {
    child?.kill("SIGKILL");
    gate.server.closeAllConnections();
    await new Promise((closed) => gate.server.close(closed));
    provider.destroy();
    await chain.close();
    for (const left of [folder, `${folder}.lock`]) await rm(left, { recursive: true, force: true });
  });

  after(async () => await rm(scratch, { recursive: true, force: true }));

  const record = () => path.join(scratch, "record.json");

  async function run(file = parameters): Promise<{ code: number | null; stdout: string; stderr: string }> {
    // The tests beside this one load the types, which a build writes anew.
    const args = ["protocol", "deploy", "--no-typechain", "--network", "local", "--parameters", file];
    child = spawn(process.execPath, [HARDHAT, ...args, "--deployment", record(), "--yes", "--json"], {
      cwd: ROOT,
      env: { ...process.env, LOCAL_RPC_URL: gate.url },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
    const code = await new Promise<number | null>((ended) => child?.once("close", ended));
    return { code, stdout, stderr };
  }

  async function transactions(): Promise<number> {
    const [deployer] = (await provider.send("eth_accounts", [])) as string[];
    return await provider.getTransactionCount(String(deployer));
  }

  it("ends as it should, killed at its transactions, and without an endpoint for one; a last run sends nothing", async () => {
    const points = campaign.runs(1, 16);
    for (let point = 0; point < points; ++point) {
      const moment = point % 2 === 0 ? "after" : "before";
      const isKill = point % 4 < 3;
      // A kill does not wait for the command to notice; a dead endpoint makes it end by itself.
      gate.at = { skip: 1, moment, act: () => isKill && child?.kill("SIGKILL") };
      const { code, stderr } = await run();
      expect(code, stderr).not.to.equal(0);
    }
    delete gate.at;
    const completed = await run();
    expect(completed.code, completed.stderr).to.equal(0);
    const sent = await transactions();
    const again = await run();

    expect(again.code).to.equal(0);
    expect(JSON.parse(again.stdout)).to.deep.include({
      transactions: 0,
      contracts: JSON.parse(completed.stdout).contracts,
    });
    expect(JSON.parse(again.stdout).check).to.deep.include({ findings: [] });
    expect(JSON.parse(again.stdout).check.deployer.roles).to.deep.equal([]);
    expect(await transactions()).to.equal(sent);
    // Each contract is there once: every transaction is one that an uninterrupted deployment sends.
    const journal = await readFile(path.join(folder, "journal.jsonl"), "utf8");
    const wanted = journal.split("\n").filter((line) => /"type":"ONCHAIN_INTERACTION"/.test(line)).length;
    expect(sent).to.equal(wanted);
    recordCases("killed deployments", points);

    // As after a migration.
    const migrated = JSON.parse(await readFile(record(), "utf8"));
    migrated.contracts.Pipe.address = `0x${"00".repeat(19)}01`;
    await writeFile(record(), JSON.stringify(migrated));
    const overwriting = await run();
    expect(JSON.parse(overwriting.stdout).error).to.deep.include({ code: "record-differs" });
    expect(JSON.parse(overwriting.stdout).error.data.contracts).to.deep.equal(["Pipe"]);
    expect(JSON.parse(await readFile(record(), "utf8"))).to.deep.equal(migrated);
    await rm(folder, { recursive: true });
    expect(JSON.parse((await run()).stdout).error).to.deep.include({ code: "record-exists" });
    expect(await transactions()).to.equal(sent);
  });

  it("refuses a deployer without funds, and says how much it takes", async () => {
    const [deployer] = (await provider.send("eth_accounts", [])) as string[];
    await provider.send("hardhat_setBalance", [deployer, "0x1"]);
    const { code, stdout } = await run();

    expect(code).to.equal(1);
    const { error } = JSON.parse(stdout);
    expect(error).to.include({ code: "funds-low" });
    expect(Number(error.data.required)).to.be.greaterThan(0.01);
    expect(await transactions()).to.equal(0);
  });

  it("refuses a chain that the parameters are not for", async () => {
    const local = path.join(hre.config.paths.ignition, "parameters", "local.json5");
    const { code, stdout } = await run(local);

    expect(code).to.equal(1);
    expect(JSON.parse(stdout).error).to.deep.include({ code: "chain-mismatch" });
    expect(await transactions()).to.equal(0);
  });
});
