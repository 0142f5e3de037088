// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BlobStream} from "./BlobStream.sol";
import {Bounds} from "./Bounds.sol";
import {Graph} from "./Graph.sol";
import {CACHE_BYTES, MachineMemory, X_BLOCK} from "./MachineMemory.sol";
import {Requantisation, Requantisations} from "./Requantisation.sol";

/// @title MapStep
/// @notice y = clip(truncDiv((x + b)·m, divisor), lo, hi) over a contiguous [outer][channels][inner]. Body: src u32,
/// dst u32, outer u32, channels u32, inner u32, u8 perChannel; params u32, the stream position of channels × (m i64,
/// b i64), or m i64, b i64 for all; divisor i64, lo i64, hi i64.
library MapStep {
    using MachineMemory for uint256;
    using Requantisations for Requantisation;

    uint256 private constant PARAM_BYTES = 16;
    uint256 private constant CHUNK = CACHE_BYTES / PARAM_BYTES;

    struct Shape {
        uint256 src;
        uint256 dst;
        uint256 outer;
        uint256 channels;
        uint256 inner;
    }

    function run(Graph memory graph, uint256 body, uint256 end) internal view {
        unchecked {
            uint256 perChannel = (body + 20).u8();
            uint256 tail = body + 21 + (perChannel == 0 ? PARAM_BYTES : 4);
            Bounds.requireFormat(graph, perChannel < 2 && end == tail + Requantisations.BYTES);
            Shape memory shape = _shapeAt(graph, body);
            (Requantisation memory r, bool holds) = Requantisations.read(tail);
            Bounds.requireFormat(graph, holds);
            if (perChannel == 0) {
                uint256 count = shape.outer * shape.channels * shape.inner;
                r.map(shape.src, shape.dst, count, (body + 21).i64(), (body + 29).i64());
            } else {
                _mapChannels(graph, shape, r, (body + 21).u32());
            }
        }
    }

    function _shapeAt(Graph memory graph, uint256 body) private pure returns (Shape memory shape) {
        unchecked {
            shape.outer = (body + 8).u32();
            shape.channels = (body + 12).u32();
            shape.inner = (body + 16).u32();
            uint256 count = shape.outer * shape.channels * shape.inner;
            Bounds.requireFormat(graph, count != 0);
            shape.src = Bounds.span(graph, body.u32(), count);
            shape.dst = Bounds.span(graph, (body + 4).u32(), count);
        }
    }

    /// @dev As many channels at a time as their parameters fit the cache.
    function _mapChannels(
        Graph memory graph,
        Shape memory shape,
        Requantisation memory r,
        uint256 params
    ) private view {
        unchecked {
            for (uint256 first; first < shape.channels; first += CHUNK) {
                uint256 count = shape.channels - first;
                if (count > CHUNK) count = CHUNK;
                BlobStream.read(graph, X_BLOCK, params + PARAM_BYTES * first, PARAM_BYTES * count);
                for (uint256 outer; outer < shape.outer; ++outer) {
                    uint256 place = 32 * shape.inner * (outer * shape.channels + first);
                    _mapChunk(shape, r, place, count);
                }
            }
        }
    }

    function _mapChunk(Shape memory shape, Requantisation memory r, uint256 place, uint256 count) private pure {
        unchecked {
            uint256 inner = shape.inner;
            uint256 src = shape.src + place;
            uint256 dst = shape.dst + place;
            if (inner == 1) return r.mapEach(src, dst, count, X_BLOCK);
            uint256 end = X_BLOCK + PARAM_BYTES * count;
            for (uint256 param = X_BLOCK; param < end; param += PARAM_BYTES) {
                r.map(src, dst, inner, param.i64(), (param + 8).i64());
                src += 32 * inner;
                dst += 32 * inner;
            }
        }
    }
}
