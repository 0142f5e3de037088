// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A guardian's pause of new work
/// @notice Never stops withdrawals, refunds, claims, answers to what is open, callbacks or disputes. Ends by itself.
interface ITimedPause {
    event NewWorkStopped(uint40 until);
    event NewWorkResumed();

    /// @notice New work is stopped until the time given; all that is under way goes on.
    error NewWorkPaused(uint40 until);
    /// @notice A pause lasts at least a second, and at most the maximum.
    error PauseTooLong(uint40 duration, uint40 maximum);
    /// @notice The next pause can begin at the time given: pauses cannot be strung together.
    error PauseTooSoon(uint256 from);
    /// @notice There is no pause to end.
    error NotPaused();

    /// @notice Stops new work for `duration` seconds. Not again within the cooldown after a pause.
    function pause(uint40 duration) external;

    /// @notice Ends a pause before its time.
    function resume() external;

    /// @notice Timestamp until which new work is stopped.
    function pausedUntil() external view returns (uint40);
}
