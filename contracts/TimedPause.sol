// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {ITimedPause} from "./interfaces/ITimedPause.sol";

/// @title TimedPause
/// @notice Owns one timestamp: until when new work is stopped. The guardian writes it; it runs out by itself.
abstract contract TimedPause is ITimedPause, AccessManaged {
    uint40 public constant MAX_PAUSE = 7 days;
    /// @dev From the end of one pause to the next, so that pauses cannot be strung together.
    uint40 public constant PAUSE_COOLDOWN = 7 days;

    uint40 public override pausedUntil;

    modifier whenNotPaused() {
        require(block.timestamp >= pausedUntil, NewWorkPaused(pausedUntil));
        _;
    }

    /// @inheritdoc ITimedPause
    function pause(uint40 duration) external override restricted {
        require(duration != 0 && duration <= MAX_PAUSE, PauseTooLong(duration, MAX_PAUSE));
        uint256 next = pausedUntil == 0 ? 0 : uint256(pausedUntil) + PAUSE_COOLDOWN;
        require(block.timestamp >= next, PauseTooSoon(next));
        pausedUntil = uint40(block.timestamp) + duration;
        emit NewWorkStopped(pausedUntil);
    }

    /// @inheritdoc ITimedPause
    function resume() external override restricted {
        require(block.timestamp < pausedUntil, NotPaused());
        pausedUntil = uint40(block.timestamp);
        emit NewWorkResumed();
    }
}
