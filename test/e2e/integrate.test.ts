import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { readFigures } from "../../bench/figures.ts";
import { type LocalNetwork, startLocalNetwork } from "../../scripts/local/localNetwork.ts";
import { ROOT } from "../../scripts/local/paths.ts";
import { layOutContracts } from "../../scripts/packages/contractsPackage.ts";
import { layOutSdk } from "../../scripts/packages/sdkPackage.ts";
import { type Snippet, snippetsIn, writeSnippets } from "../fixtures/pageSnippets.ts";

const PAGE = path.join(ROOT, "docs/integrate.md");
/** What the page has its reader install, and what that brings along. */
const INSTALLED = [
  "ethers",
  "hardhat",
  "solc",
  "typescript",
  "@types/node",
  "@openzeppelin/contracts",
  "zod",
];
/** Hardhat passes its options on to its children in the environment, the path of its configuration among them. */
const OWN_ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(HARDHAT_|npm_|NODE_OPTIONS$)/.test(name)),
);
const STRICT = [
  "--strict",
  "--module",
  "nodenext",
  "--target",
  "es2023",
  "--types",
  "node",
  "--skipLibCheck",
];

// The page is followed in a folder of its own, outside of the repository, with the packages as they are published.
describe("docs/integrate.md", function () {
  this.timeout(180_000);
  let folder: string;
  let snippets: Snippet[];
  let network: LocalNetwork | undefined;
  const stopped = new AbortController();

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "integrator-"));
    const modules = path.join(folder, "node_modules");
    await mkdir(path.join(modules, "@opg-network"), { recursive: true });
    await layOutContracts(path.join(modules, "@opg-network/contracts"));
    await layOutSdk(path.join(modules, "@opg-network/sdk"));
    for (const name of INSTALLED) {
      await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
      await symlink(path.join(ROOT, "node_modules", name), path.join(modules, name));
    }
    await writeFile(path.join(folder, "package.json"), '{ "type": "module" }');
    snippets = await snippetsIn(PAGE);
    await writeSnippets(snippets, folder);
  });

  after(async () => {
    stopped.abort();
    await network?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a script of a package, or of the reader, in the reader's folder. */
  async function run(script: string, ...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
      cwd: folder,
      env: OWN_ENVIRONMENT,
      timeout: 100_000,
    }).catch((error: { stdout: string; stderr: string }) => {
      throw new Error(`${script} failed:\n${error.stdout}${error.stderr}`);
    });
    return stdout;
  }

  it("has no Solidity that does not compile, and a test that passes", async () => {
    const files = snippets.map(({ file }) => file).filter((file) => file.endsWith(".sol"));
    expect(files).to.have.length.greaterThan(4);
    // Elsewhere nothing would compile it.
    expect(files.filter((file) => !file.startsWith("contracts/"))).to.deep.equal([]);
    expect(
      await run("node_modules/hardhat/dist/src/cli.js", "test", "--config", "hardhat.config.ts"),
    ).to.match(/\b3 passing/);
  });

  it("has no TypeScript that does not compile", async () => {
    const files = snippets.map(({ file }) => file).filter((file) => file.endsWith(".ts"));
    expect(files).to.have.length.greaterThan(2);
    expect(await run("node_modules/typescript/bin/tsc", "--noEmit", ...STRICT, ...files)).to.equal("");
  });

  it("leads to an answer of a real node, paid in a transaction and unpaid in a read", async () => {
    network = await startLocalNetwork({
      name: "integrate",
      model: "eth-volatility-1h",
      signal: stopped.signal,
      narrator: { step: () => undefined, command: () => undefined },
    });
    const ask = snippets.find(({ file }) => file === "scripts/ask.ts");
    const text = ask?.text
      .replace("../opg-network/.local/start/deployment.json", network.deploymentFile)
      .replace("http://127.0.0.1:8545", network.chain.url);
    expect(text).to.include(network.deploymentFile).and.to.include(network.chain.url);
    await writeFile(path.join(folder, "scripts/ask.ts"), text ?? "");
    const told = await run("scripts/ask.ts", network.release.release);
    const updated = /updated for \d+ gas: (0\.00\d+)/.exec(told)?.[1];
    expect(updated).to.not.equal(undefined);
    expect(told).to.include(`read: ${updated} by operator 1, stake 10000.0`);
  });

  it("gives the figures that were measured", async () => {
    const figures = readFigures();
    const rows = { price: "the price as it stands", minute: "every minute", hour: "every hour" };
    const text = await readFile(PAGE, "utf8");
    for (const [input, label] of Object.entries(rows)) {
      const row = text.split("\n").find((line) => line.startsWith("|") && line.includes(label)) ?? "";
      const shown = [...row.matchAll(/([\d.]+) \/ ([\d.]+)/g)].map(([, ...pair]) => pair);
      const measured = ["2s", "10s", "30s"].map((delay) =>
        ["quiet", "busy"].map((pool) => {
          const value = figures[`percent.stale.${pool}.${input}.${delay}`] ?? Number.NaN;
          return value.toFixed(value < 1 ? 2 : 1);
        }),
      );
      expect(shown, label).to.deep.equal(measured);
    }
  });
});
