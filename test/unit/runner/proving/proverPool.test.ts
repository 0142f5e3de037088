import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ProverPool } from "../../../../offchain-runner/src/proving/proverPool.ts";
import { buildCircuit } from "../../../../offchain-runner/src/zk/compiledCircuit.ts";
import type { Prover } from "../../../../offchain-runner/src/zk/prover.ts";
import { smallNetwork } from "../../../fixtures/zk/gadgetGraphs.ts";
import { expectError } from "../expectError.ts";

const ROOMY = 4 * 1024 ** 3;

describe("ProverPool", function () {
  this.timeout(300_000);

  let folder: string;
  const pools: ProverPool[] = [];
  const { signal } = new AbortController();
  const powers = (prover: Prover, until: AbortSignal, name: string) => {
    mkdirSync(join(folder, name), { recursive: true });
    const job = {
      kind: "powers",
      power: 8,
      folder: join(folder, name),
      file: join(folder, `${name}.ptau`),
    } as const;
    return prover.run(job, until);
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "opg-pool-"));
  });

  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.stop();
  });

  after(() => rmSync(folder, { recursive: true }));

  function open(provers: number, { timeoutMs = 120_000, memoryBytes = ROOMY } = {}): ProverPool {
    const pool = new ProverPool({ provers, memoryBytes, timeoutMs });
    pools.push(pool);
    return pool;
  }

  it("gives each piece of work a prover for itself, and others one as soon as it is free", async () => {
    const pool = open(2);
    const began: number[] = [];
    const ends: (() => void)[] = [];
    const used = new Set<Prover>();
    const work = (number: number) =>
      pool.use((prover) => {
        began.push(number);
        used.add(prover);
        return new Promise<void>((resolve) => ends.push(resolve));
      }, signal);
    const all = [1, 2, 3].map(work);
    await new Promise((resolve) => setImmediate(resolve));
    expect([began, used.size]).to.deep.equal([[1, 2], 2]);
    ends[0]?.();
    await all[0];
    await new Promise((resolve) => setImmediate(resolve));
    expect(began).to.deep.equal([1, 2, 3]);
    for (const end of ends) end();
    await Promise.all(all);
    expect(used.size).to.equal(2);
  });

  it("ends a proof that takes too long, and goes on with the next", async () => {
    const pool = open(1, { timeoutMs: 1 });
    await expectError(
      pool.prove((prover, until) => powers(prover, until, "slow"), signal),
      "proving-timeout",
    );
    // Work without a limit, in a process of its own.
    const circuit = await pool.use(
      (prover) => buildCircuit(smallNetwork(), join(folder, "circuit"), prover),
      signal,
    );
    expect(circuit.constraints).to.be.greaterThan(0);
  });

  it("says which limit of memory was reached", async function () {
    if (process.platform !== "linux") this.skip();
    const pool = open(1, { memoryBytes: 1 });
    await expectError(
      pool.prove((prover, until) => powers(prover, until, "large"), signal),
      "proving-memory-exceeded",
    );
    expect(pool.peakBytes).to.be.greaterThan(1);
  });

  it("gives work up whose signal says so, also while it waits, and is free for other work", async () => {
    const pool = open(1);
    const [first, second] = [new AbortController(), new AbortController()];
    const held = pool.prove((prover, until) => powers(prover, until, "given-up"), first.signal);
    const waiting = pool.prove((prover, until) => powers(prover, until, "never"), second.signal);
    second.abort(new Error("gone"));
    first.abort();
    await expectError(held, "proving-stopped");
    expect(await waiting.catch((error: Error) => error.message)).to.equal("gone");
    expect(await pool.use(async () => "free", signal)).to.equal("free");
  });
});
