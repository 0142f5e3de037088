// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MachineMemory} from "./MachineMemory.sol";

/// @notice How sums become elements again: divided toward zero, then clipped to `lo .. lo + range`.
struct Requantisation {
    int256 divisor;
    int256 lo;
    uint256 range;
}

/// @title Requantisations
/// @notice Reads a requantisation and applies it to runs of words.
library Requantisations {
    using MachineMemory for uint256;

    uint256 internal constant BYTES = 24;

    /// @notice Whether the divisor at `place` is positive, and the bounds after it are not crossed.
    function isInOrder(uint256 place) internal pure returns (bool) {
        unchecked {
            return place.i64() > 0 && (place + 16).i64() >= (place + 8).i64();
        }
    }

    /// @notice The divisor, the lower and the upper bound at `at`, and whether they are in order.
    function read(uint256 place) internal pure returns (Requantisation memory r, bool holds) {
        unchecked {
            r.divisor = place.i64();
            r.lo = (place + 8).i64();
            int256 hi = (place + 16).i64();
            r.range = uint256(hi - r.lo);
            holds = r.divisor > 0 && hi >= r.lo;
        }
    }

    /// @notice y = clip(truncDiv((x + b)·m, divisor), lo, hi) for `count` words.
    /// @dev Nothing wraps: b and m have 64 bits, and x no more than that.
    function map(Requantisation memory r, uint256 src, uint256 dst, uint256 count, int256 m, int256 b) internal pure {
        assembly ("memory-safe") {
            let divisor := mload(r)
            let lo := mload(add(r, 32))
            let range := mload(add(r, 64))
            for {
                let end := add(src, shl(5, count))
            } lt(src, end) {
                src := add(src, 32)
            } {
                let value := sub(sdiv(mul(add(mload(src), b), m), divisor), lo)
                if gt(value, range) {
                    value := mul(range, sgt(value, 0))
                }
                mstore(dst, add(value, lo))
                dst := add(dst, 32)
            }
        }
    }

    /// @notice The same for `count` words with each its own pair at `pairs`: m i64, b i64.
    function mapEach(Requantisation memory r, uint256 src, uint256 dst, uint256 count, uint256 pairs) internal pure {
        assembly ("memory-safe") {
            let divisor := mload(r)
            let lo := mload(add(r, 32))
            let range := mload(add(r, 64))
            for {
                let end := add(src, shl(5, count))
            } lt(src, end) {
                src := add(src, 32)
            } {
                let pair := mload(pairs)
                let value := mul(add(mload(src), sar(192, shl(64, pair))), sar(192, pair))
                value := sub(sdiv(value, divisor), lo)
                if gt(value, range) {
                    value := mul(range, sgt(value, 0))
                }
                mstore(dst, add(value, lo))
                dst := add(dst, 32)
                pairs := add(pairs, 16)
            }
        }
    }
}
