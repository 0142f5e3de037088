// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {GovernanceFixture, Proposal} from "./GovernanceFixture.sol";

/// Each way to the effect of a vote that would be shorter than the vote.
contract ProtocolGovernorShortcutsTest is GovernanceFixture {
    uint256 private constant SUCCEEDED = 1 << uint8(IGovernor.ProposalState.Succeeded);
    uint256 private constant QUEUED = 1 << uint8(IGovernor.ProposalState.Queued);

    function test_nobodyCallsTheFunctionItself() public {
        address[8] memory all = [admin, governor, guardian, proposer, voter, address(dao), treasury, address(disputes)];
        for (uint256 i; i < all.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, all[i]));
            vm.prank(all[i]);
            requests.setTreasury(newTreasury);
        }
    }

    function test_nothingIsExecutedBeforeItsTime() public {
        Proposal memory p = _setTreasury("Early");
        uint256 id = _propose(proposer, p);
        _expectState(id, IGovernor.ProposalState.Pending, QUEUED);
        _execute(proposer, p);
        _pass(VOTING_DELAY + 1);
        _vote(voter, id, FOR);
        _expectState(id, IGovernor.ProposalState.Active, SUCCEEDED);
        _queue(p);
        _expectState(id, IGovernor.ProposalState.Active, QUEUED);
        _execute(proposer, p);
        _pass(VOTING_PERIOD);
        // Carried, and not queued: the timelock knows nothing of it.
        _expectState(id, IGovernor.ProposalState.Succeeded, QUEUED);
        _execute(proposer, p);
        _expectNotReady(p);
        timelock.executeBatch(p.targets, p.values, p.calldatas, 0, _salt(p));
        _queue(p);
        _pass(TIMELOCK_DELAY - 1);
        _expectNotReady(p);
        _execute(proposer, p);
        _expectNotReady(p);
        timelock.executeBatch(p.targets, p.values, p.calldatas, 0, _salt(p));
        _pass(1);
        timelock.executeBatch(p.targets, p.values, p.calldatas, 0, _salt(p));
        assertEq(requests.treasury(), newTreasury);
        _requireState(id, IGovernor.ProposalState.Executed);
    }

    function test_nothingIsExecutedTwice() public {
        Proposal memory p = _setTreasury("Once");
        uint256 id = _carry(p);
        _pass(TIMELOCK_DELAY);
        _execute(stranger, p);
        _expectState(id, IGovernor.ProposalState.Executed, QUEUED);
        _execute(stranger, p);
        _expectNotReady(p);
        timelock.executeBatch(p.targets, p.values, p.calldatas, 0, _salt(p));
    }

    function test_nobodyButTheGovernorBringsAnythingBeforeTheTimelock() public {
        Proposal memory p = _setTreasury("Straight");
        bytes32 role = timelock.PROPOSER_ROLE();
        address[5] memory all = [admin, governor, guardian, proposer, voter];
        for (uint256 i; i < all.length; ++i) {
            _expectNoRole(all[i], role);
            vm.prank(all[i]);
            timelock.scheduleBatch(p.targets, p.values, p.calldatas, 0, _salt(p), TIMELOCK_DELAY);
            _expectNoRole(all[i], role);
            vm.prank(all[i]);
            timelock.schedule(p.targets[0], 0, p.calldatas[0], 0, 0, TIMELOCK_DELAY);
            _expectNoRole(all[i], 0);
            vm.prank(all[i]);
            timelock.grantRole(role, all[i]);
            vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, all[i]));
            vm.prank(all[i]);
            timelock.updateDelay(0);
        }
    }

    /// The timelock's delay is moved by a vote like any other, and for what is queued after that.
    function test_aShorterDelayIsNoShorterWay() public {
        uint256 begun = _time();
        Proposal memory shorter = _call(address(timelock), abi.encodeCall(timelock.updateDelay, (0)), "No delay");
        Proposal memory p = _setTreasury("Beside it");
        _propose(proposer, shorter);
        uint256 id = _propose(proposer, p);
        _pass(VOTING_DELAY + 1);
        _vote(voter, dao.getProposalId(shorter.targets, shorter.values, shorter.calldatas, keccak256("No delay")), FOR);
        _vote(voter, id, FOR);
        _pass(VOTING_PERIOD);
        _queue(shorter);
        _queue(p);
        _pass(TIMELOCK_DELAY - 1);
        _expectNotReady(shorter);
        _execute(stranger, shorter);
        _expectNotReady(p);
        _execute(stranger, p);
        _pass(1);
        _execute(stranger, shorter);
        _execute(stranger, p);
        assertEq(timelock.getMinDelay(), 0);
        assertGe(_time() - begun, VOTING_DELAY + VOTING_PERIOD + TIMELOCK_DELAY);
    }

    function test_aBatchThatShortensTheDelayFirstDoesNotHelpItself() public {
        Proposal memory p = Proposal(new address[](2), new uint256[](2), new bytes[](2), "Both");
        (p.targets[0], p.calldatas[0]) = (address(timelock), abi.encodeCall(timelock.updateDelay, (0)));
        (p.targets[1], p.calldatas[1]) = (address(requests), abi.encodeCall(IEscrow.setTreasury, (newTreasury)));
        _carry(p);
        _expectNotReady(p);
        _execute(stranger, p);
    }

    function test_onlyTheProposerCancelsAndOnlyBeforeTheVote() public {
        Proposal memory p = _setTreasury("Mine");
        bytes32 description = keccak256(bytes(p.description));
        uint256 id = _propose(proposer, p);
        address[4] memory others = [guardian, admin, governor, voter];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, others[i]));
            vm.prank(others[i]);
            dao.cancel(p.targets, p.values, p.calldatas, description);
        }
        _pass(VOTING_DELAY + 1);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, proposer));
        vm.prank(proposer);
        dao.cancel(p.targets, p.values, p.calldatas, description);
        _vote(voter, id, FOR);
        _pass(VOTING_PERIOD);
        _queue(p);
        bytes32 operation = _timelockId(p);
        bytes32 role = timelock.CANCELLER_ROLE();
        for (uint256 i; i < others.length; ++i) {
            _expectNoRole(others[i], role);
            vm.prank(others[i]);
            timelock.cancel(operation);
        }
        // The guardian's power to cancel is over what the AccessManager holds, and this is not there.
        vm.expectRevert();
        vm.prank(guardian);
        authority.cancel(address(timelock), p.targets[0], p.calldatas[0]);
    }

    /// What was borrowed in the transaction of the vote, or for the moment of the count alone, does not count.
    function test_borrowedVotesDoNotCount() public {
        Proposal memory p = _setTreasury("Borrowed");
        FlashBorrower borrower = new FlashBorrower(dao, address(opg));
        uint256 id = _propose(proposer, p);
        _pass(VOTING_DELAY + 1);
        opg.transfer(address(borrower), 400_000_000 ether);
        assertEq(borrower.vote(id, address(this)), 0);
        assertEq(opg.balanceOf(address(borrower)), 0);
        _pass(VOTING_PERIOD);
        _requireState(id, IGovernor.ProposalState.Defeated);
    }

    /// Borrowed and returned inside the very second whose votes count.
    function test_votesBorrowedInTheSecondOfTheCountDoNotCount() public {
        Proposal memory p = _setTreasury("Snapshot");
        FlashBorrower borrower = new FlashBorrower(dao, address(opg));
        uint256 id = _propose(proposer, p);
        _pass(VOTING_DELAY);
        assertEq(dao.proposalSnapshot(id), _time());
        opg.transfer(address(borrower), 400_000_000 ether);
        borrower.delegateAndReturn(address(this));
        _pass(1);
        assertEq(borrower.vote(id, address(this)), 0);
    }

    function test_borrowedVotesDoNotPropose() public {
        Proposal memory p = _setTreasury("Threshold");
        FlashBorrower borrower = new FlashBorrower(dao, address(opg));
        opg.transfer(address(borrower), 400_000_000 ether);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector,
                address(borrower),
                0,
                THRESHOLD
            )
        );
        borrower.propose(p.targets, p.values, p.calldatas, p.description);
    }

    function test_votesCountOnceWhoeverHoldsThemLater() public {
        Proposal memory p = _setTreasury("Twice");
        uint256 id = _propose(proposer, p);
        _pass(VOTING_DELAY + 1);
        _vote(voter, id, FOR);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, voter));
        _vote(voter, id, FOR);
        vm.prank(voter);
        votes.delegate(whale);
        _pass(1);
        assertEq(_vote(whale, id, FOR), 0);
        vm.startPrank(voter);
        votes.delegate(voter);
        opg.transfer(stranger, 50_000_000 ether);
        vm.stopPrank();
        vm.prank(stranger);
        votes.delegate(stranger);
        _pass(1);
        assertEq(_vote(stranger, id, FOR), 0);
    }

    function test_theSameProposalIsNotMadeAgain() public {
        Proposal memory p = _setTreasury("Again");
        uint256 id = _carry(p);
        _expectState(id, IGovernor.ProposalState.Queued, 0);
        _propose(proposer, p);
        // With other words it is another proposal, and waits as long as any.
        Proposal memory q = _setTreasury("Again, please");
        uint256 other = _propose(proposer, q);
        _requireState(other, IGovernor.ProposalState.Pending);
        _expectState(other, IGovernor.ProposalState.Pending, SUCCEEDED);
        _queue(q);
    }

    /// Somebody who sees a proposal coming makes it first, to cancel it.
    function test_aProposalCanBeKeptForItsProposer() public {
        _give(whale, THRESHOLD);
        _pass(1);
        string memory words = string.concat("Mine#proposer=", vm.toString(proposer));
        Proposal memory p = _setTreasury(words);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, whale));
        _propose(whale, p);
        uint256 id = _propose(proposer, p);
        _requireState(id, IGovernor.ProposalState.Pending);

        // Without it the thief has its way, and other words are the way out.
        Proposal memory open = _setTreasury("Anybody's");
        uint256 stolen = _propose(whale, open);
        vm.prank(whale);
        dao.cancel(open.targets, open.values, open.calldatas, keccak256("Anybody's"));
        _expectState(stolen, IGovernor.ProposalState.Canceled, 0);
        _propose(proposer, open);
        _propose(proposer, _setTreasury("Anybody's, again"));
    }

    /// Powers over powers are the timelock's, and wait as long as what they would shorten.
    function test_nobodyGrantsClosesOrDelaysPastTheTimelock() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IEscrow.setTreasury.selector;
        bytes[9] memory calls = [
            abi.encodeCall(authority.grantRole, (GOVERNOR, stranger, 0)),
            abi.encodeCall(authority.revokeRole, (GUARDIAN, guardian)),
            abi.encodeCall(authority.setTargetFunctionRole, (address(requests), selectors, GUARDIAN)),
            abi.encodeCall(authority.setTargetClosed, (address(requests), true)),
            abi.encodeCall(authority.setTargetAdminDelay, (address(requests), 0)),
            abi.encodeCall(authority.setGrantDelay, (SLASHER, 0)),
            abi.encodeCall(authority.setRoleAdmin, (GOVERNOR, GUARDIAN)),
            abi.encodeCall(authority.setRoleGuardian, (GOVERNOR, GUARDIAN)),
            abi.encodeCall(authority.updateAuthority, (address(requests), stranger))
        ];
        address[5] memory all = [admin, governor, guardian, voter, address(dao)];
        for (uint256 i; i < calls.length; ++i) {
            for (uint256 j; j < all.length; ++j) {
                vm.expectRevert(
                    abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, all[j], uint64(0))
                );
                vm.prank(all[j]);
                (bool done, ) = address(authority).call(calls[i]);
                assertTrue(done);
            }
        }
    }

    /// A vote, too, waits until every operator could leave before another slasher acts.
    function test_noVoteMakesASlasherFasterThanOperatorsLeave() public {
        Proposal memory p = _call(
            address(authority),
            abi.encodeCall(authority.grantRole, (SLASHER, stranger, 0)),
            "Another slasher"
        );
        _carry(p);
        _pass(TIMELOCK_DELAY);
        _execute(stranger, p);
        _pass(8 days - 1);
        (bool allowed, ) = authority.canCall(stranger, address(operators), IOperators.slash.selector);
        assertFalse(allowed);
        _pass(1);
        (allowed, ) = authority.canCall(stranger, address(operators), IOperators.slash.selector);
        assertTrue(allowed);

        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IOperators.slash.selector;
        p = _call(
            address(authority),
            abi.encodeCall(authority.setTargetFunctionRole, (address(operators), selectors, GOVERNOR)),
            "Slash ourselves"
        );
        _carry(p);
        _pass(TIMELOCK_DELAY);
        vm.expectRevert();
        _execute(stranger, p);
    }

    /// The way that is there: one vote schedules, and one executes when every operator could have left.
    function test_aFunctionMovesByTwoVotesThatTheGuardianCannotStop() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IOperators.slash.selector;
        bytes memory move = abi.encodeCall(authority.setTargetFunctionRole, (address(operators), selectors, GOVERNOR));
        Proposal memory p = _call(
            address(authority),
            abi.encodeCall(authority.schedule, (address(authority), move, 0)),
            "Schedule"
        );
        _carry(p);
        _pass(TIMELOCK_DELAY);
        _execute(stranger, p);
        uint256 scheduledAt = _time();
        vm.expectRevert();
        vm.prank(guardian);
        authority.cancel(address(timelock), address(authority), move);

        p = _call(address(authority), move, "Execute");
        _carry(p);
        _pass(TIMELOCK_DELAY);
        _execute(stranger, p);
        assertEq(authority.getTargetFunctionRole(address(operators), IOperators.slash.selector), GOVERNOR);
        assertGe(_time() - scheduledAt, 8 days);
    }

    function test_theGuardianPausesAndNothingElse() public {
        vm.prank(guardian);
        ITimedPause(address(requests)).pause(7 days);
        (bool immediate, uint32 delay) = authority.canCall(guardian, address(requests), IEscrow.setTreasury.selector);
        assertFalse(immediate);
        assertEq(delay, 0);
        vm.expectRevert();
        vm.prank(guardian);
        authority.schedule(address(requests), abi.encodeCall(IEscrow.setTreasury, (stranger)), 0);
    }

    function _expectNotReady(Proposal memory p) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockUnexpectedOperationState.selector,
                _timelockId(p),
                bytes32(uint256(1 << uint8(TimelockController.OperationState.Ready)))
            )
        );
    }

    function _expectNoRole(address account, bytes32 role) private {
        vm.expectRevert(abi.encodeWithSignature("AccessControlUnauthorizedAccount(address,bytes32)", account, role));
    }
}

interface IVotingToken {
    function delegate(address delegatee) external;

    function balanceOf(address account) external view returns (uint256);

    function transfer(address to, uint256 amount) external returns (bool);
}

/// Acts with what it was lent, and gives it back in the same call.
contract FlashBorrower {
    IGovernor private immutable _dao;
    IVotingToken private immutable _opg;

    constructor(IGovernor dao, address opg) {
        (_dao, _opg) = (dao, IVotingToken(opg));
    }

    function vote(uint256 id, address lender) external returns (uint256 weight) {
        _opg.delegate(address(this));
        weight = _dao.castVote(id, 1);
        _opg.transfer(lender, _opg.balanceOf(address(this)));
    }

    function delegateAndReturn(address lender) external {
        _opg.delegate(address(this));
        _opg.transfer(lender, _opg.balanceOf(address(this)));
    }

    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) external {
        _opg.delegate(address(this));
        _dao.propose(targets, values, calldatas, description);
    }
}
