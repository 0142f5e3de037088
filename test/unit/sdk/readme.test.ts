import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FOLDER = path.join(ROOT, "cache", "snippets");

/** What a reader has of their own. */
const GIVEN = `
declare const privateKey: string;
declare const PIPE: string, COVERAGE: string, OPERATORS: string, OPG: string, POOL: string, BATCH_ACCOUNT: string;
declare const MODEL_HUB: string, EXACT_MACHINE: string, INPUT: string;
declare const RELEASE: string;
declare const amount: bigint, least: bigint;
declare const relativePrices: number[];
declare const output: Uint8Array;
`;
/** What a snippet may have from the one before, unless it makes its own. */
const EARLIER: Record<string, string> = {
  provider: 'declare const provider: import("ethers").JsonRpcProvider;',
  wallet: 'declare const wallet: import("ethers").Wallet;',
  network: 'declare const network: import("@opg-network/sdk").PipeNetwork;',
  pool: 'declare const pool: import("ethers").Contract;',
};

describe("the README of the SDK", () => {
  after(async () => await rm(FOLDER, { recursive: true, force: true }));

  it("has no snippet that does not compile", async function () {
    this.timeout(60_000);
    const text = await readFile(path.join(ROOT, "sdk", "README.md"), "utf8");
    const snippets = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, snippet]) => snippet ?? "");
    expect(snippets.length).to.be.greaterThan(5);
    await rm(FOLDER, { recursive: true, force: true });
    await mkdir(FOLDER, { recursive: true });
    for (const [i, snippet] of snippets.entries())
      await writeFile(path.join(FOLDER, `snippet${i}.ts`), complete(snippet));
    const config = { extends: "../../tsconfig.json", include: ["."], compilerOptions: { noEmit: true } };
    await writeFile(path.join(FOLDER, "tsconfig.json"), JSON.stringify(config));
    const tsc = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const problems = await promisify(execFile)(process.execPath, [tsc, "-p", FOLDER]).then(
      () => "",
      (error: unknown) => (error as { stdout: string }).stdout,
    );
    expect(problems).to.equal("");
  });
});

function complete(snippet: string): string {
  const earlier = Object.entries(EARLIER)
    .filter(([name]) => !new RegExp(`const ${name}\\b`).test(snippet))
    .map(([, declaration]) => declaration);
  return `${GIVEN}${earlier.join("\n")}\n${snippet}\nexport {};\n`;
}
