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
library DenseStep {
    using MachineMemory for uint256;

    uint256 private constant BODY_BYTES = 57;
    uint256 private constant K_BLOCK = 256;
    uint256 private constant COLUMNS = 30;
    uint256 private constant LANES = 10;
    /// The first byte of every lane.
    uint256 private constant FIRST_BYTES = 0x0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff0000ff;
    /// Bytes of the sums of ten columns.
    uint256 private constant SUM_BYTES = 64;

    struct Layer {
        uint256 x;
        uint256 y;
        uint256 rows;
        uint256 xStride;
        uint256 yStride;
        uint256 k;
        uint256 n;
        uint256 weights;
        uint256 weightOffset;
        /// Place of the sums of a row.
        uint256 sums;
        uint256 sumBytes;
        /// The position whose words are in the block of weights.
        uint256 loaded;
    }

    /// One block of K of one row.
    struct Block {
        uint256 terms;
        bool isLast;
        /// weightOffset · Σ x, over all blocks of the row so far.
        uint256 correction;
        /// The mask, in memory: for each literal the compiler would make a kernel of its own.
        uint256 firstBytes;
    }

    function run(Graph memory graph, uint256 body, uint256 end) internal view {
        unchecked {
            Bounds.requireFormat(graph, end == body + BODY_BYTES);
            Layer memory layer = _layerAt(graph, body);
            (Requantisation memory r, bool holds) = Requantisations.read(body + 33);
            Bounds.requireFormat(graph, holds);
            Block memory part;
            part.firstBytes = FIRST_BYTES;
            (uint256 x, uint256 y) = (layer.x, layer.y);
            for (uint256 left = layer.rows; left != 0; --left) {
                _row(graph, layer, r, part, x, y);
                x += layer.xStride;
                y += layer.yStride;
            }
        }
    }

    function _layerAt(Graph memory graph, uint256 body) private pure returns (Layer memory layer) {
        unchecked {
            layer.rows = (body + 8).u32();
            uint256 xStride = (body + 12).u32();
            uint256 yStride = (body + 16).u32();
            layer.k = (body + 20).u32();
            layer.n = (body + 24).u32();
            layer.weights = (body + 28).u32();
            layer.weightOffset = (body + 32).u8();
            Bounds.requireFormat(graph, layer.rows != 0 && layer.k != 0 && layer.n != 0);
            layer.x = Bounds.span(graph, body.u32(), (layer.rows - 1) * xStride + layer.k);
            layer.y = Bounds.span(graph, (body + 4).u32(), (layer.rows - 1) * yStride + layer.n);
            layer.xStride = 32 * xStride;
            layer.yStride = 32 * yStride;
            layer.loaded = type(uint256).max;
            uint256 groups = (layer.n + COLUMNS - 1) / COLUMNS;
            layer.sumBytes = groups * 3 * SUM_BYTES;
            layer.sums = MachineMemory.allocate(layer.sumBytes);
        }
    }

    function _row(
        Graph memory graph,
        Layer memory layer,
        Requantisation memory r,
        Block memory part,
        uint256 x,
        uint256 y
    ) private view {
        unchecked {
            part.correction = 0;
            uint256 position = layer.weights;
            uint256 left = layer.k;
            _clear(layer.sums, layer.sumBytes);
            while (true) {
                uint256 terms = left > K_BLOCK ? K_BLOCK : left;
                left -= terms;
                part.terms = terms;
                part.isLast = left == 0;
                _loadInputs(x, terms);
                if (layer.weightOffset != 0) part.correction += layer.weightOffset * DenseKernel.inputSum(terms);
                position = _groups(graph, layer, r, part, y, position);
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
        uint256 rest = DenseKernel.reach(terms) - terms;
        assembly ("memory-safe") {
            let size := shl(5, terms)
            mcopy(X_BLOCK, from, size)
            calldatacopy(add(X_BLOCK, size), calldatasize(), shl(5, rest))
        }
    }

    /// @dev All groups of columns for one block of K; the position after their weights.
    function _groups(
        Graph memory graph,
        Layer memory layer,
        Requantisation memory r,
        Block memory part,
        uint256 y,
        uint256 position
    ) private view returns (uint256) {
        unchecked {
            uint256 sums = layer.sums;
            uint256 terms = part.terms;
            for (uint256 left = layer.n; left != 0;) {
                uint256 columns = left > COLUMNS ? COLUMNS : left;
                uint256 size = 32 * terms + (part.isLast ? 16 * columns : 0);
                // Rows after the first find the weights of a narrow layer where they are.
                if (layer.loaded != position) {
                    BlobStream.read(graph, W_BLOCK, position, size);
                    layer.loaded = position;
                }
                DenseKernel.multiply(terms, columns, sums, part.firstBytes);
                if (part.isLast) _requantise(r, sums, columns, W_BLOCK + 32 * terms, y, part.correction);
                position += size;
                y += 32 * COLUMNS;
                sums += 3 * SUM_BYTES;
                left -= columns;
            }
            return position;
        }
    }

    /// @dev Makes elements of a group's sums. Lanes come alternately from two words, two at a time, so that the words
    /// need not change places. Columns after ten are left to a call of itself: a function that calls itself is not
    /// merged into its caller, where its variables would not all fit the stack.
    function _requantise(
        Requantisation memory r,
        uint256 sums,
        uint256 columns,
        uint256 params,
        uint256 y,
        uint256 correction
    ) private pure {
        unchecked {
            if (columns > LANES) {
                uint256 rest = columns - LANES;
                _requantise(r, sums + SUM_BYTES, rest, params + 16 * LANES, y + 32 * LANES, correction);
                columns = LANES;
            }
        }
        assembly ("memory-safe") {
            let even := mload(sums)
            let odd := mload(add(sums, 32))
            let divisor := mload(r)
            let lo := mload(add(r, 32))
            let range := mload(add(r, 64))
            let end := add(params, shl(4, columns))
            for {} 1 {} {
                let value := add(and(even, 0xffffffffffff), sub(sar(192, mload(add(params, 8))), correction))
                value := sub(sdiv(mul(value, sar(192, mload(params))), divisor), lo)
                if gt(value, range) {
                    value := mul(range, sgt(value, 0))
                }
                mstore(y, add(value, lo))
                params := add(params, 32)
                if gt(params, end) {
                    break
                }
                value := add(and(odd, 0xffffffffffff), sub(sar(192, mload(sub(params, 8))), correction))
                value := sub(sdiv(mul(value, sar(192, mload(sub(params, 16)))), divisor), lo)
                if gt(value, range) {
                    value := mul(range, sgt(value, 0))
                }
                mstore(add(y, 32), add(value, lo))
                if eq(params, end) {
                    break
                }
                y := add(y, 64)
                even := shr(48, even)
                odd := shr(48, odd)
            }
        }
    }
}
