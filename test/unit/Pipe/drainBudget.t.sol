// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {PipeFixture} from "./PipeFixture.sol";

contract DrainBudgetTest is PipeFixture {
    function test_movesMoneyBackToTheBalance() public {
        vm.expectEmit(address(pipe));
        emit IPipe.BudgetSet(user, address(consumer), 6 ether, 10 ether);
        vm.prank(user);
        pipe.drainBudget(address(consumer), 4 ether);
        assertEq(money.balanceOf(user), 94 ether);
        assertEq(pipe.budgetOf(user, address(consumer)).balance, 6 ether);
    }

    function test_worksWhilePaused() public {
        vm.prank(guardian);
        ITimedPause(address(pipe)).pause(1 hours);
        vm.startPrank(user);
        pipe.drainBudget(address(consumer), 10 ether);
        money.withdraw(user, 100 ether);
        vm.stopPrank();
        assertEq(opg.balanceOf(user), 100 ether);
    }

    function test_revertsWhenTheBudgetIsTooLow() public {
        vm.expectRevert(
            abi.encodeWithSelector(IPipe.BudgetTooLow.selector, user, consumer, 10 ether, 10 ether + GRAIN)
        );
        vm.prank(user);
        pipe.drainBudget(address(consumer), 10 ether + GRAIN);
    }

    function test_revertsWhenItIsAnothersBudget() public {
        vm.expectRevert(abi.encodeWithSelector(IPipe.BudgetTooLow.selector, consumer, consumer, 0, GRAIN));
        vm.prank(address(consumer));
        pipe.drainBudget(address(consumer), GRAIN);
    }

    function test_revertsWhenTheAmountIsNotWhole() public {
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, 1));
        vm.prank(user);
        pipe.drainBudget(address(consumer), 1);
    }
}
