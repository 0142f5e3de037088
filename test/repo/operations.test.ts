import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ALARM_IDS } from "../../offchain-runner/src/alarms/alarm.ts";
import { describeConfig } from "../../offchain-runner/src/config.ts";
import { NodeMetrics } from "../../offchain-runner/src/http/metrics.ts";
import { promtool } from "../fixtures/promtool.ts";

const RUNNER = new URL("../../offchain-runner/", import.meta.url).pathname;
const README = readFileSync(join(RUNNER, "README.md"), "utf8");
/** Settings that come from the environment alone. */
const SECRETS = ["signer.password", "signer.privateKey"];

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  default?: unknown;
}

describe("the node's README", () => {
  /** Every setting with its default, where it has one. */
  function settings(schema: Schema, path = ""): [string, unknown][] {
    const list = schema.items ?? schema.anyOf?.find(({ items }) => items !== undefined)?.items;
    if (list?.properties !== undefined) return settings(list, `${path}[]`);
    if (schema.properties === undefined || path === "chain.addresses") return [[path, schema.default]];
    return Object.entries(schema.properties).flatMap(([name, each]) =>
      settings(each, path === "" ? name : `${path}.${name}`),
    );
  }

  /** The same from the table: names after the first are in its section. */
  function documented(): { settings: [string, string | undefined][]; variables: string[] } {
    const table = README.split("\n## Configuration\n")[1]?.split("\n## ")[0] ?? "";
    const rows = table.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| key"));
    const found = rows.flatMap((row) => {
      const [keys = "", , defaults = ""] = row
        .slice(1)
        .split("|")
        .map((cell) => cell.trim());
      const names = namesIn(keys);
      const section = names[0]?.includes(".") === true ? names[0].replace(/\.[^.]+$/, ".") : "";
      const values = defaults.split(", ");
      return names.map((name, at): [string, string | undefined] => [
        at === 0 ? name : section + name,
        values.length === names.length ? values[at] : undefined,
      ]);
    });
    return { settings: found, variables: table.match(/OPG_NODE_[A-Z_]+/g) ?? [] };
  }

  function namesIn(cell: string): string[] {
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
  }

  const UNITS: Record<string, number> = { MiB: 2 ** 20, GiB: 2 ** 30 };

  function parsedDefault(text: string): unknown {
    const [, number, unit] = /^(\d+) (MiB|GiB)$/.exec(text) ?? [];
    if (number !== undefined && unit !== undefined) return Number(number) * (UNITS[unit] as number);
    if (text === "2^24") return 2 ** 24;
    if (text === "true" || text === "false") return text === "true";
    return /^[\d.]+$/.test(text) && !text.includes("..") && text.split(".").length < 3 ? Number(text) : text;
  }

  it("has every setting in its table, and no other", () => {
    const expected = settings(describeConfig().schema as Schema).map(([path]) => path);
    const listed = documented().settings.map(([path]) => path);
    expect(listed.toSorted()).to.deep.equal(expected.filter((path) => !SECRETS.includes(path)).toSorted());
  });

  it("says the defaults that the code has", () => {
    const inTable = new Map(documented().settings);
    let compared = 0;
    for (const [path, value] of settings(describeConfig().schema as Schema)) {
      const text = inTable.get(path);
      if (value === undefined || text === undefined || text === "") continue;
      const actual = [value].flat().join();
      expect(String(parsedDefault(text)), path).to.equal(
        /^[\d.]+$/.test(actual) ? String(parsedDefault(actual)) : actual,
      );
      compared += 1;
    }
    expect(compared).to.be.above(60);
  });

  it("has every environment variable", () => {
    const variables = Object.keys(describeConfig().variables);
    expect([...new Set(documented().variables)].sort()).to.deep.equal(variables.sort());
  });

  it("explains every alarm", () => {
    const table = README.split("\n## Alarms\n")[1]?.split("\n## ")[0] ?? "";
    const rows = table.split("\n").filter((line) => /^\| `/.test(line));
    const explained = rows.flatMap((row) => namesIn(row.split("|")[1] ?? ""));
    expect(explained.sort()).to.deep.equal([...ALARM_IDS].sort());
  });
});

describe("the rules for Prometheus", () => {
  const rules = join(RUNNER, "ops/alerts.yml");

  it("ask for metrics that the node has", async () => {
    const known = new NodeMetrics().registry.getMetricsAsArray().map(({ name }) => name);
    const asked = new Set(readFileSync(rules, "utf8").match(/\bopg_[a-z_]+/g));
    expect(asked.size).to.be.above(8);
    for (const name of asked) expect(known).to.include(name.replace(/_count$/, ""));
  });

  it("pass promtool, and fire when they should and not before", function () {
    this.timeout(300_000);
    const tool = promtool();
    if (tool === undefined) return this.skip();
    for (const args of [
      ["check", "rules", "alerts.yml"],
      ["test", "rules", "alerts.test.yml"],
    ])
      execFileSync(tool, args, { cwd: join(RUNNER, "ops"), stdio: "pipe" });
  });
});

describe("the systemd unit", () => {
  it("passes systemd's own check, and is hardened", function () {
    const folder = mkdtempSync(join(tmpdir(), "opg-unit-"));
    const unit = join(folder, "opg-node.service");
    const text = readFileSync(join(RUNNER, "ops/opg-node.service"), "utf8");
    writeFileSync(unit, text.replace("/usr/bin/node ", `${process.execPath} `));
    try {
      execFileSync("systemd-analyze", ["--version"], { stdio: "ignore" });
    } catch {
      return this.skip();
    }
    try {
      execFileSync("systemd-analyze", ["verify", unit], { stdio: "pipe" });
      // Of ten; without hardening it is above nine.
      execFileSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit], {
        stdio: "pipe",
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
