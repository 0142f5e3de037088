// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bounds} from "./Bounds.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @title CopyStep
/// @notice Copies words along nested loops. Body: src u32, dst u32, u8 loops, loops × (count u32, srcStride i32,
/// dstStride i32), outermost first.
library CopyStep {
    using MachineMemory for uint256;

    uint256 private constant LOOP_BYTES = 12;

    function run(Graph memory graph, uint256 body, uint256 end) internal pure {
        unchecked {
            uint256 count = (body + 8).u8();
            uint256 loops = body + 9;
            Bounds.requireFormat(graph, end == loops + count * LOOP_BYTES);
            Bounds.requireLoops(graph, loops, count, LOOP_BYTES, 1);
            uint256 src = Bounds.reach(graph, body.u32(), loops, count, LOOP_BYTES, 4);
            uint256 dst = Bounds.reach(graph, (body + 4).u32(), loops, count, LOOP_BYTES, 8);
            _walk(loops, count, src, dst);
        }
    }

    /// @dev At most eight levels deep. Innermost runs of neighbours move as a whole, and the loop around them does not
    /// call for each: `im2col` and slices consist of those.
    function _walk(uint256 loops, uint256 count, uint256 src, uint256 dst) private pure {
        assembly ("memory-safe") {
            function isRun(loop) -> yes {
                yes := eq(and(shr(160, mload(loop)), 0xffffffffffffffff), 0x0000000100000001)
            }
            function walk(loop, left, from, to) {
                let word := mload(loop)
                let times := shr(224, word)
                let fromStep := shl(5, signextend(3, shr(192, word)))
                let toStep := shl(5, signextend(3, shr(160, word)))
                switch left
                case 1 {
                    if isRun(loop) {
                        mcopy(to, from, shl(5, times))
                        leave
                    }
                    for {} times {
                        times := sub(times, 1)
                    } {
                        mstore(to, mload(from))
                        from := add(from, fromStep)
                        to := add(to, toStep)
                    }
                    leave
                }
                case 2 {
                    if isRun(add(loop, 12)) {
                        let size := shl(5, shr(224, mload(add(loop, 12))))
                        for {} times {
                            times := sub(times, 1)
                        } {
                            mcopy(to, from, size)
                            from := add(from, fromStep)
                            to := add(to, toStep)
                        }
                        leave
                    }
                }
                for {} times {
                    times := sub(times, 1)
                } {
                    walk(add(loop, 12), sub(left, 1), from, to)
                    from := add(from, fromStep)
                    to := add(to, toStep)
                }
            }
            walk(loops, count, src, dst)
        }
    }
}
