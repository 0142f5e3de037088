import { keccak256 } from "ethers";
import { createKeccak } from "hash-wasm";

/** Gives ethers a keccak in WebAssembly. Its own is in JavaScript: hashing 8 KB takes it as long as a small model runs. */
export async function registerKeccak(): Promise<void> {
  const hasher = await createKeccak(256);
  keccak256.register((data) => hasher.init().update(data).digest("binary"));
}
