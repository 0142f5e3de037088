// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract CollectAwardTest is NetworkFixture {
    function test_revertsWhenNothingWasAwarded() public {
        vm.expectRevert(IOperators.AmountZero.selector);
        operators.collectAward(stranger);
    }

    function test_paysSeveralAwardsAtOnceAndOnce() public {
        Actor memory actor = _onboard("operator");
        _slash(actor, 1);
        _slash(actor, 2);
        assertEq(operators.awardOf(challenger), 3750 ether + 1875 ether);
        vm.expectEmit(address(operators));
        emit IOperators.AwardCollected(challenger, 5625 ether);
        vm.prank(stranger);
        assertEq(operators.collectAward(challenger), 5625 ether);
        assertEq(opg.balanceOf(challenger), 5625 ether);
        assertEq(operators.awardOf(challenger), 0);
        vm.expectRevert(IOperators.AmountZero.selector);
        operators.collectAward(challenger);
    }

    function test_leavesWhatBelongsToOthers() public {
        Actor memory actor = _onboard("operator");
        _slash(actor, 1);
        operators.collectAward(challenger);
        operators.burnSlashed();
        assertEq(opg.balanceOf(address(operators)), STAKE / 2);
    }
}
