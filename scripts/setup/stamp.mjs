import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * What an installation was made from. Two fingerprints are equal when nothing that it depends on has changed.
 * @param {readonly string[]} files Files whose contents matter; a missing one counts as empty.
 * @param {readonly string[]} facts Other things that matter, such as the version of Node.
 */
export function fingerprint(files, facts) {
  const hash = createHash("sha256");
  for (const part of [...facts, ...files.map(readOrEmpty)]) {
    hash.update(`${Buffer.byteLength(part)}:${part}`);
  }
  return hash.digest("hex");
}

/**
 * @param {string} stampFile
 * @param {string} expected
 */
export function isFresh(stampFile, expected) {
  return readOrEmpty(stampFile) === expected;
}

/**
 * @param {string} stampFile
 * @param {string} value
 */
export function writeStamp(stampFile, value) {
  writeFileSync(stampFile, value);
}

/** @param {string} file */
function readOrEmpty(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
