/** A release's number: first v1.00, then v1.01 …, v2.00. */
export interface ReleaseVersion {
  major: number;
  minor: number;
}

const LARGEST = 65_535;

/** `v1.00`; minors past 99 take more digits. */
export function formatVersion({ major, minor }: ReleaseVersion): string {
  return `v${major}.${String(minor).padStart(2, "0")}`;
}

/** Inverse of `formatVersion`, the `v` optional; undefined for anything else, `1.1` too, which could mean 1.01 or 1.10. */
export function parseVersion(text: string): ReleaseVersion | undefined {
  const match = /^v?([1-9]\d{0,4})\.(\d{2}|[1-9]\d{2,4})$/.exec(text);
  if (match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > LARGEST || minor > LARGEST ? undefined : { major, minor };
}
