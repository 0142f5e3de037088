// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges, Verdict} from "../../../contracts/interfaces/IChallenges.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

contract EndChallengeTest is ExactFixture {
    function test_revertsWhenTheChallengeIsUnknown() public {
        bytes32 key = keccak256("no challenge");
        vm.expectRevert(abi.encodeWithSelector(IChallenges.ChallengeUnknown.selector, key));
        disputes.endChallenge(key);
    }

    function test_revertsWhenTheChallengeIsNotOver() public {
        bytes32 key = _open(challenger, _lie());
        uint256 endsAt = block.timestamp + disputes.STEP_PERIOD();
        vm.warp(endsAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.ChallengeNotOver.selector, key, endsAt));
        disputes.endChallenge(key);
    }

    function test_rule27_aLapseGoesAgainstTheAccuser() public {
        bytes32 key = _open(challenger, _truth());
        uint256 bond = disputes.challengeOf(key).bond;
        skip(disputes.STEP_PERIOD());
        vm.expectEmit(address(disputes));
        emit IChallenges.ChallengeEnded(key, actor.id, Verdict.Lapsed, 0, 0, bond, actor.owner);
        vm.prank(stranger);
        disputes.endChallenge(key);
        assertFalse(_isOpen(key));
        assertEq(disputes.creditOf(actor.owner), bond);
        assertEq(disputes.creditOf(challenger), 0);
        _requireUntouched();
    }

    /// A liar that accuses itself to be in nobody's way: another may accuse again, while the evidence lives.
    function test_aLapseDoesNotAcquit() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(actor.owner, lie);
        skip(disputes.STEP_PERIOD());
        disputes.endChallenge(key);
        _open(challenger, lie);
        assertTrue(_continue(challenger, lie, 0));
        assertTrue(disputes.isPunished(key));
    }

    /// A liar opens against itself first; whoever is honest goes on from there, at the liar's cost.
    function test_aLiarCannotOccupyItsOwnChallenge() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(actor.owner, lie);
        assertTrue(_continue(challenger, lie, 0));
        assertTrue(disputes.isPunished(key));
        assertGt(disputes.creditOf(challenger), 0);
        assertEq(disputes.payWork(key, uint40(block.timestamp), challenger), 1875 ether);
    }

    /// Accusations without end cost their author a bond each, paid to the accused, and keep no stake from leaving.
    function test_endlessAccusationsPayTheAccusedAndFreezeNothing() public {
        SignedResult memory truth = _truth();
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        uint256 paid;
        uint256 endedAt = uint256(truth.result.validUntil) + DISPUTE_WINDOW;
        while (vm.getBlockTimestamp() <= endedAt) {
            bytes32 key = _open(challenger, truth);
            paid += disputes.challengeOf(key).bond;
            skip(disputes.STEP_PERIOD());
            disputes.endChallenge(key);
        }
        assertEq(disputes.creditOf(actor.owner), paid);
        vm.warp(operators.unbondingOf(actor.id).releaseAt);
        vm.prank(actor.owner);
        assertEq(operators.withdrawUnbonded(actor.id, actor.owner), STAKE);
    }
}
