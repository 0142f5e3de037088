// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract StakeTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _register("operator");
        opg.approve(address(operators), type(uint256).max);
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.stake(2, 1 ether);
    }

    function test_revertsWhenTheAmountIsZero() public {
        vm.expectRevert(IOperators.AmountZero.selector);
        operators.stake(actor.id, 0);
    }

    function test_revertsWhenTheAmountIsNotWholeGrains() public {
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, 1 ether + 1));
        operators.stake(actor.id, 1 ether + 1);
    }

    function test_revertsWhenTheAmountIsMoreThanTheSupply() public {
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, SUPPLY + GRAIN));
        operators.stake(actor.id, SUPPLY + GRAIN);
    }

    function test_revertsWhenNothingIsApproved() public {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(operators), 0, 1 ether)
        );
        vm.prank(stranger);
        operators.stake(actor.id, 1 ether);
    }

    function test_addsToTheStake() public {
        vm.expectEmit(address(operators));
        emit IOperators.Staked(actor.id, address(this), 5 ether, 5 ether);
        operators.stake(actor.id, 5 ether);
        vm.expectEmit(address(operators));
        emit IOperators.Staked(actor.id, address(this), GRAIN, 5 ether + GRAIN);
        operators.stake(actor.id, GRAIN);
        assertEq(_standing(actor).stake * GRAIN, 5 ether + GRAIN);
        assertEq(opg.balanceOf(address(operators)), 5 ether + GRAIN);
    }

    function test_reachesTheStakeBehindARotatedSigner() public {
        operators.stake(actor.id, 1 ether);
        Actor memory rotated = _rotate(actor, "next signer");
        operators.stake(actor.id, 2 ether);
        assertEq(operators.standingOf(rotated.signer).stake * GRAIN, 3 ether);
        assertEq(operators.standingOf(actor.signer).stake, 0);
    }

    function test_holdsTheWholeSupply() public {
        operators.stake(actor.id, SUPPLY);
        assertEq(_standing(actor).stake, 1e15);
        _slash(actor, 1);
        assertEq(_standing(actor).stake, 0.5e15);
    }

    function testFuzz_stakesWhatWasPaid(uint256 first, uint256 second) public {
        first = bound(first, 1, 0.5e15) * GRAIN;
        second = bound(second, 1, 0.5e15) * GRAIN;
        operators.stake(actor.id, first);
        operators.stake(actor.id, second);
        assertEq(_standing(actor).stake * GRAIN, first + second);
        assertEq(opg.balanceOf(address(operators)), first + second);
    }
}
