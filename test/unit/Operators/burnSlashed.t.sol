// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract BurnSlashedTest is NetworkFixture {
    function test_burnsWhatSlashesLeftToBurn() public {
        Actor memory actor = _onboard("operator");
        _slash(actor, 1);
        _slash(actor, 2);
        vm.expectEmit(address(operators));
        emit IOperators.SlashedStakeBurned(31_875 ether);
        vm.prank(stranger);
        assertEq(operators.burnSlashed(), 31_875 ether);
        assertEq(opg.totalSupply(), SUPPLY - 31_875 ether);
        assertEq(operators.unburned(), 0);
    }

    function test_burnsNothingTwice() public {
        Actor memory actor = _onboard("operator");
        _slash(actor, 1);
        operators.burnSlashed();
        assertEq(operators.burnSlashed(), 0);
        assertEq(opg.totalSupply(), SUPPLY - 21_250 ether);
    }

    function test_keepsTheSlashTableAndTheCount() public {
        Actor memory actor = _onboard("operator");
        _slash(actor, 1);
        operators.burnSlashed();
        assertEq(_slash(actor, 2), STAKE / 4);
        assertEq(operators.operatorCount(), 1);
    }
}
