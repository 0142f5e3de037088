// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bounds} from "./Bounds.sol";
import {Graph} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";

/// @title FillStep
/// @notice Sets a run of words to one value. Body: dst u32, count u32, value i64.
library FillStep {
    using MachineMemory for uint256;

    function run(Graph memory graph, uint256 body, uint256 end) internal pure {
        unchecked {
            uint256 count = (body + 4).u32();
            Bounds.requireFormat(graph, end == body + 16 && count != 0);
            uint256 dst = Bounds.span(graph, body.u32(), count);
            _fill(dst, 32 * count, (body + 8).i64());
        }
    }

    /// @dev Doubles what is set already.
    function _fill(uint256 dst, uint256 size, int256 value) private pure {
        assembly ("memory-safe") {
            mstore(dst, value)
            for {
                let done := 32
            } lt(done, size) {
                done := shl(1, done)
            } {
                let rest := sub(size, done)
                if gt(rest, done) {
                    rest := done
                }
                mcopy(add(dst, done), dst, rest)
            }
        }
    }
}
