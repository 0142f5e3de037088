import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import { ServedResults } from "../../../../offchain-runner/src/pipe/servedResults.ts";
import { SubmissionLedger } from "../../../../offchain-runner/src/proofs/submissionLedger.ts";
import { RELEASE } from "../fakes/someRequest.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { KEYS } from "./carelessNode.ts";

const KILLS = 4;
const PROGRAM = fileURLToPath(new URL("./carelessNode.ts", import.meta.url));

describe("books of a node that is killed", () => {
  let temp: TempDatabase;

  beforeEach(() => {
    temp = new TempDatabase();
  });

  afterEach(() => temp.dispose());

  /** What it said until it was killed, at the latest line. */
  async function workUntilKilled(lines: number): Promise<string[]> {
    const child = spawn(process.execPath, [PROGRAM, temp.folder], { stdio: ["ignore", "pipe", "inherit"] });
    const exit = once(child, "exit");
    let said = "";
    child.stdout.setEncoding("utf8");
    for await (const part of child.stdout) {
      said += part as string;
      if (said.split("\n").length > lines) child.kill("SIGKILL");
    }
    await exit;
    return said.split("\n").slice(0, -1);
  }

  it("never sign a second output for one key, and forget nothing that was given away", async () => {
    const signed = new Map<string, Set<string>>();
    const booked = new Set<string>();
    for (let kill = 0; kill < KILLS; ++kill) {
      const lines = await workUntilKilled(7 + 11 * kill);
      for (const line of lines) {
        const [what, inputHash = "", outputHash = ""] = line.split(" ");
        if (what === "booked") booked.add(inputHash);
        else signed.set(inputHash, (signed.get(inputHash) ?? new Set()).add(outputHash));
      }
    }
    expect(signed.size).to.be.greaterThan(7);
    const ledger = new SubmissionLedger(temp.database, systemClock);
    for (const [inputHash, outputs] of signed) {
      const key = { release: RELEASE, codec: 1, inputHash, context: `0x${"1".padStart(64, "0")}` };
      expect([...outputs]).to.deep.equal([ledger.outputHashOf(key)]);
    }
    const served = new ServedResults(temp.database, systemClock);
    const totals = served.totals(0);
    expect(totals.served).to.be.within(booked.size, KEYS);
    expect(served.unpaidBy("alice", 0).grains).to.equal(totals.served * 1_000);
  });
});
