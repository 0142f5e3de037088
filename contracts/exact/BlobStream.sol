// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {BLOB_BYTES, Blobs} from "./Blobs.sol";
import {Graph, Graphs} from "./Graph.sol";

/// @title BlobStream
/// @notice Reads the program and the constants of a graph out of its blobs, as if they were one.
library BlobStream {
    /// @notice Copies `length` bytes from `position` of the stream to memory at `to`.
    function read(Graph memory graph, uint256 to, uint256 position, uint256 length) internal view {
        // Bounds: all positions and lengths come from fields of 32 bits, or products of two.
        unchecked {
            uint256 end = position + length;
            if (position >= graph.blobFrom && end <= graph.blobEnd) return _copy(graph, to, position, length);
            _readBeyond(graph, to, position, end);
        }
    }

    /// @dev What does not lie in the blob that was read last, or not all of it.
    function _readBeyond(Graph memory graph, uint256 to, uint256 position, uint256 end) private view {
        unchecked {
            require(
                end <= graph.streamBytes,
                IExactMachine.StreamExceeded(position, end - position, graph.streamBytes)
            );
            while (true) {
                if (position < graph.blobFrom || position >= graph.blobEnd) _open(graph, position / BLOB_BYTES);
                if (end <= graph.blobEnd) return _copy(graph, to, position, end - position);
                uint256 size = graph.blobEnd - position;
                _copy(graph, to, position, size);
                to += size;
                position += size;
            }
        }
    }

    function _copy(Graph memory graph, uint256 to, uint256 position, uint256 size) private view {
        address blob = graph.blob;
        unchecked {
            uint256 from = position - graph.blobFrom + graph.blobCode;
            assembly ("memory-safe") {
                extcodecopy(blob, to, from, size)
            }
        }
    }

    /// @dev Makes the blob of that index the one that is read. Absent code would read as zeros, so it is refused.
    function _open(Graph memory graph, uint256 index) private view {
        unchecked {
            bytes32 digest = _digestAt(graph, index);
            address blob = Blobs.addressOf(graph.store, digest);
            uint256 from = index * BLOB_BYTES;
            uint256 size = graph.streamBytes - from;
            if (size > BLOB_BYTES) size = BLOB_BYTES;
            require(blob.code.length == size + 1, IExactMachine.GraphBlobMissing(digest));
            graph.blob = blob;
            graph.blobFrom = from;
            graph.blobEnd = from + size;
            graph.blobCode = 1;
        }
    }

    /// @notice Whether every blob of the stream is stored.
    function isStored(Graph memory graph) internal view returns (bool) {
        uint256 count = Graphs.blobsOf(graph);
        for (uint256 index; index < count; ++index) {
            uint256 size = graph.streamBytes - index * BLOB_BYTES;
            if (size > BLOB_BYTES) size = BLOB_BYTES;
            if (Blobs.addressOf(graph.store, _digestAt(graph, index)).code.length != size + 1) return false;
        }
        return true;
    }

    function _digestAt(Graph memory graph, uint256 index) private pure returns (bytes32 digest) {
        uint256 digests = graph.digests;
        assembly ("memory-safe") {
            digest := mload(add(digests, shl(5, index)))
        }
    }
}
