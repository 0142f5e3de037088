// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IProtocolGovernor, VotingTerms} from "../interfaces/IProtocolGovernor.sol";

/// @title ProtocolGovernor
/// @notice Owns proposals and votes; its timelock, which it makes for itself, holds the powers. Holders of votes propose
/// and vote, anyone queues and executes what was carried. Nobody else can bring anything before the timelock, or take it
/// away. Trusts the token that votes.
contract ProtocolGovernor is
    IProtocolGovernor,
    Governor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    uint48 public constant override MIN_VOTING_DELAY = 1 hours;
    uint48 public constant override MAX_VOTING_DELAY = 30 days;
    uint32 public constant override MIN_VOTING_PERIOD = 1 days;
    uint32 public constant override MAX_VOTING_PERIOD = 30 days;
    uint256 public constant override MIN_TIMELOCK_DELAY = 1 hours;

    uint256 public immutable override QUORUM_FLOOR;

    constructor(
        IERC5805 votes,
        VotingTerms memory terms
    )
        Governor("OPG Governor")
        GovernorSettings(terms.votingDelay, terms.votingPeriod, terms.proposalThreshold)
        GovernorVotes(votes)
        GovernorVotesQuorumFraction(terms.quorumPercent)
        GovernorPreventLateQuorum(terms.voteExtension)
        GovernorTimelockControl(_newTimelock(terms.timelockDelay))
    {
        string memory mode = votes.CLOCK_MODE();
        require(keccak256(bytes(mode)) == keccak256("mode=timestamp"), ClockNotInSeconds(mode));
        require(terms.quorumFloor != 0, QuorumFloorZero());
        QUORUM_FLOOR = terms.quorumFloor;
    }

    function quorum(uint256 timepoint) public view override(Governor, GovernorVotesQuorumFraction) returns (uint256) {
        return Math.max(super.quorum(timepoint), QUORUM_FLOOR);
    }

    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function proposalDeadline(
        uint256 proposalId
    ) public view override(Governor, GovernorPreventLateQuorum) returns (uint256) {
        return super.proposalDeadline(proposalId);
    }

    function proposalNeedsQueuing(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (bool) {
        return super.proposalNeedsQueuing(proposalId);
    }

    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    function _setVotingDelay(uint48 newVotingDelay) internal override {
        require(
            newVotingDelay >= MIN_VOTING_DELAY && newVotingDelay <= MAX_VOTING_DELAY,
            VotingDelayOutOfBounds(newVotingDelay)
        );
        super._setVotingDelay(newVotingDelay);
    }

    function _setVotingPeriod(uint32 newVotingPeriod) internal override {
        require(
            newVotingPeriod >= MIN_VOTING_PERIOD && newVotingPeriod <= MAX_VOTING_PERIOD,
            VotingPeriodOutOfBounds(newVotingPeriod)
        );
        super._setVotingPeriod(newVotingPeriod);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }

    /// @dev Made here, the timelock knows its only proposer from the start, and needs no admin to name it later.
    function _newTimelock(uint256 delay) private returns (TimelockController) {
        require(delay >= MIN_TIMELOCK_DELAY, TimelockDelayTooShort(delay, MIN_TIMELOCK_DELAY));
        address[] memory proposers = new address[](1);
        proposers[0] = address(this);
        // The zero address: anyone executes what is due.
        return new TimelockController(delay, proposers, new address[](1), address(0));
    }
}
