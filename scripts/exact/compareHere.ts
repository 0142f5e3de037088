// Compares interpreter and ONNX Runtime on the CPU that this runs on, or on the one that an emulator shows it:
// `qemu-x86_64 -cpu Haswell $(which node) scripts/exact/compareHere.ts 400` is AVX2 without VNNI, `-cpu Nehalem` SSE4.
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { compareGraphs } from "../../test/fixtures/exact/comparison.ts";
import { GraphDraft } from "../../test/fixtures/exact/graphDraft.ts";
import { openSession, runtimeOutputs } from "../../test/fixtures/exact/runtime.ts";

const TERMS = 64;
const [graphs = 400, seed = 0x51c3a7] = process.argv.slice(2).map(Number);

console.log(
  `u8 × s8 beyond ±64, which the profile refuses: ${(await saturates()) ? "saturates here" : "exact here"}`,
);
const found = await compareGraphs(graphs, seed, { whole: false });
console.log(`${found.graphs} graphs, ${found.disagreements.length} disagreements`);
for (const fault of found.disagreements) console.log(fault);
process.exitCode = found.disagreements.length === 0 ? 0 : 1;

/** Whether products that VNNI adds up exactly are cut off at 16 bits. */
async function saturates(): Promise<boolean> {
  const draft = new GraphDraft(1);
  const x = draft.input("uint8", [1, TERMS]);
  const weights = draft.constant("int8", [TERMS, 16], new Array<bigint>(TERMS * 16).fill(127n));
  const [y = ""] = draft.push("MatMulInteger", [x.name, weights]);
  const session = await openSession(draft.model([{ name: y, dtype: "int32", shape: [1, 16] }]), {
    optimisation: "all",
    threads: 1,
  });
  const bytes = tensorFromNumbers("uint8", [1, TERMS], new Array<number>(TERMS).fill(255));
  const [sums] = await runtimeOutputs(session, [x], [bytes], [y]);
  await session.release();
  const first = new DataView(sums?.data.buffer ?? new ArrayBuffer(4)).getInt32(0, true);
  return first !== TERMS * 255 * 127;
}
