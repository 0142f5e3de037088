// Runs every test at full counts, and records from which seed, at which commit, and how many cases ran.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { stripVTControlCharacters } from "node:util";
import { runChild } from "./setup/child.mjs";
import { countTests } from "./testTotals.mjs";

const REPORT_FILE = "campaign-report.json";
const COUNTS_FILE = "cache/campaign-counts.ndjson";

const seed = process.env["CAMPAIGN_SEED"] ?? `0x${randomBytes(8).toString("hex")}`;
const startedAt = new Date();
rmSync(COUNTS_FILE, { force: true });
console.log(`campaign: seed ${seed}; run it again with CAMPAIGN_SEED=${seed} npm run campaign`);

let output = "";
const exitCode = await runChild(
  process.execPath,
  ["node_modules/hardhat/dist/src/cli.js", "test", ...process.argv.slice(2)],
  {
    env: { ...process.env, CAMPAIGN: "full", CAMPAIGN_SEED: seed, CAMPAIGN_COUNTS: COUNTS_FILE },
    onOutput: (chunk) => {
      output += chunk;
    },
  },
);

const report = {
  seed,
  commit: git("rev-parse", "HEAD"),
  isClean: git("status", "--porcelain") === "",
  startedAt: startedAt.toISOString(),
  seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
  node: process.version,
  cores: availableParallelism(),
  tests: countTests(output),
  cases: { ...solidityCases(output), ...recordedCases() },
};
writeFileSync(REPORT_FILE, `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report, null, 2));
console.log(`campaign: ${exitCode === 0 ? "passed" : "FAILED"}; written to ${REPORT_FILE}`);
process.exitCode = exitCode;

/** Runs of fuzz and invariant tests, as Hardhat prints them behind each test. */
function solidityCases(text: string): { "solidity-fuzz": number; "solidity-invariant": number } {
  const cases = { "solidity-fuzz": 0, "solidity-invariant": 0 };
  for (const [, name, runs] of stripVTControlCharacters(text).matchAll(/(\w+)\([^)\n]*\) \(runs: (\d+)\)/g)) {
    cases[name?.startsWith("invariant") === true ? "solidity-invariant" : "solidity-fuzz"] += Number(runs);
  }
  return cases;
}

/** What `recordCases` wrote in the tests. */
function recordedCases(): Record<string, number> {
  const cases: Record<string, number> = {};
  const lines = existsSync(COUNTS_FILE) ? readFileSync(COUNTS_FILE, "utf8").trim().split("\n") : [];
  for (const line of lines) {
    const { name, count }: { name: string; count: number } = JSON.parse(line);
    cases[name] = (cases[name] ?? 0) + count;
  }
  return cases;
}

function git(...args: string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}
