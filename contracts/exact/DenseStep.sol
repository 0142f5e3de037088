// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BlobStream} from "./BlobStream.sol";
import {Bounds} from "./Bounds.sol";
import {DenseKernel} from "./DenseKernel.sol";
import {Graph} from "./Graph.sol";
// solhint-disable-next-line no-unused-import
import {MachineMemory, W_BLOCK, X_BLOCK} from "./MachineMemory.sol";
import {Requantisation, Requantisations} from "./Requantisation.sol";

/// @title DenseStep
/// @notice y[r][j] = clip(truncDiv((Σ_k x[r][k]·(w[k][j] − weightOffset) + b[j])·m[j], divisor), lo, hi). Body: x u32,
/// y u32, rows u32, xRowStride u32, yRowStride u32, K u32, N u32, weights u32, the stream position of the packed
/// weights, weightOffset u8, divisor i64, lo i64, hi i64.
/// @dev A word holds the weights of 30 columns: ten lanes of 24 bits, each with three bytes. See `DenseKernel`.
/// Functions return from inside their loops: the compiler does not merge such a one into its caller, where the
/// variables of all would not fit the stack.
library DenseStep {
    using MachineMemory for uint256;

    uint256 private constant BODY_BYTES = 57;
    uint256 private constant K_BLOCK = 256;
    uint256 private constant COLUMNS = 30;
    uint256 private constant PARAM_BYTES = 16;
    /// The first byte of every lane.
    uint256 private constant FIRST_BYTES = 0x0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff;
    /// Bytes of the sums of a group.
    uint256 private constant GROUP_SUM_BYTES = 192;

    /// What all rows share.
    struct Layer {
        uint256 k;
        uint256 n;
        uint256 weights;
        uint256 weightOffset;
        /// Place of the sums of a row.
        uint256 sums;
        /// The position whose words are in the block of weights.
        uint256 loaded;
        /// The mask, in memory: for each literal the compiler would make a kernel of its own.
        uint256 firstBytes;
        Requantisation r;
    }

    function run(Graph memory graph, uint256 body, uint256 end) internal view {
        unchecked {
            uint256 rows = (body + 8).u32();
            uint256 k = (body + 20).u32();
            uint256 n = (body + 24).u32();
            (Requantisation memory r, bool holds) = Requantisations.read(body + 33);
            Bounds.requireFormat(graph, holds && end == body + BODY_BYTES && rows * k * n != 0);
            uint256 xStride = (body + 12).u32();
            uint256 yStride = (body + 16).u32();
            uint256 x = Bounds.span(graph, body.u32(), (rows - 1) * xStride + k);
            uint256 y = Bounds.span(graph, (body + 4).u32(), (rows - 1) * yStride + n);
            uint256 sums = MachineMemory.allocate(_sumBytes(n));
            uint256 weightOffset = (body + 32).u8();
            Layer memory layer = Layer(k, n, (body + 28).u32(), weightOffset, sums, type(uint256).max, FIRST_BYTES, r);
            for (; rows != 0; --rows) {
                _row(graph, layer, x, y);
                x += 32 * xStride;
                y += 32 * yStride;
            }
        }
    }

    function _sumBytes(uint256 n) private pure returns (uint256) {
        unchecked {
            return ((n + COLUMNS - 1) / COLUMNS) * GROUP_SUM_BYTES;
        }
    }

    function _row(Graph memory graph, Layer memory layer, uint256 x, uint256 y) private view {
        unchecked {
            _clear(layer.sums, _sumBytes(layer.n));
            uint256 correction;
            uint256 position = layer.weights;
            uint256 weightOffset = layer.weightOffset;
            uint256 left = layer.k;
            while (true) {
                uint256 terms = left > K_BLOCK ? K_BLOCK : left;
                left -= terms;
                _loadInputs(x, terms);
                if (weightOffset != 0) correction += weightOffset * DenseKernel.inputSum(terms);
                position = _groups(graph, layer, terms, position, left == 0 ? y : 0, correction);
                if (left == 0) return;
                x += 32 * K_BLOCK;
            }
        }
    }

    function _clear(uint256 place, uint256 size) private pure {
        assembly ("memory-safe") {
            calldatacopy(place, calldatasize(), size)
        }
    }

    /// @dev Elements past the last are zero as far as the kernel goes, so that whatever lies in the block of weights
    /// there counts nothing.
    function _loadInputs(uint256 from, uint256 terms) private pure {
        uint256 end = DenseKernel.reach(terms);
        assembly ("memory-safe") {
            let size := shl(5, terms)
            mcopy(X_BLOCK, from, size)
            calldatacopy(add(X_BLOCK, size), calldatasize(), sub(shl(5, end), size))
        }
    }

    /// @dev All groups of columns for one block of K; the position after their weights.
    /// @param y where the elements go after the last block, before it zero
    /// @param correction weightOffset · Σ x, over all blocks of the row so far
    function _groups(
        Graph memory graph,
        Layer memory layer,
        uint256 terms,
        uint256 position,
        uint256 y,
        uint256 correction
    ) private view returns (uint256 end) {
        unchecked {
            uint256 sums = layer.sums;
            uint256 left = layer.n;
            while (true) {
                uint256 columns = left > COLUMNS ? COLUMNS : left;
                uint256 size = 32 * terms;
                if (y != 0) size += PARAM_BYTES * columns;
                // Rows after the first find the weights of a narrow layer where they are.
                if (layer.loaded != position) {
                    BlobStream.read(graph, W_BLOCK, position, size);
                    layer.loaded = position;
                }
                position += size;
                DenseKernel.multiply(terms, columns, sums, layer.firstBytes);
                if (y != 0) {
                    DenseKernel.requantise(sums, columns, W_BLOCK + 32 * terms, y, correction, layer.r);
                    y += 32 * COLUMNS;
                }
                left -= columns;
                if (left == 0) return position;
                sums += GROUP_SUM_BYTES;
            }
        }
    }
}
