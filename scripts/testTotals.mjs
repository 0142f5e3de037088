import { stripVTControlCharacters } from "node:util";

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Totals
 */

const WORDS = /** @type {const} */ ({
  passing: "passed",
  failing: "failed",
  skipped: "skipped",
  pending: "skipped",
});

/**
 * Counts the tests that a run of `hardhat test` really ran, from what it printed.
 * Hardhat's closing lines count a skipped Mocha test as passed, so Mocha's own lines are taken for its tests, and the
 * closing lines for the others.
 * @param {string} output
 * @returns {Totals}
 */
export function countTests(output) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const line of stripVTControlCharacters(output).split(/\r?\n/)) {
    const own = /^ {2}(\d+) (passing|failing|skipped|pending)( \(\d+(ms|s|m|h)\))?$/.exec(line);
    const closing = /^\d+ (passing|failing|skipped|todo) \((.+)\)$/.exec(line);
    if (own !== null) {
      add(totals, own[2], Number(own[1]));
    } else if (closing?.[2] !== undefined) {
      const [, count] = /(?:^|, )(\d+) solidity(?:,|$)/.exec(closing[2]) ?? [];
      add(totals, closing[1], Number(count ?? 0));
    }
  }
  return totals;
}

/**
 * @param {Totals} totals
 * @param {string | undefined} word
 * @param {number} count
 */
function add(totals, word, count) {
  if (word !== undefined && word in WORDS) {
    totals[WORDS[/** @type {keyof typeof WORDS} */ (word)]] += count;
  }
}
