// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence} from "../../../contracts/interfaces/IOperators.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {SlashFixture} from "../support/SlashFixture.sol";

contract SlashOperatorTest is SlashFixture {
    function test_rule03_onlyDisputesHoldsThePower() public {
        vm.expectRevert(_unauthorized(governor));
        vm.prank(governor);
        operators.slashOperator(Offence.WrongOutput, actor.id, governor, NOBODY);
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 99));
        _takeFrom(99);
    }

    function test_revertsWhenThereIsNothingToSlash() public {
        Actor memory poor = _register("poor");
        vm.expectRevert(abi.encodeWithSelector(IOperators.NothingToSlash.selector, poor.id));
        _takeFrom(poor.id);
    }

    /// The same as a slash by signer, however long ago the signer retired.
    function test_reachesTheOperatorWhateverBecameOfItsSigner() public {
        _rotate(actor, "next signer");
        skip(30 days);
        vm.expectRevert();
        _take(actor.signer, Offence.WrongOutput, NOBODY);
        assertEq(_takeFrom(actor.id), STAKE / 2);
        assertTrue(_standing(actor).jailed);
        assertEq(operators.awardOf(challenger), 3750 ether);
        assertEq(operators.unburned(), 21_250 ether);
    }

    function _takeFrom(uint32 operatorId) private returns (uint256) {
        vm.prank(address(disputes));
        return operators.slashOperator(Offence.WrongOutput, operatorId, challenger, NOBODY);
    }
}
