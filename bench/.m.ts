import { mkdtempSync } from "node:fs";
import { buildCircuit, constraintsOf } from "../offchain-runner/src/zk/compiledCircuit.ts";
import { Prover } from "../offchain-runner/src/zk/prover.ts";
import { gatesOf, powerOfGates } from "../offchain-runner/src/zk/plonkGates.ts";
import { setUpUniversal } from "../offchain-runner/src/zk/plonk.ts";
import { prove, verify } from "../offchain-runner/src/zk/proofSystem.ts";
import { localPowers } from "../offchain-runner/src/zk/powersOfTau.ts";
import { readExactModel } from "./exactRelease.ts";
const prover = new Prover();
for (const n of ["btc-volatility-1h-exact", "digits"]) {
  const { graph, inputs } = readExactModel(n);
  const dir = mkdtempSync("/tmp/pm-");
  const circuit = await buildCircuit(graph, dir, prover);
  const r = await constraintsOf(circuit);
  console.log(n, circuit.constraints, gatesOf(r), powerOfGates(gatesOf(r)));
  const powers = await localPowers(16, "cache/zk", prover);
  const t = performance.now();
  const keys = await setUpUniversal(circuit, powers, dir + "/k", prover);
  console.log("setup", (performance.now() - t) / 1000);
  const p2 = new Prover();
  for (let i = 0; i < 2; i++) {
    const pr = await prove({ circuit, keys, root: graph.root }, { input: inputs[0]!, binding: 5n }, p2);
    console.log((pr.witnessMs + pr.provingMs) / 1000, "cpu", pr.cpuMs / 1000, "mib", p2.peakBytes / 2 ** 20, await verify(keys.verifyingKey, pr, p2));
  }
  await p2.stop();
}
await prover.stop();
