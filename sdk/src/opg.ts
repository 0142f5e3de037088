import { formatUnits, parseUnits } from "ethers";
import { NetworkError } from "./errors.ts";

const DECIMALS = 18;
/** Decimals of a grain, the unit of fees, royalties, stakes and prices. */
const GRAIN_DECIMALS = 6;
const SUPPLY = 10n ** 27n;

/** A text that is not an amount of OPG, or of more of it than exists. */
export class AmountInvalidError extends NetworkError {
  constructor(text: string, problem: string) {
    super("amount-invalid", `"${text}" is not an amount of OPG: ${problem}`, { data: { text, problem } });
  }
}

/** Token wei of a decimal amount of OPG such as `"12.5"`. Throws `AmountInvalidError`. */
export function parseOpg(text: string): bigint {
  return parse(text, DECIMALS);
}

/** The same for what must be whole grains (10^-6 OPG): fees, royalties, stakes, prices. */
export function parseGrains(text: string): bigint {
  return parse(text, GRAIN_DECIMALS);
}

/** A decimal amount of OPG from token wei, without trailing zeros: `"12.5"`, `"0"`. */
export function formatOpg(wei: bigint): string {
  return formatUnits(wei, DECIMALS).replace(/\.0$/, "");
}

function parse(text: string, decimals: number): bigint {
  if (!/^\d+(\.\d+)?$/.test(text))
    throw new AmountInvalidError(text, "write digits, with a point for decimals");
  const fraction = (text.split(".")[1] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) throw new AmountInvalidError(text, `it has at most ${decimals} decimals`);
  const wei = parseUnits(
    fraction === "" ? (text.split(".")[0] as string) : `${text.split(".")[0]}.${fraction}`,
    DECIMALS,
  );
  if (wei > SUPPLY) throw new AmountInvalidError(text, "more than the whole supply");
  return wei;
}
