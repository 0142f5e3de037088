import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { bindings, CircomRunner } from "circom2";
import { curves, groth16, powersOfTau, wtns, zKey } from "snarkjs";
import { withKnownMultiples } from "./knownPowers.ts";
import type { ProverJob, ProverReply, ProverRequest, ProverResults } from "./proverProtocol.ts";

// A process of its own: the libraries take cores and memory, keep threads, and may end the process on a bad file.

/** Makes the powers the same on every machine, and known to everybody: for local networks, where nothing is at stake. */
const LOCAL_BEACON = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const LOCAL_BEACON_EXP = 10;
const CURVE = "bn128";

const require = createRequire(import.meta.url);

// Who started it is handed down: it may be gone when this begins.
new Worker(new URL("../inference/orphanWatch.ts", import.meta.url), {
  workerData: Number(process.argv[2]),
}).unref();

process.on("message", ({ id, job }: ProverRequest) => {
  run(job).then(
    (result) => reply({ id, kind: "done", result }),
    (error: unknown) =>
      reply({ id, kind: "failed", detail: error instanceof Error ? error.message : String(error) }),
  );
});

function reply(message: ProverReply): void {
  process.send?.(message);
}

async function run(job: ProverJob): Promise<ProverResults[ProverJob["kind"]]> {
  switch (job.kind) {
    case "compile":
      return await compile(job.folder);
    case "powers":
      return await localPowers(job);
    case "set-up":
      return await setUp(job);
    case "check-key":
      return { isRight: await zKey.verifyFromR1cs(job.r1cs, job.powers, job.key) };
    case "verifying-key":
      return (await zKey.exportVerificationKey(job.key)) as unknown as ProverResults["verifying-key"];
    case "witness":
      return await witnessOf(job);
    case "prove":
      return await prove(job);
    case "verify":
      return { isRight: await groth16.verify(job.verifyingKey, job.signals, job.proof) };
  }
}

/** `circuit.circom` of a folder to `circuit.r1cs`, `circuit.sym` and `circuit.wasm` beside it. */
async function compile(folder: string): Promise<null> {
  const library = dirname(require.resolve("circomlib/circuits/bitify.circom"));
  const runner = new CircomRunner({
    args: ["circuit.circom", "--r1cs", "--wasm", "--sym", "--O1", "-l", "library", "-o", "."],
    env: {},
    preopens: { ".": folder, library },
    bindings: {
      ...bindings,
      fs,
      exit: (code: number) => {
        if (code !== 0) throw new Error(`the compiler ended with ${code}`);
      },
      kill: (signal: string) => {
        throw new Error(`the compiler ended with ${signal}`);
      },
    },
  });
  await runner.execute(await readFile(require.resolve("circom2/circom.wasm")));
  fs.renameSync(join(folder, "circuit_js", "circuit.wasm"), join(folder, "circuit.wasm"));
  await rm(join(folder, "circuit_js"), { recursive: true });
  return null;
}

async function localPowers({ power, folder, file }: ProverJob & { kind: "powers" }): Promise<null> {
  const [fresh, beaten] = [join(folder, "fresh"), join(folder, "beaten")];
  const curve = await curves.getCurveFromName(CURVE);
  const workshop = await curves.getCurveFromName(CURVE, { singleThread: true });
  await withKnownMultiples({ curve, workshop, power }, async () => {
    await powersOfTau.newAccumulator(curve, power, fresh);
    await powersOfTau.beacon(fresh, beaten, "local network", LOCAL_BEACON, LOCAL_BEACON_EXP);
    await powersOfTau.preparePhase2(beaten, file);
  });
  return null;
}

async function setUp({
  r1cs,
  powers,
  key,
  name,
}: ProverJob & { kind: "set-up" }): Promise<ProverResults["set-up"]> {
  const bare = `${key}.bare`;
  if ((await zKey.newZKey(r1cs, powers, bare)) === -1) throw new Error("the powers of tau are too few");
  // Without a contribution gamma is delta, and anybody can make proofs of anything.
  const contribution = await zKey.contribute(bare, key, name, randomBytes(64).toString("hex"));
  await rm(bare);
  return { contribution: `0x${Buffer.from(contribution).toString("hex")}` };
}

async function witnessOf({ wasm, input }: ProverJob & { kind: "witness" }): Promise<Uint8Array> {
  const witness: { type: "mem"; data?: Uint8Array } = { type: "mem" };
  await wtns.calculate(input, wasm, witness);
  return new Uint8Array(witness.data ?? []);
}

async function prove({ wasm, key, input }: ProverJob & { kind: "prove" }): Promise<ProverResults["prove"]> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const witness = { type: "mem" as const };
  await wtns.calculate(input, wasm, witness);
  const ready = performance.now();
  const { proof, publicSignals } = await groth16.prove(key, witness);
  const { user, system } = process.cpuUsage(cpu);
  const times = {
    witnessMs: ready - start,
    provingMs: performance.now() - ready,
    cpuMs: (user + system) / 1_000,
  };
  return { proof, signals: publicSignals, ...times };
}
