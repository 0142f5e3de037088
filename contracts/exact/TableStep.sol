// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {BlobStream} from "./BlobStream.sol";
import {Bounds} from "./Bounds.sol";
import {ElementFormat, ElementFormats} from "./ElementFormat.sol";
import {Graph} from "./Graph.sol";
import {CACHE_BYTES, MachineMemory, X_BLOCK} from "./MachineMemory.sol";

/// @title TableStep
/// @notice dst[i·rowLength + j] = table[(src[i] − low)·rowLength + j]. Body: src u32, dst u32, count u32, low i64,
/// rows u32, rowLength u32, u8 width (bit 7: signed), table u32, the stream position of big-endian elements.
library TableStep {
    using MachineMemory for uint256;

    struct Lookup {
        uint256 src;
        uint256 dst;
        uint256 count;
        int256 low;
        uint256 rows;
        uint256 rowLength;
        uint256 table;
    }

    function run(Graph memory graph, uint256 body, uint256 end) internal view {
        unchecked {
            Bounds.requireFormat(graph, end == body + 33);
            Lookup memory lookup;
            lookup.count = (body + 8).u32();
            lookup.low = (body + 12).i64();
            lookup.rows = (body + 20).u32();
            lookup.rowLength = (body + 24).u32();
            lookup.table = (body + 29).u32();
            (ElementFormat memory format, bool known) = ElementFormats.fromByte((body + 28).u8());
            uint256 rowBytes = lookup.rowLength * format.width;
            bool holds = known && lookup.count != 0 && lookup.rows != 0 && rowBytes != 0 && rowBytes <= CACHE_BYTES;
            Bounds.requireFormat(graph, holds);
            lookup.src = Bounds.span(graph, body.u32(), lookup.count);
            lookup.dst = Bounds.span(graph, (body + 4).u32(), lookup.count * lookup.rowLength);
            _lookUp(graph, lookup, format, rowBytes);
        }
    }

    /// @dev A table that fits the cache is loaded whole, of a larger one each row as it is needed.
    function _lookUp(
        Graph memory graph,
        Lookup memory lookup,
        ElementFormat memory format,
        uint256 rowBytes
    ) private view {
        unchecked {
            bool isCached = lookup.rows * rowBytes <= CACHE_BYTES;
            if (isCached) {
                BlobStream.read(graph, X_BLOCK, lookup.table, lookup.rows * rowBytes);
                if (lookup.rowLength == 1) return _translate(graph, lookup, format);
            }
            uint256 src = lookup.src;
            uint256 dst = lookup.dst;
            for (uint256 left = lookup.count; left != 0; --left) {
                uint256 row = _rowOf(graph, lookup, src) * rowBytes;
                if (!isCached) {
                    BlobStream.read(graph, X_BLOCK, lookup.table + row, rowBytes);
                    row = 0;
                }
                ElementFormats.unpack(format, X_BLOCK + row, dst, lookup.rowLength);
                src += 32;
                dst += 32 * lookup.rowLength;
            }
        }
    }

    /// @dev Element for element, the table in the cache.
    function _translate(Graph memory graph, Lookup memory lookup, ElementFormat memory format) private pure {
        uint256 src = lookup.src;
        uint256 dst = lookup.dst;
        uint256 width = format.width;
        uint256 top = ElementFormats.signByte(format);
        int256 low = lookup.low;
        uint256 rows = lookup.rows;
        uint256 end;
        unchecked {
            end = src + 32 * lookup.count;
        }
        assembly ("memory-safe") {
            let drop := sub(256, shl(3, width))
            for {} lt(src, end) {
                src := add(src, 32)
            } {
                let row := sub(mload(src), low)
                if iszero(lt(row, rows)) {
                    break
                }
                mstore(dst, signextend(top, shr(drop, mload(add(X_BLOCK, mul(row, width))))))
                dst := add(dst, 32)
            }
        }
        if (src != end) _rowOf(graph, lookup, src);
    }

    function _rowOf(Graph memory graph, Lookup memory lookup, uint256 src) private pure returns (uint256 row) {
        int256 value;
        assembly ("memory-safe") {
            value := mload(src)
        }
        unchecked {
            row = uint256(value - lookup.low);
        }
        require(row < lookup.rows, IExactMachine.StepIndexOutOfRange(graph.pc, value));
    }
}
