import { NetworkError } from "@opg-network/sdk/errors";
import { parseGrains, parseOpg } from "@opg-network/sdk/opg";
import { MODES, type ModeName } from "@opg-network/sdk/request";
import { getAddress, isAddress, isHexString, ZeroAddress } from "ethers";
import { CommandError } from "./commandError.ts";

/** Sets of roles by bit, as `Operators` keeps them. */
export const ROLE_NAMES = ["inference", "verifier", "storage", "data"] as const;

export function addressArgument(name: string, value: string): string {
  if (!isAddress(value) || value === ZeroAddress) throw invalid(name, value, "an address");
  return getAddress(value);
}

export function bytes32Argument(name: string, value: string): string {
  if (!isHexString(value, 32)) throw invalid(name, value, "32 bytes in hex");
  return value.toLowerCase();
}

export function integerArgument(name: string, value: string, smallest: number, largest: number): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= smallest && number <= largest))
    throw invalid(name, value, `a whole number from ${smallest} to ${largest}`);
  return number;
}

/** OPG to token wei. */
export function amountArgument(name: string, value: string): bigint {
  return amount(name, value, parseOpg);
}

/** OPG in whole grains, for what the protocol accounts in them. */
export function grainsArgument(name: string, value: string): bigint {
  return amount(name, value, parseGrains);
}

export function modeArgument(name: string, value: string): number {
  const mode = MODES.indexOf(value.toUpperCase() as ModeName);
  if (mode === -1) throw invalid(name, value, `one of ${MODES.join(", ")}`);
  return mode;
}

/** Set of modes from a comma-separated list. */
export function modesArgument(name: string, value: string): number {
  return value.split(",").reduce((bits, mode) => bits | (1 << modeArgument(name, mode.trim())), 0);
}

/** Set of roles from a comma-separated list. */
export function rolesArgument(name: string, value: string): number {
  return value.split(",").reduce((bits, text) => {
    const role = ROLE_NAMES.indexOf(text.trim() as (typeof ROLE_NAMES)[number]);
    if (role === -1) throw invalid(name, value, `a list of ${ROLE_NAMES.join(", ")}`);
    return bits | (1 << role);
  }, 0);
}

/** An amount, or the word `all`. */
export function amountOrAll(name: string, value: string, all: bigint): bigint {
  return value === "all" ? all : amountArgument(name, value);
}

export function modeNames(bits: bigint | number): string[] {
  return MODES.filter((_, mode) => (Number(bits) >> mode) & 1);
}

export function roleNames(bits: bigint | number): string[] {
  return ROLE_NAMES.filter((_, role) => (Number(bits) >> role) & 1);
}

export function invalid(name: string, value: string, expected: string): CommandError {
  return new CommandError("argument-invalid", { name, value, expected });
}

function amount(name: string, value: string, parse: (text: string) => bigint): bigint {
  try {
    return parse(value);
  } catch (cause) {
    if (!(cause instanceof NetworkError)) throw cause;
    throw new CommandError(
      "argument-invalid",
      { name, value, expected: `an amount of OPG: ${String(cause.data.problem)}` },
      cause,
    );
  }
}
