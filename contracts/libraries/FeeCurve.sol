// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestTimes} from "../types/Request.sol";

/// @title FeeCurve
/// @notice An answer that comes late is worth less: all until `fullFeeUntil`, then linear down to nothing at the
/// deadline.
library FeeCurve {
    uint256 internal constant ONE = 1e18;

    /// @notice The share that is due at `timestamp`, 1e18 = all; rounded down.
    function share(RequestTimes times, uint256 timestamp) internal pure returns (uint256) {
        uint256 fullUntil = times.fullFeeUntil();
        if (timestamp <= fullUntil) return ONE;
        uint256 deadline = times.deadline();
        if (timestamp >= deadline) return 0;
        return (ONE * (deadline - timestamp)) / (deadline - fullUntil);
    }

    function mulDown(uint256 amount, uint256 share_) internal pure returns (uint256) {
        return (amount * share_) / ONE;
    }
}
