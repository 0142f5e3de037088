import {
  computeAddress,
  concat,
  dataSlice,
  hexlify,
  id,
  keccak256,
  randomBytes,
  SigningKey,
  toBeHex,
} from "ethers";
import type { StateOverride } from "./callSimulator.ts";

/** A key that stands for an operator's signer in a simulation, and nowhere else. */
export interface StandInSigner {
  key: SigningKey;
  override: StateOverride;
}

/**
 * Lets a fresh key pass for `signer` in a simulation, so that part of what the operator signed as a whole can be tried.
 * At the address of `Operators` stands a wrapper that delegates to its own code, kept elsewhere, and puts the one
 * address for the other where a function takes it first.
 * @param code what `eth_getCode` gives for `operators`
 */
export function standInFor(signer: string, operators: string, code: string): StandInSigner {
  const key = new SigningKey(hexlify(randomBytes(32)));
  const copy = dataSlice(keccak256(concat([operators, id("copy of Operators")])), 12);
  const wrapper = wrapperOf(copy, computeAddress(key), signer);
  return { key, override: { [operators]: { code: wrapper }, [copy]: { code } } };
}

function wrapperOf(copy: string, standIn: string, signer: string): string {
  return concat([
    "0x365f5f37", // calldatacopy(0, 0, calldatasize())
    "0x73", // mstore(4, xor(mload(4), mul(eq(mload(4), standIn), xor(standIn, signer))))
    standIn,
    "0x60045114",
    "0x73",
    toBeHex(BigInt(standIn) ^ BigInt(signer), 20),
    "0x02600451186004",
    "0x52",
    "0x5f5f365f73", // delegatecall(gas(), copy, 0, calldatasize(), 0, 0)
    copy,
    "0x5af4",
    "0x3d5f5f3e", // returndatacopy(0, 0, returndatasize())
    "0x605f57", // jumpi(the end, succeeded)
    "0x3d5ffd", // revert(0, returndatasize())
    "0x5b3d5ff3", // return(0, returndatasize())
  ]);
}
