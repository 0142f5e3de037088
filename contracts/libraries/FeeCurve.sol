// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GRAIN} from "../types/Grain.sol";

/// @title FeeCurve
/// @notice An answer that comes late is worth less: all until `fullUntil`, then linear down to nothing at `deadline`.
library FeeCurve {
    /// @notice The part of `amount` (token wei, whole grains) that is due at `timestamp`, rounded down to grains.
    function due(uint256 amount, uint256 fullUntil, uint256 deadline, uint256 timestamp)
        internal
        pure
        returns (uint256)
    {
        if (timestamp <= fullUntil) return amount;
        if (timestamp >= deadline) return 0;
        return ((amount / GRAIN) * (deadline - timestamp) / (deadline - fullUntil)) * GRAIN;
    }
}
