import { id } from "ethers";

/** Numbers in [0, 1) that look random and are the same on every run. */
export function randomStream(seed: string): () => number {
  let count = 0;
  return () => Number.parseInt(id(`${seed} ${count++}`).slice(2, 10), 16) / 2 ** 32;
}
