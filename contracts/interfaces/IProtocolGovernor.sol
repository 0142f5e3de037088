// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How governance decides. Durations in seconds, votes in token wei.
struct VotingTerms {
    /// From a proposal to the moment at which votes are counted; time to delegate.
    uint48 votingDelay;
    uint32 votingPeriod;
    /// Least time left to vote from the moment at which a proposal reaches its quorum; at most the voting period.
    uint48 voteExtension;
    /// Votes that whoever proposes must have.
    uint256 proposalThreshold;
    /// For and abstaining, of all votes that exist.
    uint256 quorumPercent;
    /// Votes that a quorum takes at the least, however few exist.
    uint256 quorumFloor;
    /// From the queueing of a proposal that was carried to its execution.
    uint256 timelockDelay;
}

/// @title How OPG governs the protocol
/// @notice A proposal waits, is voted on, waits in the timelock, and is executed by anyone. Everything but the quorum's
/// floor can be changed by a vote, the voting delay and period between constants.
/// @dev Warning: a description that ends with `#proposer=0x…` can be used by that account alone. Without it somebody who
/// sees a proposal coming can make it first, and cancel it.
interface IProtocolGovernor {
    error ClockNotInSeconds(string mode);
    error QuorumFloorZero();
    error TimelockDelayTooShort(uint256 delay, uint256 minimum);
    error VotingDelayOutOfBounds(uint256 votingDelay);
    error VotingPeriodOutOfBounds(uint256 votingPeriod);

    function QUORUM_FLOOR() external view returns (uint256);

    function MIN_VOTING_DELAY() external view returns (uint48);

    function MAX_VOTING_DELAY() external view returns (uint48);

    function MIN_VOTING_PERIOD() external view returns (uint32);

    function MAX_VOTING_PERIOD() external view returns (uint32);

    /// @notice Of a new timelock. A vote can move the delay of the timelock that is there.
    function MIN_TIMELOCK_DELAY() external view returns (uint256);
}
