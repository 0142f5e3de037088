// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bounds} from "./Bounds.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @title ZipStep
/// @notice Combines two operands word by word along nested loops. Body: u8 kind (0 add, 1 sub, 2 mul, 3 max, 4 min),
/// a u32, b u32, dst u32, u8 loops, loops × (count u32, aStride i32, bStride i32, dstStride i32), outermost first.
library ZipStep {
    using MachineMemory for uint256;

    uint256 private constant LOOP_BYTES = 16;
    uint256 private constant KINDS = 5;

    function run(Graph memory graph, uint256 body, uint256 end) internal pure {
        unchecked {
            uint256 kind = body.u8();
            uint256 count = (body + 13).u8();
            uint256 loops = body + 14;
            Bounds.requireFormat(graph, kind < KINDS && end == loops + count * LOOP_BYTES);
            Bounds.requireLoops(graph, loops, count, LOOP_BYTES, 1);
            uint256 a = Bounds.reach(graph, (body + 1).u32(), loops, count, LOOP_BYTES, 4);
            uint256 b = Bounds.reach(graph, (body + 5).u32(), loops, count, LOOP_BYTES, 8);
            uint256 dst = Bounds.reach(graph, (body + 9).u32(), loops, count, LOOP_BYTES, 12);
            _walk(loops, count, a, b, dst, kind);
        }
    }

    /// @dev At most eight levels deep. The innermost loop is written once for each kind: to choose inside of it would
    /// cost twice as much.
    // solhint-disable-next-line function-max-lines
    function _walk(uint256 loops, uint256 count, uint256 a, uint256 b, uint256 dst, uint256 kind) private pure {
        assembly ("memory-safe") {
            function sums(times, x, xStep, y, yStep, to, toStep) {
                for {} times {
                    times := sub(times, 1)
                } {
                    mstore(to, add(mload(x), mload(y)))
                    x := add(x, xStep)
                    y := add(y, yStep)
                    to := add(to, toStep)
                }
            }
            function differences(times, x, xStep, y, yStep, to, toStep) {
                for {} times {
                    times := sub(times, 1)
                } {
                    mstore(to, sub(mload(x), mload(y)))
                    x := add(x, xStep)
                    y := add(y, yStep)
                    to := add(to, toStep)
                }
            }
            function products(times, x, xStep, y, yStep, to, toStep) {
                for {} times {
                    times := sub(times, 1)
                } {
                    mstore(to, mul(mload(x), mload(y)))
                    x := add(x, xStep)
                    y := add(y, yStep)
                    to := add(to, toStep)
                }
            }
            function extremes(times, x, xStep, y, yStep, to, toStep, isMin) {
                for {} times {
                    times := sub(times, 1)
                } {
                    let value := mload(x)
                    let other := mload(y)
                    if xor(sgt(other, value), isMin) {
                        value := other
                    }
                    mstore(to, value)
                    x := add(x, xStep)
                    y := add(y, yStep)
                    to := add(to, toStep)
                }
            }
            function walk(loop, left, x, y, to, how) {
                let word := mload(loop)
                let times := shr(224, word)
                let xStep := shl(5, signextend(3, shr(192, word)))
                let yStep := shl(5, signextend(3, shr(160, word)))
                let toStep := shl(5, signextend(3, shr(128, word)))
                if eq(left, 1) {
                    switch how
                    case 0 {
                        sums(times, x, xStep, y, yStep, to, toStep)
                    }
                    case 1 {
                        differences(times, x, xStep, y, yStep, to, toStep)
                    }
                    case 2 {
                        products(times, x, xStep, y, yStep, to, toStep)
                    }
                    default {
                        extremes(times, x, xStep, y, yStep, to, toStep, eq(how, 4))
                    }
                    leave
                }
                for {} times {
                    times := sub(times, 1)
                } {
                    walk(add(loop, 16), sub(left, 1), x, y, to, how)
                    x := add(x, xStep)
                    y := add(y, yStep)
                    to := add(to, toStep)
                }
            }
            walk(loops, count, a, b, dst, kind)
        }
    }
}
