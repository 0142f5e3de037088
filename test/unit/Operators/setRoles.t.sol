// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract SetRolesTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _register("operator");
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.setRoles(2, 1);
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, stranger));
        vm.prank(stranger);
        operators.setRoles(actor.id, 1);
    }

    function testFuzz_setsAnySetOfTheFour(uint8 roles) public {
        if (roles > 15) {
            vm.expectRevert(abi.encodeWithSelector(IOperators.RolesInvalid.selector, roles));
        } else {
            vm.expectEmit(address(operators));
            emit IOperators.RolesSet(actor.id, roles);
        }
        vm.prank(actor.owner);
        operators.setRoles(actor.id, roles);
        assertEq(operators.operatorOf(actor.id).roles, roles > 15 ? ROLE_INFERENCE : roles);
        assertEq(operators.operatorOf(actor.id).owner, actor.owner);
    }
}
