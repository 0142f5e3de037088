import { expect } from "chai";
import { RunScheduler } from "../../../../offchain-runner/src/jobs/runScheduler.ts";
import type { MadeProof } from "../../../../offchain-runner/src/proving/keySystem.ts";
import type { ProvingEngine } from "../../../../offchain-runner/src/proving/provingEngine.ts";
import { ResultProver } from "../../../../offchain-runner/src/proving/resultProver.ts";
import { expectError } from "../expectError.ts";
import { SOME_RELEASE } from "../fakes/scriptedEngine.ts";
import { silentLogger } from "../fakes/silentLogger.ts";

const PROOF_MS = 1_000;
const { signal } = new AbortController();

describe("ResultProver", () => {
  /** Proofs that are being made, and how to end them. */
  let held: ((made: MadeProof) => void)[];
  let disagreed: string[];
  let prover: ResultProver;

  function open({ provers = 1, isChecked = true } = {}): void {
    [held, disagreed] = [[], []];
    const engine: Pick<ProvingEngine, "run" | "signalsOf" | "expectedRunMs" | "checkOf"> = {
      run: () => new Promise((resolve) => held.push(resolve)),
      signalsOf: (_, input, output) => (isChecked ? [BigInt(input[0] ?? 0), BigInt(output[0] ?? 0)] : []),
      expectedRunMs: () => PROOF_MS,
      checkOf: () => ({ system: "groth16", signals: 2 }),
    };
    const scheduler = new RunScheduler<MadeProof>(engine, {
      ...{ children: provers, depth: 1, quickMs: 0, requestShare: 0.3, maxWaiting: 2 },
      guessMs: () => PROOF_MS,
      servesQuick: () => false,
      onRun: () => undefined,
    });
    prover = new ResultProver({
      ...{ engine: engine as ProvingEngine, scheduler, provers, logger: silentLogger },
      onDisagreement: (release) => void disagreed.push(release),
    });
  }

  const prove = (kind: "requests" | "calls", number: number, until = signal) => {
    const answer = { kind, caller: kind, release: SOME_RELEASE };
    const [input, output] = [Uint8Array.of(number), Uint8Array.of(number)];
    return prover.prove({ ...answer, input, output }, until, signal);
  };
  const made = (...signals: bigint[]): MadeProof => ({ proof: "0x0506", signals, isValid: true });

  it("gives a proof of the very answer", async () => {
    open();
    const proof = prove("requests", 7);
    held[0]?.(made(7n, 7n));
    expect([...(await proof)]).to.deep.equal([5, 6]);
    expect(disagreed).to.deep.equal([]);
  });

  it("gives none when the circuit says something else than the model, and tells", async () => {
    open();
    const proof = prove("requests", 7);
    held[0]?.(made(7n, 8n));
    const error = await expectError(proof, "proof-disagrees");
    expect(error.retryable).to.equal(false);
    expect(disagreed).to.deep.equal([SOME_RELEASE.id]);
  });

  it("says how long a proof waits, and how many do", async () => {
    open({ provers: 2 });
    expect([prover.waitMs(SOME_RELEASE.id), prover.expectedMs(SOME_RELEASE.id)]).to.deep.equal([0, PROOF_MS]);
    const proofs = [1, 2, 3].map((number) => prove("calls", number));
    expect(prover.load).to.deep.equal({ provers: 2, running: 2, waiting: 1 });
    expect(prover.waitMs(SOME_RELEASE.id)).to.equal((3 * PROOF_MS) / 2);
    for (const number of [1, 2, 3]) {
      held[number - 1]?.(made(BigInt(number), BigInt(number)));
      await proofs[number - 1];
    }
    expect(prover.load).to.deep.equal({ provers: 2, running: 0, waiting: 0 });
  });

  it("takes out of the queue who has gone", async () => {
    open();
    const first = prove("calls", 1);
    const gone = new AbortController();
    const waiting = [prove("calls", 2, gone.signal), prove("calls", 3)];
    gone.abort(new Error("gone"));
    expect(await waiting[0]?.catch((error: Error) => error.message)).to.equal("gone");
    held[0]?.(made(1n, 1n));
    await first;
    held[1]?.(made(3n, 3n));
    expect([...((await waiting[1]) ?? [])]).to.deep.equal([5, 6]);
  });

  it("shares the provers between requests and calls", async () => {
    open({ isChecked: false });
    const order: string[] = [];
    const all = [1, 2, 3, 4].map((number) => prove("calls", number).then(() => order.push("call")));
    for (const number of [5, 6]) all.push(prove("requests", number).then(() => order.push("request")));
    for (let ended = 0; ended < all.length; ++ended) {
      while (held.length <= ended) await new Promise((resolve) => setImmediate(resolve));
      held[ended]?.(made());
      while (order.length <= ended) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(order.indexOf("request")).to.be.lessThan(3);
  });
});
