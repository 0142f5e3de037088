import { concat, dataSlice, id, keccak256 } from "ethers";
import {
  decodeInferenceRequired,
  INFERENCE_REQUIRED_SELECTOR,
  INFERENCE_REQUIRED_SIGNATURE,
  type InferenceRequired,
} from "./inferenceQuery.ts";

/** State that an `eth_call` pretends, by address: geth's third parameter. */
export type StateOverride = Readonly<Record<string, { code: string }>>;

/** A contract with a fallback catches `InferenceRequired` by its selector, and lets this pass. */
const INFERENCE_WANTED_SELECTOR: string = dataSlice(
  id(INFERENCE_REQUIRED_SIGNATURE.replace("InferenceRequired", "InferenceWanted")),
  0,
  4,
);

/**
 * Makes `Pipe` strict in a simulation: contracts that would fall back when no result is carried show what they want. At
 * Pipe's address stands a wrapper that delegates to its own code, kept elsewhere, and renames one error.
 * @param code what `eth_getCode` gives for `pipe`
 */
export function strictPipeOverride(pipe: string, code: string): StateOverride {
  const copy = dataSlice(keccak256(concat([pipe, id("strict pipe")])), 12);
  return { [pipe]: { code: wrapperOf(copy) }, [copy]: { code } };
}

/** What a strict simulation says is lacking; nothing when it failed otherwise. Throws `QueryMalformedError`. */
export function decodeWanted(revertData: string): InferenceRequired | undefined {
  return revertData.toLowerCase().startsWith(INFERENCE_WANTED_SELECTOR)
    ? decodeInferenceRequired(INFERENCE_REQUIRED_SELECTOR + revertData.slice(10))
    : decodeInferenceRequired(revertData);
}

function wrapperOf(copy: string): string {
  const rename = BigInt(INFERENCE_REQUIRED_SELECTOR) ^ BigInt(INFERENCE_WANTED_SELECTOR);
  return concat([
    "0x365f5f37", // calldatacopy(0, 0, calldatasize())
    "0x5f5f365f73", // delegatecall(gas(), copy, 0, calldatasize(), 0, 0)
    copy,
    "0x5af4",
    "0x3d5f5f3e", // returndatacopy(0, 0, returndatasize())
    "0x604257", // jumpi(the end, succeeded)
    "0x63", // mstore(0, xor(mload(0), shl(224, mul(eq(shr(224, mload(0)), required), required ^ wanted))))
    `0x${rename.toString(16).padStart(8, "0")}`,
    "0x63",
    INFERENCE_REQUIRED_SELECTOR,
    "0x5f5160e01c140260e01b5f51185f52",
    "0x3d5ffd", // revert(0, returndatasize())
    "0x5b3d5ff3", // return(0, returndatasize())
  ]);
}
