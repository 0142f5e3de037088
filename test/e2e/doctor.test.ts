import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encryptKeystoreJson, parseEther, Wallet } from "ethers";
import { systemClock } from "../../offchain-runner/src/clock.ts";
import type { Check } from "../../offchain-runner/src/doctor/check.ts";
import { report } from "../../offchain-runner/src/doctor/check.ts";
import { examine } from "../../offchain-runner/src/doctor/doctor.ts";
import { checkNodeVersion } from "../../offchain-runner/src/doctor/machineChecks.ts";
import { BarredReleases } from "../../offchain-runner/src/jobs/barredReleases.ts";
import { openDatabase } from "../../offchain-runner/src/store/database.ts";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { deployProtocol, MODEL_FOLDER } from "./fixture/protocol.ts";
import { UnreliableEndpoint } from "./fixture/unreliableEndpoint.ts";

const MAIN = new URL("../../offchain-runner/src/main.ts", import.meta.url).pathname;

interface Question {
  id: number;
  method: string;
  params: { fromBlock?: string; toBlock?: string }[];
}

interface Examination {
  code: number;
  text: string;
  /** Checks that are not ok. */
  found: Record<string, string>;
  ids: string[];
}

describe("node end to end: doctor", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let release: string;
  let second: UnreliableEndpoint;
  let folder: string;

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    release = await protocol.publish();
    const operatorId = await protocol.register(chain.account(1));
    const offer = protocol.operators.connect(chain.account(0));
    await (await offer.setOffer(operatorId, release, parseEther("0.5"), 1)).wait();
    second = await new UnreliableEndpoint(chain.url).start();
    folder = mkdtempSync(join(tmpdir(), "opg-doctor-test-"));
  });

  after(async () => {
    await second.stop();
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function config(overrides: Record<string, unknown> = {}, chainOverrides: object = {}) {
    const { addresses } = protocol;
    return {
      chain: {
        rpcUrls: [chain.url, second.url],
        chainId: 31_337,
        addresses,
        silentAfterMs: 0,
        ...chainOverrides,
      },
      dataDir: join(folder, "data"),
      modelDir: MODEL_FOLDER,
      serve: [{ release }],
      http: { port: 0 },
      ...overrides,
    };
  }

  function write(settings: object): string {
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(settings));
    return file;
  }

  /** As a command. */
  async function run(settings: object, environment: Record<string, string>): Promise<Examination> {
    const file = write(settings);
    const [code, text] = await new Promise<[number, string]>((resolve) => {
      const env = { PATH: process.env.PATH, ...environment };
      const args = [MAIN, "doctor", "--json", "--config", file];
      execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
        resolve([Number(error?.code ?? 0), stdout + stderr]),
      );
    });
    return examination(code, text, (JSON.parse(text) as { checks: Check[] }).checks);
  }

  /** In this process, which saves the time to start another. */
  async function look(settings: object, environment: Record<string, string>): Promise<Examination> {
    const checks = await examine(write(settings), environment);
    return examination(0, JSON.stringify(checks), checks);
  }

  function examination(code: number, text: string, checks: readonly Check[]): Examination {
    for (const { status, fix } of checks) expect(fix === undefined).to.equal(status === "ok");
    const bad = checks.filter(({ status }) => status !== "ok");
    const ids = checks.map(({ id }) => id);
    return { code, text, ids, found: Object.fromEntries(bad.map(({ id, status }) => [id, status])) };
  }

  const key = (wallet: { privateKey: string }) => ({ OPG_NODE_PRIVATE_KEY: wallet.privateKey });

  it("finds nothing where everything is right, and looks at everything", async () => {
    const { code, found, ids, text } = await run(config(), key(chain.account(1)));
    expect(found, text).to.deep.equal({});
    expect(code).to.equal(0);
    for (const each of [
      "node-version",
      "config",
      "key",
      "disk",
      "data-folder",
      "port",
      "native-runtime",
      "clock",
    ])
      expect(ids).to.include(each);
    for (const each of ["rpc", "rpc-logs", "rpc-oracle"])
      expect(ids.filter((id) => id.startsWith(`${each}:127`))).to.have.length(2);
    for (const each of [
      "contracts",
      "balance",
      "operator",
      "stake",
      `release:${release}`,
      `artifact:${release}`,
    ])
      expect(ids).to.include(each);
    expect(text).to.not.include(chain.account(1).privateKey.slice(2));
  });

  it("says of each thing that is wrong what it is, and fails", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const lying = await protocol.publish({ name: "lying", digest: `0x${"12".repeat(32)}` });
    second.is = { chainId: 5 };
    const settings = config({
      serve: [{ release: lying }, { release: `0x${"34".repeat(32)}` }],
      http: { port: (taken.address() as AddressInfo).port },
      alarms: { diskFreeBytes: 2 ** 52 },
    });
    const { code, found } = await run(settings, key(Wallet.createRandom()));
    second.is = {};
    taken.close();
    expect(code).to.equal(1);
    expect(found).to.deep.equal({
      disk: "warn",
      port: "fail",
      [`rpc:${new URL(second.url).host}`]: "fail",
      balance: "fail",
      operator: "fail",
      [`release:${lying}`]: "fail",
      [`release:0x${"34".repeat(32)}`]: "fail",
      [`artifact:${lying}`]: "fail",
    });
  });

  it("warns of one endpoint alone, of logs that it does not give, and of a clock that is off", async () => {
    const odd = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", async () => {
        // It takes no batches either.
        const { id = null, method, params = [] } = JSON.parse(body) as Partial<Question>;
        const [range] = params;
        const isWide = method === "eth_getLogs" && Number(range?.toBlock) - Number(range?.fromBlock) > 20;
        const error = { code: -32_602, message: "range" };
        const headers = { "content-type": "application/json" };
        const answer =
          isWide || id === null
            ? JSON.stringify({ jsonrpc: "2.0", id, error })
            : await (await fetch(chain.url, { method: "POST", headers, body })).text();
        response.writeHead(200, { date: new Date(Date.now() + 60_000).toUTCString() }).end(answer);
      });
    });
    await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
    const { port } = odd.address() as AddressInfo;
    // One by one: many at once end the OP-stack chain.
    for (let block = 0; block < 30; ++block) await chain.mine();
    const settings = config({}, { rpcUrls: [`http://127.0.0.1:${port}`] });
    const { found } = await look(settings, key(chain.account(1)));
    odd.close();
    expect(found).to.deep.equal({
      "rpc-count": "warn",
      [`rpc-logs:127.0.0.1:${port}`]: "warn",
      clock: "fail",
    });
  });

  it("says that the keystore is open to others, or its password wrong, and prints neither", async () => {
    const file = join(folder, "signer.json");
    const wallet = Wallet.createRandom();
    const { address, privateKey } = wallet;
    const options = { scrypt: { N: 1_024, r: 8, p: 1 } };
    writeFileSync(file, await encryptKeystoreJson({ address, privateKey }, "secret-word", options));
    const settings = config({ signer: { keystoreFile: file } });
    chmodSync(file, 0o644);
    const open = await look(settings, { OPG_NODE_KEYSTORE_PASSWORD: "secret-word" });
    expect(open.found).to.include({ key: "warn" });
    const wrong = await look(settings, { OPG_NODE_KEYSTORE_PASSWORD: "other-word" });
    expect(wrong.found).to.include({ key: "fail" });
    for (const { text } of [open, wrong])
      for (const secret of ["secret-word", "other-word", wallet.privateKey.slice(2)])
        expect(text).to.not.include(secret);
  });

  it("blames the endpoints, and nothing else, when none answers", async () => {
    second.is = { drops: "before" };
    const settings = config({}, { rpcUrls: [second.url], rpcTimeoutMs: 500 });
    const { found } = await look(settings, key(chain.account(1)));
    second.is = {};
    const { host } = new URL(second.url);
    expect(found).to.deep.equal({
      [`rpc:${host}`]: "fail",
      "rpc-count": "warn",
      clock: "warn",
      contracts: "fail",
    });
  });

  it("stops at a configuration that is wrong", async () => {
    const { found, ids } = await look({ nonsense: true }, {});
    expect([found, ids.length]).to.deep.equal([{ config: "fail" }, 2]);
  });

  it("leaves a running node alone, and sees a database that is broken", async () => {
    const node = new NodeProcess(chain, protocol, chain.account(1), [release]);
    await node.start();
    const dataDir = join(node.dataDir, "data");
    const beside = await look(config({ dataDir }), key(chain.account(1)));
    expect(beside.found).to.deep.equal({});
    expect(beside.text).to.include("a node is running on it");
    await node.stop();
    const database = openDatabase(dataDir);
    new BarredReleases(database, systemClock).bar(release, "exact-runtime-disagrees");
    database.close();
    const barred = await look(config({ dataDir }), key(chain.account(1)));
    expect(barred.found).to.deep.equal({ "data-folder": "warn" });
    expect(barred.text).to.include(release.toLowerCase());
    for (const bytes of [5_000, 0]) {
      truncateSync(join(dataDir, "node.sqlite"), bytes);
      const broken = await look(config({ dataDir }), key(chain.account(1)));
      expect(broken.found).to.deep.equal({ "data-folder": "fail" });
    }
    await node.dispose();
  });

  it("knows which Node it needs", () => {
    expect(
      ["20.19.0", "22.17.9", "22.18.0", "24.1.0"].map((version) => checkNodeVersion(version).status),
    ).to.deep.equal(["fail", "fail", "ok", "ok"]);
  });

  it("tells people in lines", () => {
    const text = report([
      { id: "a", status: "ok", text: "well" },
      { id: "bcd", status: "fail", text: "ill", fix: "rest" },
    ]);
    expect(text).to.equal(
      "ok    a    well\nFAIL  bcd  ill\n           -> rest\n\n1 ok, 0 to look at, 1 to fix\n",
    );
  });
});
