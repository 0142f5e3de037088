// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {Bounds} from "./Bounds.sol";
import {ElementFormat, ElementFormats} from "./ElementFormat.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";
import {Step, Steps} from "./Steps.sol";

/// @title Checkpoints
/// @notice The elements alive before a step, packed one segment after the other.
library Checkpoints {
    using MachineMemory for uint256;

    /// Upper bounds, growth of memory and the copy that leaves the machine included.
    uint256 private constant BASE_GAS = 3_000;
    uint256 private constant SEGMENT_GAS = 500;
    uint256 private constant ELEMENT_GAS = 110;

    /// @notice Puts a checkpoint before `step` back into the arena.
    function load(Graph memory graph, Step memory step, bytes calldata state) internal pure {
        unchecked {
            uint256 length = _lengthOf(graph, step);
            require(state.length == length, IExactMachine.StateLengthWrong(state.length, length));
            uint256 from;
            assembly ("memory-safe") {
                from := state.offset
            }
            for (uint256 i; i < step.liveCount; ++i) {
                (uint256 place, uint256 count, ElementFormat memory format) = _segment(graph, step, i);
                ElementFormats.unpackCalldata(format, from, place, count);
                from += count * format.width;
            }
        }
    }

    /// @notice The checkpoint before `step`.
    function save(Graph memory graph, Step memory step) internal pure returns (bytes memory state) {
        unchecked {
            uint256 length = _lengthOf(graph, step);
            // One word of slack: packing writes whole words.
            state = new bytes(length + 32);
            uint256 to;
            assembly ("memory-safe") {
                mstore(state, length)
                to := add(state, 32)
            }
            for (uint256 i; i < step.liveCount; ++i) {
                (uint256 place, uint256 count, ElementFormat memory format) = _segment(graph, step, i);
                ElementFormats.pack(format, place, to, count);
                to += count * format.width;
            }
            // Bytes beyond the length must not show in what is returned.
            assembly ("memory-safe") {
                mstore(to, 0)
            }
        }
    }

    /// @notice What saving the checkpoint before `step` and returning it costs at most.
    function gasOf(Step memory step) internal pure returns (uint256 gas) {
        unchecked {
            gas = BASE_GAS + SEGMENT_GAS * step.liveCount;
            uint256 end = step.live + Steps.SEGMENT_BYTES * step.liveCount;
            for (uint256 place = step.live; place < end; place += Steps.SEGMENT_BYTES)
                gas += ELEMENT_GAS * (place + 4).u32();
        }
    }

    function _lengthOf(Graph memory graph, Step memory step) private pure returns (uint256 length) {
        unchecked {
            for (uint256 i; i < step.liveCount; ++i) {
                (, uint256 count, ElementFormat memory format) = _segment(graph, step, i);
                length += count * format.width;
            }
        }
    }

    function _segment(
        Graph memory graph,
        Step memory step,
        uint256 index
    ) private pure returns (uint256 place, uint256 count, ElementFormat memory format) {
        unchecked {
            uint256 segment = step.live + Steps.SEGMENT_BYTES * index;
            bool known;
            (format, known) = ElementFormats.fromByte((segment + 8).u8());
            Bounds.requireFormat(graph, known);
            count = (segment + 4).u32();
            place = Bounds.span(graph, segment.u32(), count);
        }
    }
}
