// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {BlobStream} from "./BlobStream.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @title Steps
/// @notice Keeps a window of the program in memory and finds steps in it. A step is the place of its record: u8 opcode,
/// u16 bytes of the record, u32 bound of its gas, u8 segments alive before it, these segments, the body.
library Steps {
    using MachineMemory for uint256;

    /// @notice What a record may have in bytes.
    uint256 internal constant MAX_RECORD_BYTES = 4_096;
    uint256 internal constant SEGMENT_BYTES = 9;

    uint256 private constant HEAD_BYTES = 8;
    uint256 private constant WINDOW_BYTES = 16_384;

    /// @notice Makes room for the window, with one word more for reads of its last fields, and begins it at `pc`, which
    /// must be in the program.
    function open(Graph memory graph, uint256 pc) internal view {
        unchecked {
            uint256 size = graph.programBytes > WINDOW_BYTES ? WINDOW_BYTES : graph.programBytes;
            graph.window = MachineMemory.allocate((size + 63) & ~uint256(31));
            _fill(graph, pc);
        }
    }

    /// @notice The step at `pc`, brought into the window with the one after it.
    /// @dev Places of steps stay valid until the next call.
    function stepAt(Graph memory graph, uint256 pc) internal view returns (uint256) {
        unchecked {
            // Before the window it wraps to more than any reach.
            if (pc - graph.windowFrom > graph.windowReach) _fill(graph, pc);
            return peek(graph, pc);
        }
    }

    /// @notice The step at `pc`, where that is the one of the last call of `stepAt` or the one after it.
    function peek(Graph memory graph, uint256 pc) internal pure returns (uint256 step) {
        unchecked {
            step = graph.window + pc - graph.windowFrom;
            uint256 size = bytesOf(step);
            // A difference below zero sets the highest bit.
            uint256 wrong = (MAX_RECORD_BYTES - size) | (graph.programBytes - pc - size) | (step + size - bodyOf(step));
            if (wrong >> 255 != 0) revert IExactMachine.StepMalformed(pc);
        }
    }

    /// @dev A window that does not hold the program's end must hold two records from where a step is.
    function _fill(Graph memory graph, uint256 pc) private view {
        unchecked {
            uint256 size = graph.programBytes - pc;
            graph.windowFrom = pc;
            graph.windowReach = size;
            if (size > WINDOW_BYTES) {
                size = WINDOW_BYTES;
                graph.windowReach = WINDOW_BYTES - 2 * MAX_RECORD_BYTES;
            }
            BlobStream.read(graph, graph.window, pc, size);
        }
    }

    function opcodeOf(uint256 step) internal pure returns (uint256) {
        return step.u8();
    }

    function bytesOf(uint256 step) internal pure returns (uint256) {
        unchecked {
            return (step + 1).u16();
        }
    }

    /// @notice What the step costs at most, as the lowering wrote it.
    function gasBoundOf(uint256 step) internal pure returns (uint256) {
        unchecked {
            return (step + 3).u32();
        }
    }

    /// @notice Where the segments of the arena that are alive before the step are, and where their list ends.
    function liveOf(uint256 step) internal pure returns (uint256 first, uint256 end) {
        return (step + HEAD_BYTES, bodyOf(step));
    }

    function bodyOf(uint256 step) internal pure returns (uint256) {
        unchecked {
            return step + HEAD_BYTES + SEGMENT_BYTES * (step + 7).u8();
        }
    }
}
