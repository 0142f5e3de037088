// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {Dtype} from "../types/Dtype.sol";
import {BLOB_BYTES, Blobs} from "./Blobs.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @notice A graph while it runs. Places are addresses in memory.
struct Graph {
    bytes32 root;
    address store;
    /// Positions in the stream below this are program, those from it on constants.
    uint256 programBytes;
    uint256 streamBytes;
    uint256 arenaWords;
    uint256 gasBound;
    uint256 inputs;
    uint256 outputs;
    /// Places of the declarations of inputs, of those of outputs, and of the digests of the stream's blobs; there are
    /// none, and that is zero, where the stream is in the root.
    uint256 tensors;
    uint256 outputTensors;
    uint256 digests;
    /// Place of the arena's first word.
    uint256 arena;
    /// The blob that was read last, the positions in the stream that it holds, and where in its code they begin.
    address blob;
    uint256 blobFrom;
    uint256 blobEnd;
    uint256 blobCode;
    /// The part of the program that is in memory: its place, the program counter that it begins with, and how far from
    /// there a step may be.
    uint256 window;
    uint256 windowFrom;
    uint256 windowReach;
    /// The step that runs.
    uint256 pc;
    /// The first byte of every lane of weights. In memory: for a literal the compiler would make a kernel of its own.
    uint256 firstBytes;
}

/// @title Graphs
/// @notice Reads the root of a graph.
library Graphs {
    using MachineMemory for uint256;

    uint256 internal constant VERSION = 1;
    uint256 internal constant MAX_ARENA_WORDS = 16_384;
    uint256 internal constant MAX_TENSORS = 64;
    uint256 internal constant MAX_RANK = 8;

    uint256 private constant HEAD_BYTES = 24;
    uint256 private constant FIRST_BYTES = 0x0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff;
    uint256 private constant MAX_TENSOR_BYTES = 6 + 4 * MAX_RANK;
    /// The declarations of two tensors are read with the head, and a word more for reads of their last fields.
    uint256 private constant USUAL_TENSORS = 2;
    uint256 private constant USUAL_BYTES = 160;
    /// One bit for each type of integers, and for bools.
    uint256 private constant INTEGERS =
        (1 << Dtype.UINT8) |
            (1 << Dtype.INT8) |
            (1 << Dtype.UINT16) |
            (1 << Dtype.INT16) |
            (1 << Dtype.INT32) |
            (1 << Dtype.INT64) |
            (1 << Dtype.BOOL) |
            (1 << Dtype.UINT32) |
            (1 << Dtype.UINT64);

    /// @notice Makes `graph` that of the root; reverts where it is not stored or malformed. Its other blobs are checked
    /// as they are opened.
    function load(Graph memory graph, address store, bytes32 root) internal view {
        address blob = Blobs.addressOf(store, root);
        uint256 size = blob.code.length;
        require(size != 0, IExactMachine.GraphBlobMissing(root));
        unchecked {
            --size;
            graph.root = root;
            graph.store = store;
            graph.blob = blob;
            graph.firstBytes = FIRST_BYTES;
            uint256 head = MachineMemory.allocate(USUAL_BYTES);
            _copy(blob, head, 0, USUAL_BYTES - 32);
            require(size >= HEAD_BYTES, IExactMachine.GraphMalformed(root));
            require(head.u16() == VERSION, IExactMachine.GraphVersionUnknown(head.u16()));
            uint256 tensors = (head + 22).u8() + (head + 23).u8();
            if (tensors > USUAL_TENSORS) {
                uint256 declared = HEAD_BYTES + MAX_TENSOR_BYTES * tensors;
                head = MachineMemory.allocate((declared + 63) & ~uint256(31));
                _copy(blob, head, 0, declared);
            }
            _readHead(graph, head, head + size);
            _findStream(graph, head, size);
        }
    }

    function _readHead(Graph memory graph, uint256 head, uint256 end) private pure {
        unchecked {
            uint256 programBytes = (head + 2).u32();
            uint256 streamBytes = (head + 6).u32();
            uint256 arenaWords = (head + 10).u32();
            uint256 inputs = (head + 22).u8();
            uint256 outputs = (head + 23).u8();
            // A difference below zero sets the highest bit.
            uint256 wrong = (streamBytes - programBytes) | (MAX_ARENA_WORDS - arenaWords);
            wrong |= (MAX_TENSORS - inputs) | (MAX_TENSORS - outputs);
            if (wrong >> 255 != 0) revert IExactMachine.GraphMalformed(graph.root);
            graph.programBytes = programBytes;
            graph.streamBytes = streamBytes;
            graph.arenaWords = arenaWords;
            graph.gasBound = (head + 14).u64();
            graph.inputs = inputs;
            graph.outputs = outputs;
            graph.tensors = head + HEAD_BYTES;
            uint256 place = _checkTensors(graph.root, head + HEAD_BYTES, end, inputs, arenaWords);
            graph.outputTensors = place;
            graph.digests = _checkTensors(graph.root, place, end, outputs, arenaWords);
        }
    }

    /// @dev A stream that fits the root follows the declarations there; of a longer one the digests of its blobs do.
    function _findStream(Graph memory graph, uint256 head, uint256 size) private view {
        unchecked {
            uint256 declared = graph.digests - head;
            uint256 streamBytes = graph.streamBytes;
            if (declared + streamBytes <= BLOB_BYTES) {
                if (declared + streamBytes != size) revert IExactMachine.GraphMalformed(graph.root);
                graph.digests = 0;
                graph.blobEnd = streamBytes;
                graph.blobCode = 1 + declared;
                return;
            }
            uint256 length = 32 * ((streamBytes + BLOB_BYTES - 1) / BLOB_BYTES);
            if (declared + length != size) revert IExactMachine.GraphMalformed(graph.root);
            graph.digests = MachineMemory.allocate(length);
            _copy(graph.blob, graph.digests, declared, length);
        }
    }

    /// @notice Whether a root is stored and of the version that this machine runs.
    function isRunnable(address store, bytes32 root) internal view returns (bool) {
        address blob = Blobs.addressOf(store, root);
        uint256 head;
        assembly ("memory-safe") {
            mstore(0, 0)
            extcodecopy(blob, 0, 1, 2)
            head := shr(240, mload(0))
        }
        return head == VERSION;
    }

    /// @notice How many blobs the stream has beside the root.
    function blobsOf(Graph memory graph) internal pure returns (uint256) {
        return graph.digests == 0 ? 0 : (graph.streamBytes + BLOB_BYTES - 1) / BLOB_BYTES;
    }

    /// @notice Gives the graph its arena. All of it is touched, so that no step pays for the growth of memory.
    function openArena(Graph memory graph) internal pure {
        uint256 size = 32 * graph.arenaWords;
        graph.arena = MachineMemory.allocate(size);
        uint256 arena = graph.arena;
        assembly ("memory-safe") {
            if size {
                mstore(sub(add(arena, size), 32), 0)
            }
        }
    }

    /// @notice Number of elements of a declared tensor, and the place of what comes after it.
    function elementsOf(uint256 tensor) internal pure returns (uint256 elements, uint256 end) {
        unchecked {
            uint256 rank = (tensor + 1).u8();
            end = tensor + 6 + 4 * rank;
            elements = 1;
            // Bounds: `load` has checked that no product on the way exceeds the arena.
            for (uint256 place = tensor + 2; place < end - 4; place += 4) elements *= place.u32();
        }
    }

    /// @dev Copies a blob's data from `position` on; what it does not have is zero.
    function _copy(address blob, uint256 to, uint256 position, uint256 length) private view {
        assembly ("memory-safe") {
            extcodecopy(blob, to, add(position, 1), length)
        }
    }

    /// @dev Every tensor lies in the arena and holds integers; no dimension is zero. Returns the place after the last.
    function _checkTensors(
        bytes32 root,
        uint256 place,
        uint256 end,
        uint256 count,
        uint256 arenaWords
    ) private pure returns (uint256) {
        unchecked {
            for (; count != 0; --count) {
                uint256 axis = place + 2;
                uint256 rank = (place + 1).u8();
                // A difference below zero sets the highest bit.
                uint256 wrong = (MAX_RANK - rank) | (end - 6 - 4 * rank - place) | _unlessInteger(place.u8());
                if (wrong >> 255 != 0) revert IExactMachine.GraphMalformed(root);
                place = axis + 4 * rank;
                uint256 elements = 1;
                for (; axis < place; axis += 4) {
                    elements *= axis.u32();
                    // Once there are none or too many, whatever the product wraps to changes nothing.
                    wrong |= (elements - 1) | (arenaWords - elements);
                }
                wrong |= arenaWords - place.u32() - elements;
                if (wrong >> 255 != 0) revert IExactMachine.GraphMalformed(root);
                place += 4;
            }
            return place;
        }
    }

    /// @dev The highest bit, unless the dtype is one of integers or bools.
    function _unlessInteger(uint256 dtype) private pure returns (uint256) {
        unchecked {
            return ((INTEGERS >> dtype) & 1) - 1;
        }
    }
}
