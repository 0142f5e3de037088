// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IOPG} from "../../../contracts/interfaces/IOPG.sol";
import {Permit} from "../../../contracts/interfaces/IOperators.sol";
import {EscrowFixture} from "./EscrowFixture.sol";

/// `deposit` and `depositWithPermit`.
contract DepositTest is EscrowFixture {
    address internal payer;
    uint256 internal payerKey;

    function setUp() public override {
        super.setUp();
        (payer, payerKey) = makeAddrAndKey("payer");
        _fund(payer, 10 ether);
    }

    function test_revertsWhenTheAccountIsZero() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.RecipientZero.selector));
        requests.deposit(address(0), 1);
    }

    function test_revertsWhenTheAmountIsZero() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.DepositZero.selector));
        requests.deposit(user, 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.DepositZero.selector));
        requests.depositWithPermit(user, 0, Permit(0, 0, 0, 0));
    }

    function test_revertsWhenNothingWasApproved() public {
        vm.expectRevert(_allowanceTooLow(0, 1 ether));
        vm.prank(payer);
        requests.deposit(payer, 1 ether);
        vm.expectRevert(_allowanceTooLow(0, 1 ether));
        vm.prank(payer);
        requests.depositWithPermit(payer, 1 ether, Permit(0, 0, 0, 0));
    }

    function test_revertsWhenTheAmountWouldBeCutShort() public {
        uint256 amount = 2 ** 128 + 1 ether;
        vm.startPrank(payer);
        opg.approve(address(requests), type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", payer, 10 ether, amount)
        );
        requests.deposit(payer, amount);
        vm.stopPrank();
        assertEq(requests.balanceOf(payer), 0);
    }

    function test_depositsForOthers() public {
        vm.startPrank(payer);
        opg.approve(address(requests), 3 ether);
        vm.expectEmit(address(requests));
        emit IEscrow.Deposited(user, payer, 3 ether);
        requests.deposit(user, 3 ether);
        vm.stopPrank();
        assertEq(requests.balanceOf(user), 3 ether);
        assertEq(requests.balanceOf(payer), 0);
        assertEq(opg.balanceOf(address(requests)), 3 ether);
    }

    function test_takesAPermitInsteadOfAnApproval() public {
        Permit memory permit = _permit(payerKey, address(requests), 3 ether);
        vm.prank(payer);
        requests.depositWithPermit(payer, 3 ether, permit);
        assertEq(requests.balanceOf(payer), 3 ether);
        assertEq(opg.allowance(payer, address(requests)), 0);
    }

    /// A front-runner who uses the permit first only does its work.
    function test_aPermitUsedByAFrontRunnerDoesNotBlock() public {
        Permit memory permit = _permit(payerKey, address(requests), 3 ether);
        vm.prank(stranger);
        opg.permit(payer, address(requests), 3 ether, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(payer);
        requests.depositWithPermit(payer, 3 ether, permit);
        assertEq(requests.balanceOf(payer), 3 ether);
    }

    function test_revertsWhenThePermitIsBad() public {
        Permit memory permit = _permit(payerKey, address(requests), 2 ether);
        vm.expectRevert(abi.encodeWithSelector(IOPG.PermitRefused.selector, payer));
        vm.prank(payer);
        requests.depositWithPermit(payer, 3 ether, permit);
    }

    /// Whoever sends it, a permit or an approval gives its tokens for its giver's calls only.
    function test_rule11_nobodySpendsAnothersPermitOrApproval() public {
        Permit memory permit = _permit(payerKey, address(requests), 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IOPG.PermitRefused.selector, stranger));
        vm.prank(stranger);
        requests.depositWithPermit(stranger, 3 ether, permit);

        vm.prank(payer);
        opg.approve(address(requests), 3 ether);
        vm.expectRevert();
        vm.prank(stranger);
        requests.deposit(stranger, 3 ether);
        assertEq(opg.balanceOf(payer), 10 ether);
    }

    function testFuzz_whatIsDepositedCanBeWithdrawn(uint256 amount) public {
        amount = bound(amount, 1, 10 ether);
        vm.startPrank(payer);
        opg.approve(address(requests), amount);
        requests.deposit(payer, amount);
        requests.withdraw(payer, amount);
        vm.stopPrank();
        assertEq(opg.balanceOf(payer), 10 ether);
        assertEq(requests.balanceOf(payer), 0);
    }

    function _allowanceTooLow(uint256 allowance, uint256 needed) private view returns (bytes memory) {
        return
            abi.encodeWithSignature(
                "ERC20InsufficientAllowance(address,uint256,uint256)",
                address(requests),
                allowance,
                needed
            );
    }
}
