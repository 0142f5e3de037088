import { compareGraphs } from "../../test/fixtures/exact/comparison.ts";
import type { Figures } from "../figures.ts";

const GRAPHS = 5_200;
const SEED = 0x2d93a847;

/** Random graphs of the exact profile on which interpreter and onnxruntime give the same bits. */
export async function measure(): Promise<Figures> {
  const { graphs, disagreements } = await compareGraphs(GRAPHS, SEED, { whole: true });
  if (disagreements.length > 0) throw new Error(`they differ: ${disagreements.join("; ")}`);
  return { "count.exact.graphs": graphs };
}
