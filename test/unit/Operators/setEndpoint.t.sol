// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract SetEndpointTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _register("operator");
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 0));
        operators.setEndpoint(0, "");
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, stranger));
        vm.prank(stranger);
        operators.setEndpoint(actor.id, "https://elsewhere.example");
    }

    function test_revertsWhenItIsTooLong() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.EndpointTooLong.selector, 257, 256));
        vm.prank(actor.owner);
        operators.setEndpoint(actor.id, string(new bytes(257)));
    }

    function test_announcesItAndKeepsTheBlock() public {
        vm.roll(block.number + 5);
        string memory longest = string(new bytes(256));
        vm.expectEmit(address(operators));
        emit IOperators.EndpointSet(actor.id, longest);
        vm.prank(actor.owner);
        operators.setEndpoint(actor.id, longest);
        assertEq(operators.operatorOf(actor.id).endpointBlock, block.number);
        assertEq(operators.operatorOf(actor.id).owner, actor.owner);
        assertEq(operators.operatorOf(actor.id).roles, ROLE_INFERENCE);
    }
}
