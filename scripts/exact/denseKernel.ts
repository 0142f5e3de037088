// Writes contracts/exact/DenseKernel.sol. A test compares the committed file with what this makes.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CONTRACTS = new URL("../../contracts/exact/", import.meta.url);
export const KERNEL_FILE: string = fileURLToPath(new URL("DenseKernel.sol", CONTRACTS));
const WORD = 32;
const LANES = 10;

/** Where the kernel can stop: after so many terms. Short sums stop close to their end, long ones rarely look. */
const SHORT = [4, 8, 12, 16, 24, 32];
const LONG = [48, 64, 80, 96, 128, 160, 192, 256];

type Term = (index: number) => string;

/** The source of the library, with the addresses that `MachineMemory.sol` fixes. */
export function denseKernelSource(): string {
  const memory = readFileSync(new URL("MachineMemory.sol", CONTRACTS), "utf8");
  const [x, w] = [addressOf(memory, "X_BLOCK"), addressOf(memory, "W_BLOCK")];
  const clip: Clip = {
    divisor: cell(addressOf(memory, "DIVISOR")),
    lowest: cell(addressOf(memory, "LOWEST")),
    range: cell(addressOf(memory, "RANGE")),
  };
  const load = (block: number, index: number) => `mload(0x${(block + index * WORD).toString(16)})`;
  const whole: Term = (i) => `add(sum, mul(${load(w, i)}, ${load(x, i)}))`;
  const masked: Term = (i) => `add(sum, mul(and(${load(w, i)}, filter), ${load(x, i)}))`;
  const inputs: Term = (i) => `add(sum, ${load(x, i)})`;
  return `${HEAD}
${sumFunctions("whole", "limit", whole)}
${sumFunctions("masked", "limit, filter", masked)}
${multiplyRest(cell(addressOf(memory, "KEPT_SUMS")))}
    /// @notice Σ of the inputs.
    function inputSum(uint256 terms) internal pure returns (uint256 total) {
        assembly ("memory-safe") {
${sumFunctions("inputs", "limit", inputs)}
            total := inputs(terms)
        }
    }
${REQUANTISE_HEAD}
${Array.from({ length: LANES / 2 }, (_, pair) => pairOf(pair, clip)).join("\n")}
${requantiseRest(clip)}
}
`;
}

/** Where the kernel reads how sums become elements. */
type Clip = Readonly<Record<"divisor" | "lowest" | "range", string>>;

const HEAD = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title DenseKernel
/// @notice The inner sums of dense layers over the fixed blocks of inputs and weights, unrolled, so that every address
/// is a constant. Written by \`scripts/exact/denseKernel.ts\`.
/// @dev Each sum runs to \`reach(terms)\`. Inputs between must be zero.
library DenseKernel {
    // solhint-disable function-max-lines

    /// @notice Where the sums stop for that many terms, 1 to 256: at the next of
    /// ${[...SHORT, ...LONG].join(", ")}.
    function reach(uint256 terms) internal pure returns (uint256) {
        unchecked {
            if (terms > 192) return 256;
            if (terms > 96) return (terms + 31) & ~uint256(31);
            if (terms > 32) return (terms + 15) & ~uint256(15);
            if (terms > 16) return (terms + 7) & ~uint256(7);
            return (terms + 3) & ~uint256(3);
        }
    }

    /// @notice Adds the products of up to 30 columns to their sums at \`place\`: for each ten columns two words, the
    /// even and the odd lanes, 48 bits each. What was there before the first block of K counts nothing.
    /// @dev A lane's first byte masked alone sums to 24 bits at most (256·255·255 < 2^24), so does its second, and
    /// the sum of the whole words, less these two, is that of its third.
    /// @param firstBytes the mask of every lane's first byte; for a literal the compiler would make a kernel of its own
    function multiply(uint256 terms, uint256 columns, uint256 place, uint256 firstBytes) internal pure {
        assembly ("memory-safe") {`;

const multiplyRest = (kept: string) => `            function accumulate(to, sum) {
                let even := 0xffffff000000ffffff000000ffffff000000ffffff000000ffffff
                mstore(to, add(and(mload(to), ${kept}), and(sum, even)))
                mstore(add(to, 32), add(and(mload(add(to, 32)), ${kept}), and(shr(24, sum), even)))
            }
            let all := whole(terms)
            if gt(columns, 10) {
                let first := masked(terms, firstBytes)
                all := sub(all, first)
                accumulate(place, first)
                place := add(place, 64)
                if gt(columns, 20) {
                    let second := masked(terms, shl(8, firstBytes))
                    all := shr(8, sub(all, second))
                    accumulate(place, shr(8, second))
                    place := add(place, 64)
                }
                all := shr(8, all)
            }
            accumulate(place, all)
        }
    }
`;

const REQUANTISE_HEAD = `
    /// @notice Makes elements at \`y\` of the sums that \`multiply\` left at \`place\`.
    /// @param params of each column m i64 and b i64
    /// @param correction what every sum has too much
    /// @dev Ten at a time where the lower bound is zero, as it is for bytes. Divisor and bounds are in memory: not all
    /// fits the stack. The functions inside end early, so that they are not merged into others either.
    function requantise(uint256 place, uint256 columns, uint256 params, uint256 y, uint256 correction) internal pure {
        assembly ("memory-safe") {
            function tens(from, left, param, to, excess) {
                for {} gt(left, 9) {
                    left := sub(left, 10)
                } {
                    let even := mload(from)
                    let odd := mload(add(from, 32))`;

/** Two lanes of ten, the parameters of which are one word. */
function pairOf(pair: number, clip: Clip): string {
  const lane = (word: string) => (pair === 0 ? word : `shr(${48 * pair}, ${word})`);
  return `                    {
                        let both := mload(${moved("param", WORD * pair)})
${elementOf({ ...FIRST, lane: lane("even"), to: moved("to", 2 * WORD * pair), depth: 24, clip })}
${elementOf({ ...SECOND, lane: lane("odd"), to: moved("to", 2 * WORD * pair + WORD), depth: 24, clip })}
                    }`;
}

/** m and b in a word that holds those of two columns. */
const FIRST = { m: "sar(192, both)", b: "sar(192, shl(64, both))" } as const;
const SECOND = { m: "sar(192, shl(128, both))", b: "signextend(7, both)" } as const;

function moved(place: string, by: number): string {
  return by === 0 ? place : `add(${place}, ${by})`;
}

type Element = { m: string; b: string; lane: string; to: string; depth: number; clip: Clip; lo?: string };

/** One lane: its sum, less the correction, plus b, times m, divided and clipped. */
function elementOf({ m, b, lane, to, depth, clip, lo }: Element): string {
  const quotient = `sdiv(mul(value, ${m}), ${clip.divisor})`;
  const lines = [
    "{",
    `    let value := add(and(${lane}, 0xffffffffffff), sub(${b}, excess))`,
    `    value := ${lo === undefined ? quotient : `sub(${quotient}, ${lo})`}`,
    `    if gt(value, ${clip.range}) {`,
    `        value := mul(${clip.range}, sgt(value, 0))`,
    "    }",
    `    mstore(${to}, ${lo === undefined ? "value" : `add(value, ${lo})`})`,
    "}",
  ];
  return lines.map((line) => " ".repeat(depth) + line).join("\n");
}

function requantiseRest(clip: Clip): string {
  const element = { ...FIRST, lo: "lo", clip };
  return `                    from := add(from, 64)
                    param := add(param, 160)
                    to := add(to, 320)
                }
                if left {
                    ones(from, left, param, to, excess, 0)
                    leave
                }
            }
            function ones(from, left, param, to, excess, lo) {
                let even := mload(from)
                let odd := mload(add(from, 32))
                for {} 1 {} {
                    let both := mload(param)
${elementOf({ ...element, lane: "even", to: "to", depth: 20 })}
                    if eq(left, 1) {
                        leave
                    }
${elementOf({ ...element, ...SECOND, lane: "odd", to: "add(to, 32)", depth: 20 })}
                    left := sub(left, 2)
                    if iszero(left) {
                        leave
                    }
                    even := shr(48, even)
                    odd := shr(48, odd)
                    param := add(param, 32)
                    to := add(to, 64)
                }
            }
            let lo := ${clip.lowest}
            switch lo
            case 0 {
                tens(place, columns, params, y, correction)
            }
            default {
                for {} gt(columns, 10) {} {
                    ones(place, 10, params, y, correction, lo)
                    columns := sub(columns, 10)
                    place := add(place, 64)
                    params := add(params, 160)
                    y := add(y, 320)
                }
                ones(place, columns, params, y, correction, lo)
            }
        }
    }`;
}

/** A sum in assembly, in two functions: for few terms and for many. */
function sumFunctions(name: string, parameters: string, term: Term): string {
  return `            function ${name}Few(${parameters}) -> sum {
${stretches(SHORT, term)}
            }
            function ${name}(${parameters}) -> sum {
                if lt(limit, ${1 + Math.max(...SHORT)}) {
                    sum := ${name}Few(${parameters})
                    leave
                }
${stretches(LONG, term)}
            }`;
}

function stretches(stops: readonly number[], term: Term): string {
  const indent = " ".repeat(16);
  let start = 0;
  const parts = stops.map((stop, i) => {
    const lines = Array.from({ length: stop - start }, (_, j) => `${indent}sum := ${term(start + j)}`);
    start = stop;
    if (i < stops.length - 1) {
      lines.push(`${indent}if lt(limit, ${stop + 1}) {`, `${indent}    leave`, `${indent}}`);
    }
    return lines.join("\n");
  });
  return parts.join("\n");
}

function cell(address: number): string {
  return `mload(0x${address.toString(16)})`;
}

function addressOf(source: string, name: string): number {
  const value = new RegExp(`constant ${name} = (0x[0-9a-f]+);`).exec(source)?.[1];
  if (value === undefined) throw new Error(`MachineMemory.sol fixes no ${name}`);
  return Number(value);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(KERNEL_FILE, denseKernelSource());
