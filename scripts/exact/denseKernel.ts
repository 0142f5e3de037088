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
  const load = (block: number, index: number) => `mload(0x${(block + index * WORD).toString(16)})`;
  const whole: Term = (i) => `add(sum, mul(${load(w, i)}, ${load(x, i)}))`;
  const masked: Term = (i) => `add(sum, mul(and(${load(w, i)}, filter), ${load(x, i)}))`;
  const inputs: Term = (i) => `add(sum, ${load(x, i)})`;
  return `${HEAD}
${sumFunctions("whole", "limit", whole)}
${sumFunctions("masked", "limit, filter", masked)}
${MULTIPLY}
    /// @notice Σ of the inputs.
    function inputSum(uint256 terms) internal pure returns (uint256 total) {
        assembly ("memory-safe") {
${sumFunctions("inputs", "limit", inputs)}
            total := inputs(terms)
        }
    }
${REQUANTISE_HEAD}
${Array.from({ length: LANES }, (_, lane) => tenthOf(lane)).join("\n")}
${REQUANTISE_REST}
}
`;
}

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
    /// even and the odd lanes, 48 bits each.
    /// @dev A lane's first byte masked alone sums to 24 bits at most (256·255·255 < 2^24), so does its second, and
    /// the sum of the whole words, less these two, is that of its third.
    /// @param firstBytes the mask of every lane's first byte; for a literal the compiler would make a kernel of its own
    function multiply(uint256 terms, uint256 columns, uint256 place, uint256 firstBytes) internal pure {
        assembly ("memory-safe") {`;

const MULTIPLY = `            function accumulate(to, sum) {
                let even := 0xffffff000000ffffff000000ffffff000000ffffff000000ffffff
                mstore(to, add(mload(to), and(sum, even)))
                mstore(add(to, 32), add(mload(add(to, 32)), and(shr(24, sum), even)))
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
    /// @param r divisor, lower and upper bound, i64 each
    /// @dev Ten at a time where the lower bound is zero, as it is for bytes. Divisor and range wait in the scratch
    /// space: not all fits the stack. The functions inside end early, so that they are not merged into others either.
    function requantise(
        uint256 place,
        uint256 columns,
        uint256 params,
        uint256 y,
        uint256 correction,
        uint256 r
    ) internal pure {
        assembly ("memory-safe") {
            function tens(from, left, param, to, excess) {
                for {} gt(left, 9) {
                    left := sub(left, 10)
                } {
                    let even := mload(from)
                    let odd := mload(add(from, 32))`;

/** One lane of ten: its sum, less the correction, plus b, times m, divided and clipped. */
function tenthOf(lane: number): string {
  const [word, shift] = [lane % 2 === 0 ? "even" : "odd", 48 * Math.floor(lane / 2)];
  const shifted = shift === 0 ? word : `shr(${shift}, ${word})`;
  const moved = (place: string, by: number) => (by === 0 ? place : `add(${place}, ${by})`);
  return `                    {
${elementOf(moved("param", 16 * lane), shifted, moved("to", WORD * lane), 24, true)}
                    }`;
}

function elementOf(param: string, lane: string, to: string, depth: number, isByte = false): string {
  const quotient = "sdiv(mul(value, sar(192, pair)), mload(0))";
  const lines = [
    `let pair := mload(${param})`,
    `let value := add(and(${lane}, 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))`,
    `value := ${isByte ? quotient : `sub(${quotient}, lo)`}`,
    "if gt(value, mload(32)) {",
    "    value := mul(mload(32), sgt(value, 0))",
    "}",
    `mstore(${to}, ${isByte ? "value" : "add(value, lo)"})`,
  ];
  return lines.map((line) => " ".repeat(depth) + line).join("\n");
}

const REQUANTISE_REST = `                    from := add(from, 64)
                    param := add(param, 160)
                    to := add(to, 320)
                }
                if left {
                    ones(from, left, param, to, excess, 0)
                    leave
                }
            }
            function ones(from, left, param, to, excess, lo) {
                let next := mload(from)
                let later := mload(add(from, 32))
                for {} 1 {} {
${elementOf("param", "next", "to", 20)}
                    left := sub(left, 1)
                    if iszero(left) {
                        leave
                    }
                    value := shr(48, next)
                    next := later
                    later := value
                    param := add(param, 16)
                    to := add(to, 32)
                }
            }
            let lo := sar(192, mload(add(r, 8)))
            mstore(0, sar(192, mload(r)))
            mstore(32, sub(sar(192, mload(add(r, 16))), lo))
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

function addressOf(source: string, name: string): number {
  const value = new RegExp(`constant ${name} = (0x[0-9a-f]+);`).exec(source)?.[1];
  if (value === undefined) throw new Error(`MachineMemory.sol fixes no ${name}`);
  return Number(value);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(KERNEL_FILE, denseKernelSource());
