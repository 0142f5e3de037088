// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {Dtype} from "../types/Dtype.sol";
import {Graph, Graphs} from "./Graph.sol";
import {LittleEndian} from "./LittleEndian.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @title Border
/// @notice Takes a graph's input out of the encoding of tensors, and gives its output that encoding.
/// @dev Types and shapes are fixed, so every byte of an encoding but the elements is: each word is compared with the
/// only value that it can have.
library Border {
    using MachineMemory for uint256;

    /// Upper bounds of encoding, growth of memory and the copy that leaves the machine included.
    uint256 private constant BASE_GAS = 3_000;
    uint256 private constant TENSOR_GAS = 5_000;
    uint256 private constant ELEMENT_GAS = 300;

    /// @notice Puts the elements of `input` into the arena.
    function load(Graph memory graph, bytes calldata input) internal pure {
        uint256 start;
        assembly ("memory-safe") {
            start := input.offset
        }
        unchecked {
            uint256 count = graph.inputs;
            uint256 wrong = (_word(start) ^ 32) | (_word(start + 32) ^ count);
            uint256 end = start + 64 + 32 * count;
            uint256 tensor = graph.tensors;
            for (uint256 i; i < count; ++i) {
                wrong |= _word(start + 64 + 32 * i) ^ (end - start - 64);
                uint256 differs;
                (differs, tensor, end) = _loadTensor(graph, tensor, end);
                wrong |= differs;
            }
            wrong |= end ^ (start + input.length);
            if (wrong != 0) revert IExactMachine.InputInvalid(graph.root);
        }
    }

    /// @notice The encoding of the outputs, in all the memory that is free.
    function save(Graph memory graph) internal pure returns (bytes memory output) {
        unchecked {
            uint256 count = graph.outputs;
            uint256 tensor = graph.outputTensors;
            uint256 start = MachineMemory.mark() + 32;
            _store(start, 32);
            _store(start + 32, count);
            uint256 end = start + 64 + 32 * count;
            for (uint256 i; i < count; ++i) {
                _store(start + 64 + 32 * i, end - start - 64);
                (tensor, end) = _saveTensor(graph, tensor, end);
            }
            MachineMemory.release(end);
            _store(start - 32, end - start);
            assembly ("memory-safe") {
                output := sub(start, 32)
            }
        }
    }

    /// @notice What saving and returning the outputs costs at most.
    function gasOf(Graph memory graph) internal pure returns (uint256 gas) {
        unchecked {
            uint256 tensor = graph.outputTensors;
            gas = BASE_GAS + TENSOR_GAS * (graph.inputs + graph.outputs);
            for (uint256 left = graph.outputs; left != 0; --left) {
                uint256 elements;
                (elements, tensor) = Graphs.elementsOf(tensor);
                gas += ELEMENT_GAS * elements;
            }
        }
    }

    /// @dev Unpacks before it knows that all is well; the caller refuses the whole input where `wrong` is not zero.
    function _loadTensor(
        Graph memory graph,
        uint256 tensor,
        uint256 place
    ) private pure returns (uint256 wrong, uint256 next, uint256 end) {
        unchecked {
            uint256 dtype = tensor.u8();
            uint256 rank = (tensor + 1).u8();
            wrong = (_word(place) ^ dtype) | (_word(place + 32) ^ 96) | (_word(place + 64) ^ (128 + 32 * rank));
            wrong |= _word(place + 96) ^ rank;
            place += 128;
            uint256 axis = tensor + 2;
            next = axis + 4 * rank;
            uint256 elements = 1;
            for (; axis < next; axis += 4) {
                uint256 length = axis.u32();
                elements *= length;
                wrong |= _word(place) ^ length;
                place += 32;
            }
            next += 4;
            uint256 width = Dtype.rawWidthOf(dtype);
            uint256 size = elements * width;
            wrong |= _word(place) ^ size;
            place += 32;
            end = place + ((size + 31) & ~uint256(31));
            if (size % 32 != 0) wrong |= _word(end - 32) << (8 * (size % 32));
            uint256 to = graph.arena + 32 * axis.u32();
            wrong |= LittleEndian.unpack(place, to, elements, width, Dtype.isSigned(uint8(dtype)), dtype == Dtype.BOOL);
        }
    }

    function _saveTensor(
        Graph memory graph,
        uint256 tensor,
        uint256 place
    ) private pure returns (uint256 next, uint256 end) {
        unchecked {
            uint256 dtype = tensor.u8();
            uint256 rank = (tensor + 1).u8();
            _store(place, dtype);
            _store(place + 32, 96);
            _store(place + 64, 128 + 32 * rank);
            _store(place + 96, rank);
            place += 128;
            uint256 axis = tensor + 2;
            next = axis + 4 * rank;
            uint256 elements = 1;
            for (; axis < next; axis += 4) {
                uint256 length = axis.u32();
                elements *= length;
                _store(place, length);
                place += 32;
            }
            next += 4;
            uint256 width = Dtype.rawWidthOf(dtype);
            _store(place, elements * width);
            place += 32;
            end = LittleEndian.pack(graph.arena + 32 * axis.u32(), place, elements, width);
            bool holds = dtype != Dtype.BOOL || LittleEndian.areBools(place, end);
            require(holds, IExactMachine.OutputInvalid(graph.root));
        }
    }

    function _word(uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(place)
        }
    }

    function _store(uint256 place, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(place, word)
        }
    }
}
