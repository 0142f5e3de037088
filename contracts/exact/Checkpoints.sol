// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {Bounds} from "./Bounds.sol";
import {ElementFormat, ElementFormats} from "./ElementFormat.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";
import {Steps} from "./Steps.sol";

/// @title Checkpoints
/// @notice The elements alive before a step, packed one segment after the other.
library Checkpoints {
    using MachineMemory for uint256;

    /// Upper bounds, growth of memory and the copy that leaves the machine included.
    uint256 private constant BASE_GAS = 3_000;
    uint256 private constant SEGMENT_GAS = 500;
    uint256 private constant ELEMENT_GAS = 110;

    /// @notice Puts a checkpoint before `step` back into the arena.
    function load(Graph memory graph, uint256 step, bytes calldata state) internal pure {
        unchecked {
            uint256 length = _lengthOf(graph, step);
            require(state.length == length, IExactMachine.StateLengthWrong(state.length, length));
            uint256 from;
            assembly ("memory-safe") {
                from := state.offset
            }
            (uint256 segment, uint256 end) = Steps.liveOf(step);
            for (; segment < end; segment += Steps.SEGMENT_BYTES) {
                (uint256 place, uint256 count, ElementFormat memory format) = _read(graph, segment);
                ElementFormats.unpackCalldata(format, from, place, count);
                from += count * format.width;
            }
        }
    }

    /// @notice The checkpoint before `step`.
    function save(Graph memory graph, uint256 step) internal pure returns (bytes memory state) {
        unchecked {
            uint256 length = _lengthOf(graph, step);
            // One word of slack: packing writes whole words.
            state = new bytes(length + 32);
            uint256 to;
            assembly ("memory-safe") {
                mstore(state, length)
                to := add(state, 32)
            }
            (uint256 segment, uint256 end) = Steps.liveOf(step);
            for (; segment < end; segment += Steps.SEGMENT_BYTES) {
                (uint256 place, uint256 count, ElementFormat memory format) = _read(graph, segment);
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
    function gasOf(uint256 step) internal pure returns (uint256 gas) {
        unchecked {
            gas = BASE_GAS;
            (uint256 segment, uint256 end) = Steps.liveOf(step);
            for (; segment < end; segment += Steps.SEGMENT_BYTES)
                gas += SEGMENT_GAS + ELEMENT_GAS * (segment + 4).u32();
        }
    }

    function _lengthOf(Graph memory graph, uint256 step) private pure returns (uint256 length) {
        unchecked {
            (uint256 segment, uint256 end) = Steps.liveOf(step);
            for (; segment < end; segment += Steps.SEGMENT_BYTES) {
                (, uint256 count, ElementFormat memory format) = _read(graph, segment);
                length += count * format.width;
            }
        }
    }

    function _read(
        Graph memory graph,
        uint256 segment
    ) private pure returns (uint256 place, uint256 count, ElementFormat memory format) {
        unchecked {
            bool known;
            (format, known) = ElementFormats.fromByte((segment + 8).u8());
            Bounds.requireFormat(graph, known);
            count = (segment + 4).u32();
            place = Bounds.span(graph, segment.u32(), count);
        }
    }
}
