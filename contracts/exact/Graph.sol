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
    /// Place of the declarations of inputs and outputs, and of the digests of the stream's blobs.
    uint256 tensors;
    uint256 digests;
    /// Place of the arena's first word.
    uint256 arena;
    /// The blob that was read last, and the positions in the stream that it holds.
    address blob;
    uint256 blobFrom;
    uint256 blobEnd;
    /// The part of the program that is in memory: its place, and from and to which program counter it goes.
    uint256 window;
    uint256 windowFrom;
    uint256 windowEnd;
    /// The step that runs.
    uint256 pc;
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
        (uint256 head, uint256 size) = _copyOf(store, root);
        require(size >= HEAD_BYTES, IExactMachine.GraphMalformed(root));
        require(head.u16() == VERSION, IExactMachine.GraphVersionUnknown(head.u16()));
        unchecked {
            graph.root = root;
            graph.store = store;
            uint256 programBytes = (head + 2).u32();
            uint256 streamBytes = (head + 6).u32();
            uint256 arenaWords = (head + 10).u32();
            uint256 inputs = (head + 22).u8();
            uint256 outputs = (head + 23).u8();
            bool fits =
                programBytes <= streamBytes &&
                    arenaWords <= MAX_ARENA_WORDS &&
                    inputs <= MAX_TENSORS &&
                    outputs <= MAX_TENSORS;
            require(fits, IExactMachine.GraphMalformed(root));
            graph.programBytes = programBytes;
            graph.streamBytes = streamBytes;
            graph.arenaWords = arenaWords;
            graph.gasBound = (head + 14).u64();
            graph.inputs = inputs;
            graph.outputs = outputs;
            graph.tensors = head + HEAD_BYTES;
            uint256 digests = _checkTensors(root, head + HEAD_BYTES, head + size, inputs + outputs, arenaWords);
            graph.digests = digests;
            require(digests + 32 * blobsOf(graph) == head + size, IExactMachine.GraphMalformed(root));
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

    /// @notice How many blobs the stream has.
    function blobsOf(Graph memory graph) internal pure returns (uint256) {
        return (graph.streamBytes + BLOB_BYTES - 1) / BLOB_BYTES;
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

    /// @dev The code of a blob without its first byte, and one word of slack for reads of its last fields.
    function _copyOf(address store, bytes32 digest) private view returns (uint256 place, uint256 size) {
        address blob = Blobs.addressOf(store, digest);
        size = blob.code.length;
        require(size != 0, IExactMachine.GraphBlobMissing(digest));
        unchecked {
            --size;
            place = MachineMemory.allocate((size + 63) & ~uint256(31));
        }
        assembly ("memory-safe") {
            extcodecopy(blob, place, 1, size)
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
                uint256 rank = (place + 1).u8();
                uint256 next = place + 6 + 4 * rank;
                bool fits = rank <= MAX_RANK && next <= end && _isInteger(place.u8());
                uint256 elements = 1;
                for (uint256 axis = place + 2; fits && axis < next - 4; axis += 4) {
                    elements *= axis.u32();
                    fits = elements != 0 && elements <= arenaWords;
                }
                require(fits && (next - 4).u32() + elements <= arenaWords, IExactMachine.GraphMalformed(root));
                place = next;
            }
            return place;
        }
    }

    function _isInteger(uint256 dtype) private pure returns (bool) {
        return (INTEGERS >> dtype) & 1 == 1;
    }
}
