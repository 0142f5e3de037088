// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IOperators, Offence} from "../../../contracts/interfaces/IOperators.sol";
import {SlashFixture} from "../support/SlashFixture.sol";

contract BurnSlashedTest is SlashFixture {
    function test_burnsOfAllSlashesWhatMustBurn() public {
        _take(actor.signer, Offence.WrongOutput, user);
        _take(actor.signer, Offence.Equivocation, NOBODY);
        uint256 expected = 17_500 ether + 10_625 ether;
        assertEq(operators.unburned(), expected);
        vm.expectEmit(address(operators));
        emit IOperators.SlashedStakeBurned(expected);
        vm.expectEmit(address(opg));
        emit IERC20.Transfer(address(operators), address(0), expected);
        vm.prank(stranger);
        assertEq(operators.burnSlashed(), expected);

        assertEq(operators.unburned(), 0);
        assertEq(opg.totalSupply(), SUPPLY - expected);
        assertEq(opg.balanceOf(address(operators)), STAKE - expected);
    }

    function test_burnsNothingTwice() public {
        assertEq(operators.burnSlashed(), 0);
        _take(actor.signer, Offence.WrongOutput, user);
        operators.burnSlashed();
        assertEq(operators.burnSlashed(), 0);
        assertEq(opg.totalSupply(), SUPPLY - 17_500 ether);
    }

    /// OPG that was sent here by mistake or on purpose is nobody's slashed stake.
    function test_burnsNoOtherMoney() public {
        _fund(address(operators), 5 ether);
        assertEq(operators.burnSlashed(), 0);
        assertEq(opg.balanceOf(address(operators)), STAKE + 5 ether);
    }

    /// The sum shares a slot with the count of operators and the slash table.
    function test_leavesItsNeighboursInStorage() public {
        bytes memory tableBefore = _table();
        _take(actor.signer, Offence.WrongOutput, user);
        operators.burnSlashed();
        assertEq(operators.operatorCount(), 1);
        assertEq(_table(), tableBefore);
        assertEq(_onboard("next").id, 2);
    }

    function _table() private view returns (bytes memory) {
        return abi.encode(operators.slashTermsOf(Offence.WrongOutput), operators.slashTermsOf(Offence.Equivocation));
    }
}
