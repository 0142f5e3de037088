import { readFile, mkdtemp, copyFile } from "node:fs/promises";
import { Prover } from "./src/zk/prover.ts";
import { sha256 } from "./src/zk/compiledCircuit.ts";
import { powersIdOf } from "./src/zk/powersOfTau.ts";
const prover = new Prover();
const d = await mkdtemp("/tmp/p16-");
for (const p of [16]) {
  const t = performance.now();
  await prover.run({ kind: "powers", power: p, folder: d, file: `${d}/${p}` });
  console.log(p, sha256(await readFile(`${d}/${p}`)), await powersIdOf(`${d}/${p}`), (performance.now() - t) / 1000, prover.peakBytes / 2 ** 20);
}
await copyFile(`${d}/16`, "/tmp/powers-16.ptau");
await prover.stop();
