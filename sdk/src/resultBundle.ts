import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";
import { typedDataDigest } from "./inferenceResult.ts";
import { bytes32Word, hashWords } from "./words.ts";

const BUNDLE_TYPEHASH = keccak256(toUtf8Bytes("InferenceBundle(bytes32 root)"));

/** A bundle needs at least one result. */
export class BundleEmptyError extends Error {
  readonly code = "bundle-empty";

  constructor() {
    super("a bundle needs at least one result");
    this.name = "BundleEmptyError";
  }
}

/** The index asked for is not in the bundle. */
export class BundleIndexError extends Error {
  readonly code = "bundle-index-out-of-range";

  constructor(index: number, size: number) {
    super(`a bundle of ${size} results has no result ${index}`);
    this.name = "BundleIndexError";
  }
}

/**
 * Merkle root of struct hashes in bundle order: pairs hashed commutatively, an odd last node promoted unchanged.
 * The same tree as `contracts/libraries/ResultSignatures.sol`.
 */
export function bundleRoot(leaves: readonly string[]): string {
  let level = nonEmpty(leaves);
  while (level.length > 1) level = parentsOf(level);
  return level[0] as string;
}

/** The digest that an operator signs: of the result itself when it is alone, else of `InferenceBundle(root)`. */
export function bundleDigest(domainSeparator: string, leaves: readonly string[]): string {
  const [only, ...others] = nonEmpty(leaves);
  if (others.length === 0) return typedDataDigest(domainSeparator, only as string);
  return rootDigest(domainSeparator, bundleRoot(leaves));
}

/** Siblings from leaf `index` to the root: the `path` of a `SignedResult`; empty for a bundle of one. */
export function bundlePath(leaves: readonly string[], index: number): string[] {
  const { length } = nonEmpty(leaves);
  if (!Number.isInteger(index) || index < 0 || index >= length) throw new BundleIndexError(index, length);
  return pathIn(levelsOf(leaves), index);
}

/** `bundlePath` of every leaf, for the price of one. */
export function bundlePaths(leaves: readonly string[]): string[][] {
  const levels = levelsOf(nonEmpty(leaves));
  return leaves.map((_, index) => pathIn(levels, index));
}

function levelsOf(leaves: readonly string[]): (readonly string[])[] {
  const levels = [leaves];
  for (let level = leaves; level.length > 1; ) {
    level = parentsOf(level);
    levels.push(level);
  }
  return levels;
}

function pathIn(levels: readonly (readonly string[])[], index: number): string[] {
  return levels.flatMap((level, height) => level[(index >> height) ^ 1] ?? []);
}

/** The digest under which `leaf` was signed, alone (`path` empty) or as a member of a bundle. */
export function memberDigest(domainSeparator: string, leaf: string, path: readonly string[]): string {
  if (path.length === 0) return typedDataDigest(domainSeparator, leaf);
  return rootDigest(domainSeparator, path.reduce(hashPair, leaf));
}

function rootDigest(domainSeparator: string, root: string): string {
  const structHash = keccak256(
    AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32"], [BUNDLE_TYPEHASH, root]),
  );
  return typedDataDigest(domainSeparator, structHash);
}

function parentsOf(level: readonly string[]): string[] {
  const parents: string[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const [left, right] = [level[i] as string, level[i + 1]];
    parents.push(right === undefined ? left : hashPair(left, right));
  }
  return parents;
}

function hashPair(a: string, b: string): string {
  const [first, second] = BigInt(a) < BigInt(b) ? [a, b] : [b, a];
  return hashWords([bytes32Word(first), bytes32Word(second)]);
}

function nonEmpty(leaves: readonly string[]): readonly string[] {
  if (leaves.length === 0) throw new BundleEmptyError();
  return leaves;
}
