// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A guardian's pause of new work
/// @notice Never stops withdrawals, refunds, claims, answers to what is open, callbacks or disputes. Ends by itself.
interface ITimedPause {
    event NewWorkStopped(uint40 until);
    event NewWorkResumed();

    error NewWorkPaused(uint40 until);
    error PauseTooLong(uint40 duration, uint40 maximum);
    error PauseTooSoon(uint256 from);
    error NotPaused();

    /// @notice Stops new work for `duration` seconds. Not again within the cooldown after a pause.
    function pause(uint40 duration) external;

    /// @notice Ends a pause before its time.
    function resume() external;

    /// @notice Timestamp until which new work is stopped.
    function pausedUntil() external view returns (uint40);
}
