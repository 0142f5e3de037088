// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {BlobStream} from "./BlobStream.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @notice One step of a program, as its record has it. Places are addresses in memory.
struct Step {
    uint256 opcode;
    uint256 nextPc;
    /// What the step costs at most, as the lowering wrote it.
    uint256 gasBound;
    /// The segments of the arena that are alive before the step.
    uint256 live;
    uint256 liveCount;
    uint256 body;
    uint256 end;
}

/// @title Steps
/// @notice Keeps a window of the program in memory and finds steps in it.
library Steps {
    using MachineMemory for uint256;

    /// @notice What a record may have in bytes.
    uint256 internal constant MAX_RECORD_BYTES = 4_096;
    uint256 internal constant SEGMENT_BYTES = 9;

    uint256 private constant HEAD_BYTES = 8;
    uint256 private constant WINDOW_BYTES = 16_384;

    /// @notice Makes room for the window; one word more for reads of its last fields.
    function open(Graph memory graph) internal pure {
        unchecked {
            uint256 size = graph.programBytes > WINDOW_BYTES ? WINDOW_BYTES : graph.programBytes;
            graph.window = MachineMemory.allocate((size + 63) & ~uint256(31));
        }
    }

    /// @notice Brings the step at `pc` and the one after it into the window.
    /// @dev Places of steps stay valid until the next call.
    function focus(Graph memory graph, uint256 pc) internal view {
        unchecked {
            uint256 programBytes = graph.programBytes;
            uint256 needed = pc + 2 * MAX_RECORD_BYTES;
            if (needed > programBytes) needed = programBytes;
            if (pc >= graph.windowFrom && needed <= graph.windowEnd) return;
            uint256 size = programBytes - pc;
            if (size > WINDOW_BYTES) size = WINDOW_BYTES;
            BlobStream.read(graph, graph.window, pc, size);
            graph.windowFrom = pc;
            graph.windowEnd = pc + size;
        }
    }

    /// @notice The step at `pc`, which must be in the window.
    function read(Graph memory graph, uint256 pc) internal pure returns (Step memory step) {
        unchecked {
            uint256 head = graph.window + pc - graph.windowFrom;
            uint256 size = (head + 1).u16();
            step.opcode = head.u8();
            step.nextPc = pc + size;
            step.gasBound = (head + 3).u32();
            step.liveCount = (head + 7).u8();
            step.live = head + HEAD_BYTES;
            step.body = step.live + SEGMENT_BYTES * step.liveCount;
            step.end = head + size;
            bool fits = size <= MAX_RECORD_BYTES && step.nextPc <= graph.programBytes && step.body <= step.end;
            require(fits, IExactMachine.StepMalformed(pc));
        }
    }
}
