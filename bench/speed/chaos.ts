import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "../../scripts/setup/child.mjs";
import type { Figures } from "../figures.ts";

const SUITE = ["kills", "chain", "machine", "publishers"].map((name) => `test/e2e/chaos/${name}.test.ts`);
const NAMES = ["points", "lost", "duplicated", "stuck"] as const;

/** What the chaos suite's faults cost the real node: each figure but the first must be 0. */
export async function measure(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "opg-chaos-"));
  const counts = join(folder, "counts.ndjson");
  let output = "";
  try {
    const code = await runChild(
      process.execPath,
      ["node_modules/hardhat/dist/src/cli.js", "test", "mocha", "--no-compile", ...SUITE],
      {
        env: { ...process.env, CAMPAIGN_COUNTS: counts },
        onOutput: (chunk) => {
          output += chunk;
        },
        quiet: true,
      },
    );
    const figures = countedIn(counts);
    const isClean = NAMES.every((name) => name === "points" || figures[`chaos.${name}`] === 0);
    if (code !== 0) console.error(output);
    // What an invariant found is a figure; that the suite itself broke is none.
    if (code !== 0 && isClean) throw new Error("the chaos suite failed beside its invariants");
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function countedIn(file: string): Figures {
  const figures: Record<string, number> = Object.fromEntries(NAMES.map((name) => [`chaos.${name}`, 0]));
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    const { name, count }: { name: string; count: number } = JSON.parse(line);
    if (name in figures) figures[name] = (figures[name] ?? 0) + count;
  }
  return figures;
}
