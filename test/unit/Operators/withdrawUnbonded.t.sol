// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract WithdrawUnbondedTest is NetworkFixture {
    Actor private actor;
    uint256 private releaseAt;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
        vm.prank(actor.owner);
        operators.unbond(actor.id, 10_000 ether);
        releaseAt = block.timestamp + UNBONDING_PERIOD;
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.withdrawUnbonded(2, stranger);
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.warp(releaseAt);
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, stranger));
        vm.prank(stranger);
        operators.withdrawUnbonded(actor.id, stranger);
    }

    function test_revertsWhenNothingUnbonds() public {
        Actor memory other = _onboard("other");
        vm.expectRevert(IOperators.AmountZero.selector);
        vm.prank(other.owner);
        operators.withdrawUnbonded(other.id, other.owner);
    }

    function test_revertsWhenItIsTooEarly() public {
        vm.warp(releaseAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IOperators.UnbondingNotReady.selector, 10_000 ether, releaseAt));
        _withdraw(actor.owner);
    }

    function test_revertsWhenItWouldGoToNobody() public {
        vm.warp(releaseAt);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        _withdraw(address(0));
        assertEq(operators.unbondingOf(actor.id).amount, 10_000 ether);
    }

    function test_paysOutOnce() public {
        vm.warp(releaseAt);
        vm.expectEmit(address(operators));
        emit IOperators.UnbondingWithdrawn(actor.id, user, 10_000 ether);
        assertEq(_withdraw(user), 10_000 ether);
        assertEq(opg.balanceOf(user), 10_000 ether);
        assertEq(operators.unbondingOf(actor.id).releaseAt, 0);
        assertFalse(_standing(actor).unbonding);
        assertEq(_standing(actor).stake * GRAIN, STAKE - 10_000 ether);
        vm.expectRevert(IOperators.AmountZero.selector);
        _withdraw(user);
    }

    function test_paysWhatASlashLeft() public {
        _slash(actor, 1);
        vm.warp(releaseAt);
        assertEq(_withdraw(actor.owner), 5000 ether);
        assertEq(opg.balanceOf(address(operators)), 20_000 ether + 25_000 ether);
    }

    function test_worksAfterARotationAndInJail() public {
        Actor memory rotated = _rotate(actor, "next signer");
        _slash(rotated, 1);
        vm.warp(releaseAt);
        assertEq(_withdraw(actor.owner), 5000 ether);
        assertFalse(_standing(actor).unbonding);
    }

    function test_rule03_thePauseDoesNotStopIt() public {
        vm.prank(guardian);
        ITimedPause(address(requests)).pause(7 days);
        vm.warp(releaseAt - 1 days);
        skip(1 days);
        assertEq(_withdraw(actor.owner), 10_000 ether);
    }

    function _withdraw(address to) private returns (uint256) {
        vm.prank(actor.owner);
        return operators.withdrawUnbonded(actor.id, to);
    }
}
