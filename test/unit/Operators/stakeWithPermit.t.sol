// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOPG} from "../../../contracts/interfaces/IOPG.sol";
import {IOperators, Permit} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract StakeWithPermitTest is NetworkFixture {
    uint256 private constant AMOUNT = 1000 ether;
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _register("operator");
        _fund(actor.owner, AMOUNT);
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        Permit memory permit = _permit(actor.ownerKey, address(operators), AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        vm.prank(actor.owner);
        operators.stakeWithPermit(2, AMOUNT, permit);
    }

    function test_revertsWhenThePermitIsOverLess() public {
        _expectNoAllowance(_permit(actor.ownerKey, address(operators), AMOUNT - GRAIN));
    }

    function test_revertsWhenThePermitIsOver() public {
        Permit memory permit = _permit(actor.ownerKey, address(operators), AMOUNT);
        vm.warp(permit.deadline + 1);
        _expectNoAllowance(permit);
    }

    function test_revertsWhenThePermitIsAnothers() public {
        (, uint256 key) = makeAddrAndKey("somebody else");
        _expectNoAllowance(_permit(key, address(operators), AMOUNT));
    }

    function test_stakes() public {
        Permit memory permit = _permit(actor.ownerKey, address(operators), AMOUNT);
        vm.expectEmit(address(operators));
        emit IOperators.Staked(actor.id, actor.owner, AMOUNT, AMOUNT);
        vm.prank(actor.owner);
        operators.stakeWithPermit(actor.id, AMOUNT, permit);
        assertEq(_standing(actor).stake * GRAIN, AMOUNT);
        assertEq(opg.allowance(actor.owner, address(operators)), 0);
    }

    function test_stakesByApprovalWithoutAPermit() public {
        vm.startPrank(actor.owner);
        opg.approve(address(operators), AMOUNT);
        operators.stakeWithPermit(actor.id, AMOUNT, Permit(0, 0, 0, 0));
        assertEq(_standing(actor).stake * GRAIN, AMOUNT);
    }

    function test_aFrontRunPermitDoesNotStopTheStake() public {
        Permit memory permit = _permit(actor.ownerKey, address(operators), AMOUNT);
        vm.prank(stranger);
        opg.permit(actor.owner, address(operators), AMOUNT, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(actor.owner);
        operators.stakeWithPermit(actor.id, AMOUNT, permit);
        assertEq(_standing(actor).stake * GRAIN, AMOUNT);
    }

    function test_anothersPermitMovesNoMoneyOfTheirs() public {
        Actor memory thief = _register("thief");
        Permit memory permit = _permit(actor.ownerKey, address(operators), AMOUNT);
        vm.prank(thief.owner);
        opg.permit(actor.owner, address(operators), AMOUNT, permit.deadline, permit.v, permit.r, permit.s);
        vm.expectRevert(abi.encodeWithSelector(IOPG.PermitRefused.selector, thief.owner));
        vm.prank(thief.owner);
        operators.stakeWithPermit(thief.id, AMOUNT, permit);
        assertEq(opg.balanceOf(actor.owner), AMOUNT);
    }

    function _expectNoAllowance(Permit memory permit) private {
        vm.expectRevert(abi.encodeWithSelector(IOPG.PermitRefused.selector, actor.owner));
        vm.prank(actor.owner);
        operators.stakeWithPermit(actor.id, AMOUNT, permit);
    }
}
