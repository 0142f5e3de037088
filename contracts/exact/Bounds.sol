// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @title Bounds
/// @notice What every step checks before it touches the arena.
library Bounds {
    using MachineMemory for uint256;

    uint256 private constant MAX_LOOPS = 8;

    /// @notice Reverts where the step breaks the format.
    function requireFormat(Graph memory graph, bool holds) internal pure {
        if (!holds) revert IExactMachine.StepMalformed(graph.pc);
    }

    /// @notice The place of `count` words of the arena from `offset` on; reverts where they are not all in it.
    function span(Graph memory graph, uint256 offset, uint256 count) internal pure returns (uint256) {
        // Bounds: fields of 32 bits and products of at most three of them.
        unchecked {
            if (offset + count > graph.arenaWords) revert IExactMachine.StepOutsideArena(graph.pc);
            return graph.arena + 32 * offset;
        }
    }

    /// @notice The place of the first word of nested loops; reverts where one of their words is not in the arena.
    /// @param loops place of the loops, each a count of 32 bits and strides of 32 bits
    /// @param size bytes of one loop
    /// @param stride where in a loop the stride is that counts here
    function reach(
        Graph memory graph,
        uint256 offset,
        uint256 loops,
        uint256 count,
        uint256 size,
        uint256 stride
    ) internal pure returns (uint256) {
        (int256 low, int256 high) = extent(loops, count, size, stride);
        return within(graph, offset, low, high);
    }

    /// @notice The place of `offset`, where the words from `offset + low` to `offset + high` are all in the arena.
    function within(Graph memory graph, uint256 offset, int256 low, int256 high) internal pure returns (uint256) {
        unchecked {
            // Either below zero sets the highest bit.
            int256 wrong = (int256(offset) + low) | (int256(graph.arenaWords) - 1 - int256(offset) - high);
            if (wrong < 0) revert IExactMachine.StepOutsideArena(graph.pc);
            return graph.arena + 32 * offset;
        }
    }

    /// @notice How far below and above their start nested loops reach.
    function extent(
        uint256 loops,
        uint256 count,
        uint256 size,
        uint256 stride
    ) internal pure returns (int256 low, int256 high) {
        // Bounds: at most 16 products of 32 by 32 bits.
        unchecked {
            for (uint256 end = loops + count * size; loops < end; loops += size) {
                int256 way = (int256(loops.u32()) - 1) * (loops + stride).i32();
                if (way < 0) low += way;
                else high += way;
            }
        }
    }

    /// @notice Reverts where one of `count` loops runs zero times, or where they are too many or fewer than `min`.
    function requireLoops(Graph memory graph, uint256 loops, uint256 count, uint256 size, uint256 min) internal pure {
        unchecked {
            bool holds = count >= min && count <= MAX_LOOPS;
            for (uint256 i; holds && i < count; ++i) holds = (loops + i * size).u32() != 0;
            requireFormat(graph, holds);
        }
    }
}
