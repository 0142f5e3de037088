// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bounds} from "./Bounds.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @title ReduceStep
/// @notice One result for each position of the outer loops. Body: u8 kind (0 sum, 1 max, 2 min, 3 argmax first,
/// 4 argmax last, 5 argmin first, 6 argmin last), src u32, dst u32, u8 outer, outer × (count u32, srcStride i32,
/// dstStride i32), u8 inner, inner × (count u32, srcStride i32), outermost first. Positions are counted in the order of
/// the inner loops.
library ReduceStep {
    using MachineMemory for uint256;

    uint256 private constant OUTER_BYTES = 12;
    uint256 private constant INNER_BYTES = 8;
    uint256 private constant KINDS = 7;

    /// @dev Assembly below reads the fields by position.
    struct Fold {
        uint256 kind;
        uint256 loops;
        uint256 count;
        /// For sums and extremes over one or two loops.
        bool isWindow;
        uint256 start;
        uint256 rows;
        uint256 rowStep;
        uint256 columns;
        uint256 step;
    }

    function run(Graph memory graph, uint256 body, uint256 end) internal pure {
        unchecked {
            Fold memory fold;
            fold.kind = body.u8();
            uint256 outer = body + 10;
            uint256 outerCount = (body + 9).u8();
            uint256 inner = outer + outerCount * OUTER_BYTES;
            // Checked first, so that the count of inner loops is not read from beyond the record.
            Bounds.requireFormat(graph, fold.kind < KINDS && inner < end);
            fold.count = inner.u8();
            fold.loops = inner + 1;
            Bounds.requireFormat(graph, end == fold.loops + fold.count * INNER_BYTES);
            Bounds.requireLoops(graph, outer, outerCount, OUTER_BYTES, 0);
            Bounds.requireLoops(graph, fold.loops, fold.count, INNER_BYTES, 1);
            _setWindow(fold);
            uint256 src = _source(graph, (body + 1).u32(), outer, outerCount, fold);
            uint256 dst = Bounds.reach(graph, (body + 5).u32(), outer, outerCount, OUTER_BYTES, 8);
            _walk(outer, outerCount, src, dst, fold);
        }
    }

    /// @dev The outer and the inner loops together reach into the source.
    function _source(
        Graph memory graph,
        uint256 offset,
        uint256 outer,
        uint256 outerCount,
        Fold memory fold
    ) private pure returns (uint256) {
        (int256 low, int256 high) = Bounds.extent(outer, outerCount, OUTER_BYTES, 4);
        (int256 innerLow, int256 innerHigh) = Bounds.extent(fold.loops, fold.count, INNER_BYTES, 4);
        unchecked {
            return Bounds.within(graph, offset, low + innerLow, high + innerHigh);
        }
    }

    /// @dev One or two inner loops, as pooling has: read once for all positions.
    function _setWindow(Fold memory fold) private pure {
        unchecked {
            fold.start = _startOf(fold.kind);
            fold.isWindow = fold.kind < 3 && fold.count < 3;
            uint256 last = fold.loops + INNER_BYTES * (fold.count - 1);
            fold.columns = last.u32();
            fold.step = uint256((last + 4).i32() * 32);
            fold.rows = fold.count == 1 ? 1 : fold.loops.u32();
            fold.rowStep = uint256((fold.loops + 4).i32() * 32);
        }
    }

    /// @dev Below all values for a maximum, above them for a minimum, zero for a sum.
    function _startOf(uint256 kind) private pure returns (uint256) {
        return
            kind == 0
                ? 0
                : kind == 1
                    ? 1 << 255
                    : (1 << 255) - 1;
    }

    function _walk(uint256 loop, uint256 left, uint256 src, uint256 dst, Fold memory fold) private pure {
        if (left == 0) return _result(fold, src, dst);
        unchecked {
            uint256 times = loop.u32();
            uint256 srcStep = uint256((loop + 4).i32() * 32);
            uint256 dstStep = uint256((loop + 8).i32() * 32);
            if (left == 1 && fold.isWindow) return _windows(fold, times, src, srcStep, dst, dstStep);
            for (; times != 0; --times) {
                _walk(loop + OUTER_BYTES, left - 1, src, dst, fold);
                src += srcStep;
                dst += dstStep;
            }
        }
    }

    function _result(Fold memory fold, uint256 src, uint256 dst) private pure {
        if (fold.isWindow) return _windows(fold, 1, src, 0, dst, 0);
        uint256 value =
            fold.kind > 2 ? _index(fold, src) : _fold(fold, src, fold.loops, fold.count, _startOf(fold.kind));
        assembly ("memory-safe") {
            mstore(dst, value)
        }
    }

    /// @dev The same as `_windows` for more than two loops: the outer ones here, the last two there.
    function _fold(
        Fold memory fold,
        uint256 src,
        uint256 loops,
        uint256 count,
        uint256 start
    ) private pure returns (uint256 total) {
        unchecked {
            total = start;
            if (count == 2) {
                fold.start = start;
                fold.rows = loops.u32();
                fold.rowStep = uint256((loops + 4).i32() * 32);
                _windows(fold, 1, src, 0, 0, 0);
                assembly ("memory-safe") {
                    total := mload(0)
                }
                return total;
            }
            uint256 step = uint256((loops + 4).i32() * 32);
            for (uint256 times = loops.u32(); times != 0; --times) {
                total = _fold(fold, src, loops + INNER_BYTES, count - 1, total);
                src += step;
            }
        }
    }

    /// @dev Sums or extremes of `times` windows. Reads the fields of `fold` where it needs them: not all fit the stack.
    function _windows(
        Fold memory fold,
        uint256 times,
        uint256 src,
        uint256 srcStep,
        uint256 dst,
        uint256 dstStep
    ) private pure {
        assembly ("memory-safe") {
            let kind := mload(fold)
            let step := mload(add(fold, 256))
            for {} times {
                times := sub(times, 1)
            } {
                let total := mload(add(fold, 128))
                let from := src
                for {
                    let rows := mload(add(fold, 160))
                } rows {
                    rows := sub(rows, 1)
                } {
                    let place := from
                    let left := mload(add(fold, 224))
                    switch kind
                    case 0 {
                        for {} left {
                            left := sub(left, 1)
                        } {
                            total := add(total, mload(place))
                            place := add(place, step)
                        }
                    }
                    default {
                        let isMin := eq(kind, 2)
                        for {} left {
                            left := sub(left, 1)
                        } {
                            let value := mload(place)
                            if xor(sgt(value, total), isMin) {
                                total := value
                            }
                            place := add(place, step)
                        }
                    }
                    from := add(from, mload(add(fold, 192)))
                }
                mstore(dst, total)
                src := add(src, srcStep)
                dst := add(dst, dstStep)
            }
        }
    }

    /// @dev Position of the first or last extreme. Values are negated for a minimum: they fit 64 bits.
    function _index(Fold memory fold, uint256 src) private pure returns (uint256 result) {
        assembly ("memory-safe") {
            function walk(loop, left, from, kind, value, best, index) -> newValue, newBest, newIndex {
                newValue := value
                newBest := best
                newIndex := index
                let step := shl(5, signextend(3, shr(192, mload(loop))))
                for {
                    let times := shr(224, mload(loop))
                } times {
                    times := sub(times, 1)
                } {
                    switch left
                    case 1 {
                        let found := mload(from)
                        if gt(kind, 4) {
                            found := sub(0, found)
                        }
                        // The last of equals wins for the even kinds.
                        if iszero(slt(found, add(newValue, and(kind, 1)))) {
                            newValue := found
                            newBest := newIndex
                        }
                        newIndex := add(newIndex, 1)
                    }
                    default {
                        newValue, newBest, newIndex := walk(
                            add(loop, 8),
                            sub(left, 1),
                            from,
                            kind,
                            newValue,
                            newBest,
                            newIndex
                        )
                    }
                    from := add(from, step)
                }
            }
            let loops := mload(add(fold, 32))
            // Below all values, so that the first position counts.
            let extreme := shl(255, 1)
            extreme, result, loops := walk(loops, mload(add(fold, 64)), src, mload(fold), extreme, 0, 0)
        }
    }
}
