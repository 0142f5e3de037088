// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence} from "../../../contracts/interfaces/IOperators.sol";
import {SlashFixture} from "../support/SlashFixture.sol";

contract CollectAwardTest is SlashFixture {
    function test_revertsWhenThereIsNoAward() public {
        vm.expectRevert(IOperators.AmountZero.selector);
        operators.collectAward(challenger);
    }

    function test_revertsTheSecondTime() public {
        _take(actor.signer, Offence.WrongOutput, user);
        operators.collectAward(challenger);
        vm.expectRevert(IOperators.AmountZero.selector);
        operators.collectAward(challenger);
    }

    /// Anyone may push it, to nobody but whom it belongs to.
    function test_paysWhomItBelongsTo() public {
        _take(actor.signer, Offence.WrongOutput, user);
        vm.expectEmit(address(operators));
        emit IOperators.AwardCollected(user, 3750 ether);
        vm.prank(stranger);
        assertEq(operators.collectAward(user), 3750 ether);

        assertEq(opg.balanceOf(user), 3750 ether);
        assertEq(opg.balanceOf(stranger), 0);
        assertEq(opg.balanceOf(address(operators)), STAKE - 3750 ether);
        assertEq(operators.awardOf(user), 0);
        assertEq(operators.awardOf(challenger), 3750 ether);
    }

    function test_paysSeveralAwardsTogether() public {
        _take(actor.signer, Offence.WrongOutput, challenger);
        _take(actor.signer, Offence.Equivocation, NOBODY);
        assertEq(operators.collectAward(challenger), 7500 ether + 1875 ether);
        assertEq(opg.balanceOf(challenger), 9375 ether);
    }

    /// A recipient that reverts on everything could otherwise stop the slash that rewards it.
    function test_rule01_callsNoRecipient() public {
        vm.etch(challenger, hex"fe");
        _take(actor.signer, Offence.WrongOutput, NOBODY);
        assertEq(operators.collectAward(challenger), 3750 ether);
    }

    /// What an operator is slashed after has no hold on what was awarded before.
    function testFuzz_leavesTheMoneyOfOthers(uint256 stake, bool burnFirst) public {
        stake = (bound(stake, 10 * GRAIN, 1_000_000 ether) / GRAIN) * GRAIN;
        actor = _register("fuzzed");
        _stake(actor, stake);
        uint256 taken = _take(actor.signer, Offence.WrongOutput, user);
        if (burnFirst) operators.burnSlashed();
        uint256 awarded = operators.awardOf(challenger) + operators.awardOf(user);
        if (operators.awardOf(challenger) != 0) operators.collectAward(challenger);
        if (operators.awardOf(user) != 0) operators.collectAward(user);
        if (!burnFirst) operators.burnSlashed();
        assertEq(opg.balanceOf(challenger) + opg.balanceOf(user), awarded);
        assertEq(opg.balanceOf(address(operators)), STAKE + stake - taken);
        assertEq(opg.totalSupply(), SUPPLY - (taken - awarded));
    }
}
