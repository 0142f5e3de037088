// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract LeaveJailTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.leaveJail(2);
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        _slash(actor, 1);
        skip(JAIL_PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, actor.signer));
        vm.prank(actor.signer);
        operators.leaveJail(actor.id);
    }

    function test_revertsWhenTheOperatorIsNotInJail() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorNotJailed.selector, actor.id));
        _leave();
    }

    function test_revertsWhenItIsTooEarly() public {
        _slash(actor, 1);
        uint256 until = block.timestamp + JAIL_PERIOD;
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(IOperators.JailNotOver.selector, actor.id, until));
        _leave();
    }

    function test_revertsWhenTheStakeIsBelowTheMinimum() public {
        Actor memory small = _onboard("small", 2 * MINIMUM_STAKE - 2 * GRAIN);
        _slash(small, 1);
        skip(JAIL_PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IOperators.StakeTooLow.selector, MINIMUM_STAKE - GRAIN, MINIMUM_STAKE));
        vm.prank(small.owner);
        operators.leaveJail(small.id);
        _stake(small, GRAIN);
        vm.prank(small.owner);
        operators.leaveJail(small.id);
    }

    function test_rule07_unbondingStakeDoesNotCountForTheMinimum() public {
        _slash(actor, 1);
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE / 2 - MINIMUM_STAKE + GRAIN);
        skip(JAIL_PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IOperators.StakeTooLow.selector, MINIMUM_STAKE - GRAIN, MINIMUM_STAKE));
        _leave();
    }

    function test_returnsByItsOwnAct() public {
        _slash(actor, 1);
        skip(JAIL_PERIOD);
        assertTrue(_standing(actor).jailed);
        vm.expectEmit(address(operators));
        emit IOperators.OperatorReturned(actor.id);
        _leave();
        assertFalse(_standing(actor).jailed);
        assertEq(_standing(actor).slashCount, 1);
    }

    function test_eachSlashBeginsTheJailAnew() public {
        _slash(actor, 1);
        skip(JAIL_PERIOD - 1);
        _slash(actor, 2);
        uint256 until = block.timestamp + JAIL_PERIOD;
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IOperators.JailNotOver.selector, actor.id, until));
        _leave();
        vm.warp(until);
        _leave();
        _slash(actor, 3);
        assertTrue(_standing(actor).jailed);
    }

    function test_aRotationIsNoWayOut() public {
        _slash(actor, 1);
        Actor memory rotated = _rotate(actor, "next signer");
        vm.expectRevert(
            abi.encodeWithSelector(IOperators.JailNotOver.selector, actor.id, block.timestamp + JAIL_PERIOD)
        );
        _leave();
        skip(JAIL_PERIOD);
        _leave();
        assertFalse(operators.standingOf(rotated.signer).jailed);
    }

    function _leave() private {
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
    }
}
