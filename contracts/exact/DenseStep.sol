// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BlobStream} from "./BlobStream.sol";
import {Bounds} from "./Bounds.sol";
import {DenseKernel} from "./DenseKernel.sol";
import {Graph} from "./Graph.sol";
// solhint-disable-next-line no-unused-import
import {MachineMemory, W_BLOCK, X_BLOCK} from "./MachineMemory.sol";
import {Requantisations} from "./Requantisation.sol";

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
    /// Bytes of the sums of a group.
    uint256 private constant SUM_BYTES = 192;
    /// Stands for the position of weights that are in their block already.
    uint256 private constant LOADED = type(uint256).max;

    function run(Graph memory graph, uint256 body, uint256 end) internal view {
        unchecked {
            uint256 rows = (body + 8).u32();
            uint256 k = _k(body);
            uint256 n = _n(body);
            bool holds = end == body + BODY_BYTES && rows * k * n != 0;
            Bounds.requireFormat(graph, holds && Requantisations.isInOrder(_requantisation(body)));
            uint256 xStride = (body + 12).u32();
            uint256 yStride = (body + 16).u32();
            uint256 x = Bounds.span(graph, body.u32(), (rows - 1) * xStride + k);
            uint256 y = Bounds.span(graph, (body + 4).u32(), (rows - 1) * yStride + n);
            // Rows after the first find the weights of a narrow layer where they are.
            bool isNarrow = k <= K_BLOCK && n <= COLUMNS;
            for (bool isLoaded; rows != 0; --rows) {
                _row(graph, body, x, y, isLoaded);
                isLoaded = isNarrow;
                x += 32 * xStride;
                y += 32 * yStride;
            }
        }
    }

    /// @dev The sums of a row are in memory that is free.
    function _row(Graph memory graph, uint256 body, uint256 x, uint256 y, bool isLoaded) private view {
        unchecked {
            _clearSums(_n(body));
            uint256 correction;
            uint256 position = (body + 28).u32();
            uint256 weightOffset = (body + 32).u8();
            uint256 left = _k(body);
            while (true) {
                uint256 terms = left > K_BLOCK ? K_BLOCK : left;
                left -= terms;
                _loadInputs(x, terms);
                if (weightOffset != 0) correction += weightOffset * DenseKernel.inputSum(terms);
                position = _groups(graph, body, terms, isLoaded ? LOADED : position, left == 0 ? y : 0, correction);
                if (left == 0) return;
                x += 32 * K_BLOCK;
            }
        }
    }

    function _clearSums(uint256 n) private pure {
        uint256 place = MachineMemory.mark();
        assembly ("memory-safe") {
            calldatacopy(place, calldatasize(), mul(div(add(n, 29), 30), SUM_BYTES))
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

    /// @dev All groups of columns for one block of K.
    /// @param position of the weights, or `LOADED`
    /// @param y where the elements go after the last block, before it zero
    /// @param correction weightOffset · Σ x, over all blocks of the row so far
    /// @return next the position after the weights
    function _groups(
        Graph memory graph,
        uint256 body,
        uint256 terms,
        uint256 position,
        uint256 y,
        uint256 correction
    ) private view returns (uint256 next) {
        unchecked {
            next = position;
            uint256 sums = MachineMemory.mark();
            uint256 left = _n(body);
            while (true) {
                uint256 columns = left > COLUMNS ? COLUMNS : left;
                if (position != LOADED) {
                    uint256 size = 32 * terms;
                    if (y != 0) size += PARAM_BYTES * columns;
                    BlobStream.read(graph, W_BLOCK, next, size);
                    next += size;
                }
                DenseKernel.multiply(terms, columns, sums, graph.firstBytes);
                if (y != 0) {
                    uint256 params = W_BLOCK + 32 * terms;
                    DenseKernel.requantise(sums, columns, params, y, correction, _requantisation(body));
                    y += 32 * COLUMNS;
                }
                if (left == columns) return next;
                left -= columns;
                sums += SUM_BYTES;
            }
        }
    }

    function _k(uint256 body) private pure returns (uint256) {
        unchecked {
            return (body + 20).u32();
        }
    }

    function _n(uint256 body) private pure returns (uint256) {
        unchecked {
            return (body + 24).u32();
        }
    }

    function _requantisation(uint256 body) private pure returns (uint256) {
        unchecked {
            return body + 33;
        }
    }
}
