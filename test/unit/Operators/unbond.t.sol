// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Unbonding} from "../../../contracts/interfaces/IOperators.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract UnbondTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.unbond(2, 1 ether);
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, actor.signer));
        vm.prank(actor.signer);
        operators.unbond(actor.id, 1 ether);
    }

    function test_revertsWhenTheAmountIsZero() public {
        vm.expectRevert(IOperators.AmountZero.selector);
        _unbond(0);
    }

    function test_revertsWhenTheAmountIsNotWholeGrains() public {
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, 1));
        _unbond(1);
    }

    function test_revertsWhenTheAmountIsMoreThanTheStake() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.StakeTooLow.selector, STAKE, STAKE + GRAIN));
        _unbond(STAKE + GRAIN);
    }

    function test_putsStakeOnItsWayOut() public {
        uint40 releaseAt = uint40(block.timestamp) + UNBONDING_PERIOD;
        vm.expectEmit(address(operators));
        emit IOperators.UnbondingStarted(actor.id, 10_000 ether, 10_000 ether, releaseAt);
        _unbond(10_000 ether);
        Unbonding memory unbonding = operators.unbondingOf(actor.id);
        assertEq(unbonding.amount, 10_000 ether);
        assertEq(unbonding.releaseAt, releaseAt);
        assertEq(_standing(actor).stake * GRAIN, 40_000 ether);
        assertTrue(_standing(actor).unbonding);
        assertEq(opg.balanceOf(address(operators)), STAKE);
    }

    function test_putsAllUnderOneLaterDate() public {
        _unbond(1 ether);
        skip(UNBONDING_PERIOD - 1);
        vm.expectEmit(address(operators));
        emit IOperators.UnbondingStarted(actor.id, 2 ether, 3 ether, uint40(block.timestamp) + UNBONDING_PERIOD);
        _unbond(2 ether);
        skip(1);
        vm.expectPartialRevert(IOperators.UnbondingNotReady.selector);
        vm.prank(actor.owner);
        operators.withdrawUnbonded(actor.id, actor.owner);
    }

    function test_givesUpSlotsThatTheRestDoesNotCarry() public {
        vm.expectEmit(address(operators));
        emit IOperators.SlotsSet(actor.id, 9);
        _unbond(STAKE - 1000 ether + GRAIN);
        assertEq(_standing(actor).slots, 9);
    }

    function test_rule07_unbondingStakeIsSlashedAlike() public {
        _unbond(STAKE);
        assertEq(_slash(actor, 1), STAKE / 2);
        assertEq(operators.unbondingOf(actor.id).amount, STAKE / 2);
        skip(UNBONDING_PERIOD);
        vm.prank(actor.owner);
        assertEq(operators.withdrawUnbonded(actor.id, actor.owner), STAKE / 2);
    }

    function test_rule07_unbondingStakeLeavesAfterAllEvidenceAgainstIt() public {
        // The last result that this stake could stand for: used in the block of the unbonding, valid for the longest.
        uint256 evidenceEndsAt = block.timestamp + MAX_VALIDITY + DISPUTE_WINDOW;
        _unbond(STAKE);
        assertGt(operators.unbondingOf(actor.id).releaseAt, evidenceEndsAt + 1 days);
    }

    function testFuzz_movesAndLosesNothing(uint256 first, uint256 second) public {
        first = bound(first, 1, STAKE / GRAIN - 1);
        second = bound(second, 1, STAKE / GRAIN - first);
        _unbond(first * GRAIN);
        _unbond(second * GRAIN);
        assertEq(operators.unbondingOf(actor.id).amount, (first + second) * GRAIN);
        assertEq(_standing(actor).stake, STAKE / GRAIN - first - second);
        assertLe(_standing(actor).slots * STAKE_PER_SLOT, _standing(actor).stake * GRAIN);
    }

    function _unbond(uint256 amount) private {
        vm.prank(actor.owner);
        operators.unbond(actor.id, amount);
    }
}
