// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IProtocolGovernor, VotingTerms} from "../../../contracts/interfaces/IProtocolGovernor.sol";
import {GovernanceFixture, Proposal} from "./GovernanceFixture.sol";

/// What a proposal lives through, and the bounds of the numbers that it can change.
contract ProtocolGovernorProposalsTest is GovernanceFixture {
    bytes32 private constant DEFAULT_ADMIN = 0;

    function test_theGovernorAloneProposesToItsTimelockAndAnyoneExecutes() public view {
        assertTrue(timelock.hasRole(timelock.PROPOSER_ROLE(), address(dao)));
        assertTrue(timelock.hasRole(timelock.CANCELLER_ROLE(), address(dao)));
        assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)));
        assertTrue(timelock.hasRole(DEFAULT_ADMIN, address(timelock)));
        assertFalse(timelock.hasRole(DEFAULT_ADMIN, address(this)));
        assertFalse(timelock.hasRole(DEFAULT_ADMIN, address(dao)));
        assertEq(timelock.getMinDelay(), TIMELOCK_DELAY);
    }

    function test_changesATreasuryByVote() public {
        Proposal memory p = _setTreasury("Move the treasury");
        uint256 proposedAt = _time();
        uint256 id = _propose(proposer, p);
        _requireState(id, IGovernor.ProposalState.Pending);
        _pass(VOTING_DELAY + 1);
        _requireState(id, IGovernor.ProposalState.Active);
        assertEq(_vote(voter, id, FOR), 50_000_000 ether);
        _pass(VOTING_PERIOD);
        _requireState(id, IGovernor.ProposalState.Succeeded);
        _queue(p);
        _pass(TIMELOCK_DELAY);
        _execute(stranger, p);

        _requireState(id, IGovernor.ProposalState.Executed);
        assertEq(requests.treasury(), newTreasury);
        assertGe(_time() - proposedAt, VOTING_DELAY + VOTING_PERIOD + TIMELOCK_DELAY);
    }

    function test_whatIsRefusedOrLacksAQuorumIsNotQueued() public {
        Proposal memory p = _setTreasury("Refused");
        uint256 id = _propose(proposer, p);
        _give(whale, 60_000_000 ether);
        _pass(VOTING_DELAY + 1);
        _vote(voter, id, FOR);
        _vote(whale, id, AGAINST);
        _pass(VOTING_PERIOD);
        _requireState(id, IGovernor.ProposalState.Defeated);
        _expectState(id, IGovernor.ProposalState.Defeated, 1 << uint8(IGovernor.ProposalState.Succeeded));
        _queue(p);

        p = _setTreasury("Ignored");
        id = _propose(proposer, p);
        _pass(VOTING_DELAY + 1);
        _vote(proposer, id, FOR);
        _pass(VOTING_PERIOD);
        _requireState(id, IGovernor.ProposalState.Defeated);
    }

    function test_aQuorumIsAShareOfAllVotesAndNeverLessThanTheFloor() public {
        assertEq(dao.quorum(_time() - 1), 40_000_000 ether);
        opg.burn(900_000_000 ether);
        _pass(1);
        assertEq(dao.quorum(_time() - 1), QUORUM_FLOOR);
    }

    /// A wrapper in which one OPG lies would be governed by it.
    function test_theFloorBindsWhereFewVotesExist() public {
        address plain = deployCode("PlainToken.sol:PlainToken", abi.encode(address(this), SUPPLY, uint8(18)));
        address wrapper = deployCode("OPGVotes.sol:OPGVotes", abi.encode(plain));
        IGovernor wrapped = _deployGovernor(wrapper, _votingTerms());
        assertEq(wrapped.quorum(_time() - 1), QUORUM_FLOOR);
    }

    function test_aQuorumReachedLateLeavesTimeToAnswer() public {
        Proposal memory p = _setTreasury("In the last second");
        uint256 id = _propose(proposer, p);
        _give(whale, 60_000_000 ether);
        uint256 deadline = dao.proposalDeadline(id);
        _pass(deadline - _time());
        _vote(voter, id, FOR);
        assertEq(dao.proposalDeadline(id), deadline + VOTE_EXTENSION);
        _pass(VOTE_EXTENSION);
        _vote(whale, id, AGAINST);
        _pass(1);
        _requireState(id, IGovernor.ProposalState.Defeated);
    }

    function test_revertsWhenANumberIsOutOfBounds() public {
        VotingTerms memory terms = _votingTerms();
        terms.votingDelay = 1 hours - 1;
        _refuse(terms, abi.encodeWithSelector(IProtocolGovernor.VotingDelayOutOfBounds.selector, 1 hours - 1));
        terms.votingDelay = 30 days + 1;
        _refuse(terms, abi.encodeWithSelector(IProtocolGovernor.VotingDelayOutOfBounds.selector, 30 days + 1));
        terms = _votingTerms();
        terms.votingPeriod = 1 days - 1;
        _refuse(terms, abi.encodeWithSelector(IProtocolGovernor.VotingPeriodOutOfBounds.selector, 1 days - 1));
        terms.votingPeriod = 30 days + 1;
        _refuse(terms, abi.encodeWithSelector(IProtocolGovernor.VotingPeriodOutOfBounds.selector, 30 days + 1));
        terms = _votingTerms();
        terms.timelockDelay = 1 hours - 1;
        _refuse(terms, abi.encodeWithSelector(IProtocolGovernor.TimelockDelayTooShort.selector, 1 hours - 1, 1 hours));
        terms = _votingTerms();
        terms.quorumFloor = 0;
        _refuse(terms, abi.encodeWithSelector(IProtocolGovernor.QuorumFloorZero.selector));
    }

    function test_revertsWhenVotesAreCountedByBlocks() public {
        address token = deployCode("OddTokens.sol:BlockVotesToken", abi.encode(address(this)));
        _refuse(
            token,
            _votingTerms(),
            abi.encodeWithSelector(IProtocolGovernor.ClockNotInSeconds.selector, "mode=blocknumber&from=default")
        );
    }

    /// A vote that would shorten what all others rest on fails when it is executed.
    function test_noVoteShortensTheVoteBelowItsBounds() public {
        bytes[2] memory calls = [
            abi.encodeWithSignature("setVotingDelay(uint48)", uint48(0)),
            abi.encodeWithSignature("setVotingPeriod(uint32)", uint32(1))
        ];
        bytes[2] memory problems = [
            abi.encodeWithSelector(IProtocolGovernor.VotingDelayOutOfBounds.selector, 0),
            abi.encodeWithSelector(IProtocolGovernor.VotingPeriodOutOfBounds.selector, 1)
        ];
        for (uint256 i; i < calls.length; ++i) {
            Proposal memory p = _call(address(dao), calls[i], "Shorter");
            _carry(p);
            _pass(TIMELOCK_DELAY);
            vm.expectRevert(problems[i]);
            _execute(stranger, p);
        }
        assertEq(dao.votingDelay(), VOTING_DELAY);
        assertEq(dao.votingPeriod(), VOTING_PERIOD);
    }

    function _refuse(VotingTerms memory terms, bytes memory problem) private {
        _refuse(address(opg), terms, problem);
    }

    function _refuse(address token, VotingTerms memory terms, bytes memory problem) private {
        bytes memory code = bytes.concat(vm.getCode("ProtocolGovernor.sol:ProtocolGovernor"), abi.encode(token, terms));
        bytes memory found;
        address created;
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            let size := returndatasize()
            found := mload(0x40)
            mstore(0x40, add(found, and(add(size, 63), not(31))))
            mstore(found, size)
            returndatacopy(add(found, 32), 0, size)
        }
        assertEq(created, address(0));
        assertEq(found, problem);
    }
}
