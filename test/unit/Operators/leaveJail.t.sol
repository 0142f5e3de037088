// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence, SignerStatus} from "../../../contracts/interfaces/IOperators.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {SlashFixture} from "../support/SlashFixture.sol";

contract LeaveJailTest is SlashFixture {
    function test_revertsWhenTheOperatorIsUnknown() public {
        uint32[3] memory unknown = [0, actor.id + 1, type(uint32).max];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, unknown[i]));
            operators.leaveJail(unknown[i]);
        }
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        _jail();
        skip(JAIL_PERIOD);
        address[3] memory others = [actor.signer, governor, stranger];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, others[i]));
            vm.prank(others[i]);
            operators.leaveJail(actor.id);
        }
    }

    function test_revertsWhenTheOperatorIsNotInJail() public {
        _expectNotJailed();
        _leave();
        _jail();
        skip(JAIL_PERIOD);
        _leave();
        _expectNotJailed();
        _leave();
    }

    function test_rule30_revertsWhenTheDelayIsNotOver() public {
        _jail();
        uint256 until = block.timestamp + JAIL_PERIOD;
        _expectNotOver(until);
        _leave();
        vm.warp(until - 1);
        _expectNotOver(until);
        _leave();
    }

    function test_rule30_aFurtherSlashBeginsTheDelayAnew() public {
        _jail();
        skip(JAIL_PERIOD - 1);
        _jail();
        uint256 until = block.timestamp + JAIL_PERIOD;
        skip(1);
        _expectNotOver(until);
        _leave();
        vm.warp(until);
        _leave();
    }

    function test_rule30_revertsWhenTheStakeIsBelowTheMinimum() public {
        actor = _onboard("small", 2 * MINIMUM_STAKE - 2 * GRAIN);
        _jail();
        skip(JAIL_PERIOD);
        _expectStakeTooLow(MINIMUM_STAKE - GRAIN);
        _leave();
        _stake(actor, GRAIN);
        _leave();
    }

    function test_rule07_unbondingStakeCountsForNoMinimum() public {
        _jail();
        _unbond(STAKE / 2);
        skip(JAIL_PERIOD);
        _expectStakeTooLow(0);
        _leave();
    }

    function test_returnsByTheOwnersAct() public {
        _jail();
        uint40 jailedAt = _standing(actor).lastSlashAt;
        skip(JAIL_PERIOD);
        assertFalse(operators.compactStandingOf(actor.signer).isActive());
        vm.expectEmit(address(operators));
        emit IOperators.OperatorReturned(actor.id);
        _leave();

        assertFalse(_standing(actor).jailed);
        assertTrue(operators.compactStandingOf(actor.signer).isActive());
        assertEq(_standing(actor).stake * GRAIN, STAKE / 2);
        assertEq(_standing(actor).slashCount, 1);
        assertEq(_standing(actor).era, 1);
        assertEq(operators.slashedAt(actor.id, 0), jailedAt);
    }

    /// Eras are counted by returns, not by slashes; a new key goes on counting.
    function test_rule29_everyReturnBeginsAnEra() public {
        for (uint16 i; i < 3; ++i) {
            _jail();
            _jail();
            assertEq(_standing(actor).era, i);
            actor = _rotate(actor, vm.toString(i));
            _stake(actor, STAKE);
            skip(JAIL_PERIOD);
            _leave();
            assertEq(_standing(actor).era, i + 1);
            assertEq(operators.slashCountOf(actor.id), 2 * (i + 1));
        }
    }

    /// A new key under the same operator is in the same jail.
    function test_rule30_rotatingIsNoWayOut() public {
        _jail();
        Actor memory rotated = _rotate(actor, "next signer");
        assertTrue(operators.standingOf(rotated.signer).jailed);
        _expectNotOver(block.timestamp + JAIL_PERIOD);
        _leave();
        skip(JAIL_PERIOD);
        _leave();
        assertFalse(operators.standingOf(rotated.signer).jailed);
    }

    /// Out of jail, and still with a key that signs nothing.
    function test_rule08_leavingDoesNotReviveARevokedSigner() public {
        _jail();
        vm.prank(actor.owner);
        operators.revokeSigner(actor.signer);
        skip(JAIL_PERIOD);
        _leave();
        assertEq(uint256(_standing(actor).status), uint256(SignerStatus.Revoked));
        assertFalse(operators.compactStandingOf(actor.signer).isActive());
    }

    function test_aLaterSlashJailsAgain() public {
        _jail();
        skip(JAIL_PERIOD);
        _leave();
        _jail();
        assertTrue(_standing(actor).jailed);
        _expectNotOver(block.timestamp + JAIL_PERIOD);
        _leave();
    }

    function testFuzz_leavesExactlyWhenItMay(uint256 stake, uint40 wait) public {
        stake = (bound(stake, MINIMUM_STAKE, 4 * MINIMUM_STAKE) / GRAIN) * GRAIN;
        wait = uint40(bound(wait, 0, 2 * JAIL_PERIOD));
        actor = _onboard("fuzzed", stake);
        uint256 left = stake - _jail();
        uint256 until = block.timestamp + JAIL_PERIOD;
        skip(wait);
        bool isFree = wait >= JAIL_PERIOD && left >= MINIMUM_STAKE;
        if (wait < JAIL_PERIOD) _expectNotOver(until);
        else if (left < MINIMUM_STAKE) _expectStakeTooLow(left);
        _leave();
        assertEq(_standing(actor).jailed, !isFree);
    }

    function _jail() private returns (uint256 taken) {
        taken = _take(actor.signer, Offence.Equivocation, NOBODY);
    }

    function _leave() private {
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
    }

    function _expectNotJailed() private {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorNotJailed.selector, actor.id));
    }

    function _expectNotOver(uint256 until) private {
        vm.expectRevert(abi.encodeWithSelector(IOperators.JailNotOver.selector, actor.id, until));
    }

    function _expectStakeTooLow(uint256 stake) private {
        vm.expectRevert(abi.encodeWithSelector(IOperators.StakeTooLow.selector, stake, MINIMUM_STAKE));
    }
}
