const PART = /^[A-Za-z0-9_][A-Za-z0-9._+ -]*$/;
const MAX_LENGTH = 255;

/**
 * Whether a path of a release means the same file on every system and cannot leave the folder it is put in:
 * relative, `/` between its parts, each of plain characters and none beginning with a dot.
 */
export function isPlainPath(path: string): boolean {
  return path.length <= MAX_LENGTH && path.split("/").every((part) => PART.test(part));
}
