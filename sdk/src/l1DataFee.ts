import { Contract, getBytes, hexlify, id, keccak256, type Provider } from "ethers";

/** Where OP-stack chains keep the price of their data on L1. */
export const GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F";

const ORACLE_ABI = ["function getL1Fee(bytes unsignedTransaction) view returns (uint256)"];
/** Bytes of a transaction without results: a minimum fee would hide part of what results add to a smaller one. */
const OWN_BYTES = 300;

/**
 * What `bytes` more of calldata cost on L1, in wei of the chain's coin: 0 where there is no OP-stack oracle. Taken for
 * bytes that do not compress, as hashes and signatures do not.
 */
export async function l1DataFee(provider: Provider, bytes: number): Promise<bigint> {
  if ((await provider.getCode(GAS_PRICE_ORACLE)) === "0x") return 0n;
  const getL1Fee = new Contract(GAS_PRICE_ORACLE, ORACLE_ABI, provider).getFunction("getL1Fee");
  const [without, withBytes] = await Promise.all(
    [OWN_BYTES, OWN_BYTES + bytes].map((size) => getL1Fee(incompressible(size)) as Promise<bigint>),
  );
  return (withBytes ?? 0n) - (without ?? 0n);
}

function incompressible(size: number): string {
  const bytes = new Uint8Array(size);
  let block = id("incompressible");
  for (let at = 0; at < size; at += 32) {
    block = keccak256(block);
    bytes.set(getBytes(block).subarray(0, Math.min(32, size - at)), at);
  }
  return hexlify(bytes);
}
