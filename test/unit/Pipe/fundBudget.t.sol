// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

contract FundBudgetTest is PipeFixture {
    function test_movesMoneyFromTheBalance() public {
        vm.expectEmit(address(pipe));
        emit IPipe.BudgetSet(user, address(consumer), 15 ether, 2 ether);
        vm.prank(user);
        pipe.fundBudget(address(consumer), 5 ether, 2 ether);
        assertEq(money.balanceOf(user), 85 ether);
        assertEq(pipe.budgetOf(user, address(consumer)).balance, 15 ether);
        assertEq(pipe.budgetOf(user, address(consumer)).blockLimit, 2 ether);
        assertEq(pipe.budgetOf(address(consumer), user).balance, 0);
    }

    /// A new limit does not forget what the block has spent already.
    function test_keepsWhatTheBlockHasSpent() public {
        _send(user, address(consumer), _carry(_ask(), _usual()));
        vm.prank(user);
        pipe.fundBudget(address(consumer), 1 ether, FEE + GRAIN);
        bytes memory other = abi.encodeCall(CarryingConsumer.ask, (release, 0, "other"));
        _expectFailure(
            user,
            address(consumer),
            _carry(other, _bundle(user, address(consumer), _item("other", ANSWER))),
            abi.encodeWithSelector(IPipe.BlockLimitReached.selector, user, consumer, GRAIN, FEE)
        );
    }

    /// A limit below what is spent already stops all more in the block, and says that nothing is left.
    function test_aLimitBelowWhatIsSpentLeavesNothing() public {
        _send(user, address(consumer), _carry(_ask(), _usual()));
        vm.prank(user);
        pipe.fundBudget(address(consumer), 0, GRAIN);
        bytes memory other = abi.encodeCall(CarryingConsumer.ask, (release, 0, "other"));
        _expectFailure(
            user,
            address(consumer),
            _carry(other, _bundle(user, address(consumer), _item("other", ANSWER))),
            abi.encodeWithSelector(IPipe.BlockLimitReached.selector, user, consumer, 0, FEE)
        );
    }

    function test_revertsWhenTheBalanceIsTooLow() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, user, 90 ether, 90 ether + GRAIN));
        vm.prank(user);
        pipe.fundBudget(address(consumer), 90 ether + GRAIN, 0);
    }

    function test_revertsWhenAnAmountIsNotWhole() public {
        vm.startPrank(user);
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, GRAIN + 1));
        pipe.fundBudget(address(consumer), GRAIN + 1, 0);
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, 1));
        pipe.fundBudget(address(consumer), 0, 1);
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, SUPPLY + GRAIN));
        pipe.fundBudget(address(consumer), 0, SUPPLY + GRAIN);
        vm.stopPrank();
    }

    /// Whatever is set aside, spent and taken back, the parts of the word do not touch each other.
    function testFuzz_keepsItsPartsApart(uint256 amount, uint256 limit, uint256 spent, uint256 back) public {
        amount = bound(amount, 0, 80e6) * GRAIN;
        limit = bound(limit, 0, SUPPLY / GRAIN) * GRAIN;
        vm.prank(user);
        pipe.fundBudget(address(consumer), amount, limit);
        uint256 most = 10 ether + amount < limit ? 10 ether + amount : limit;
        uint256 fee;
        if (most >= FEE) {
            fee = bound(spent, FEE / GRAIN, (most < 1 ether ? most : 1 ether) / GRAIN) * GRAIN;
            _spend(fee);
        }
        back = bound(back, 0, (10 ether + amount - fee) / GRAIN) * GRAIN;
        vm.prank(user);
        pipe.drainBudget(address(consumer), back);
        assertEq(pipe.budgetOf(user, address(consumer)).balance, 10 ether + amount - fee - back);
        assertEq(pipe.budgetOf(user, address(consumer)).blockLimit, limit);
        assertEq(money.balanceOf(user), 90 ether - amount + back);
    }

    function _spend(uint256 fee) private {
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].fee = fee;
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), _bundle(user, address(consumer), items)));
        assertTrue(success);
    }
}
