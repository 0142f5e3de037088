/**
 * @param {string} version Such as "20.20.2".
 * @param {string} range Such as ">=22.18.0", the only form that this repository uses.
 */
export function isNewEnough(version, range) {
  const match = /^>=(\d+\.\d+\.\d+)$/.exec(range);
  if (match?.[1] === undefined) {
    throw new Error(`engines.node is "${range}"; it must have the form ">=x.y.z"`);
  }
  return version.localeCompare(match[1], "en", { numeric: true }) >= 0;
}
