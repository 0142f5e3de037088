import { getBytes, keccak256 } from "ethers";

const BLOOM_BYTES = 256;
const BLOOM_BITS = 2_048;

/** Whether a block may have logs of an address, by the bloom of its header (Yellow Paper, 4.3.1); false is certain. */
export function mayHaveLogsOf(address: string, logsBloom: string): boolean {
  const bloom = getBytes(logsBloom);
  return bitsOf(address).every((bit) => isSet(bloom, bit));
}

/** How likely `mayHaveLogsOf` is true of an address that has none: near 1 where blocks are busy. */
export function falseAlarmRate(logsBloom: string): number {
  const bloom = getBytes(logsBloom);
  let set = 0;
  for (let bit = 0; bit < BLOOM_BITS; ++bit) set += isSet(bloom, bit) ? 1 : 0;
  return (set / BLOOM_BITS) ** 3;
}

/** The low 11 bits of each of the first three pairs of bytes. */
function bitsOf(address: string): number[] {
  const hash = getBytes(keccak256(address));
  return [0, 2, 4].map((at) => (((hash[at] as number) << 8) | (hash[at + 1] as number)) % BLOOM_BITS);
}

function isSet(bloom: Uint8Array, bit: number): boolean {
  return (((bloom[BLOOM_BYTES - 1 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1;
}
