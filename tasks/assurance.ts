import type { Release } from "./release.ts";

/** What an answer of a release is worth: said wherever a release or a mode is chosen. */
export function assuranceOf({ isExact }: Pick<Release, "isExact">): string {
  return isExact
    ? "exact: a wrong answer can be proved on chain"
    : "approximate: answers are attributable, not provable";
}

/** For tables and `--json`. */
export function arithmeticOf({ isExact }: Pick<Release, "isExact">): "exact" | "approximate" {
  return isExact ? "exact" : "approximate";
}
