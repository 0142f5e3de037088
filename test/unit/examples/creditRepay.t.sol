// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {CreditLine, ICreditLender} from "../../../contracts/examples/ICreditLender.sol";
import {CreditFixture} from "./CreditFixture.sol";
import {HostileToken} from "./HostileToken.sol";

contract CreditRepayTest is CreditFixture {
    function setUp() public override {
        super.setUp();
        _open();
    }

    function test_takesInterestFirst() public {
        _draw(1000 ether);
        vm.warp(vm.getBlockTimestamp() + 365 days / 2);
        assertEq(credit.debtOf(applicant), 1050 ether);
        vm.startPrank(applicant);
        token.approve(address(credit), 60 ether);
        vm.expectEmit(address(credit));
        emit ICreditLender.CreditRepaid(applicant, applicant, 50 ether, 10 ether);
        assertEq(credit.repay(applicant, 60 ether), 60 ether);
        vm.stopPrank();
        CreditLine memory line = credit.creditOf(applicant);
        assertEq(line.interest, 0);
        assertEq(line.principal, 990 ether);
    }

    function test_takesNoMoreThanIsOwed() public {
        _draw(1000 ether);
        vm.warp(vm.getBlockTimestamp() + 365 days);
        assertEq(_repay(5000 ether), 1100 ether);
        assertEq(credit.debtOf(applicant), 0);
        assertEq(token.balanceOf(address(credit)), FUNDS + 100 ether);
        vm.expectRevert(ICreditLender.AmountZero.selector);
        credit.repay(applicant, 1);
    }

    function test_revertsForNothingAndForNobody() public {
        _draw(1000 ether);
        vm.expectRevert(ICreditLender.AmountZero.selector);
        credit.repay(applicant, 0);
        address stranger = makeAddr("stranger");
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.CreditUnknown.selector, stranger));
        credit.repay(stranger, 1);
    }

    function test_anybodyPaysForTheBorrower() public {
        _draw(1000 ether);
        address friend = makeAddr("friend");
        token.mint(friend, 400 ether);
        vm.startPrank(friend);
        token.approve(address(credit), 400 ether);
        credit.repay(applicant, 400 ether);
        assertEq(credit.debtOf(applicant), 600 ether);
    }

    /// Late is late: the debt goes on growing, and goes on being payable.
    function test_interestGoesOnAfterTheTerm() public {
        _draw(1000 ether);
        vm.warp(vm.getBlockTimestamp() + 3650 days);
        assertEq(credit.debtOf(applicant), 2000 ether);
        assertEq(_repay(2000 ether), 2000 ether);
    }

    /// A wei for a second owes a wei: interest cannot be rounded away by lending little, or by paying often.
    function test_roundsInterestUp() public {
        _draw(1);
        vm.warp(vm.getBlockTimestamp() + 1);
        assertEq(credit.debtOf(applicant), 2);
    }

    function testFuzz_payingOftenSavesNoInterest(uint256 principal, uint8 times, uint32 pause) public {
        principal = bound(principal, 1, 8000 ether);
        times = uint8(bound(times, 1, 40));
        pause = uint32(bound(pause, 1, 10 days));
        uint256 dueAt = credit.creditOf(applicant).dueAt;
        if (uint256(times) * pause > dueAt - vm.getBlockTimestamp()) pause = uint32(1 days);
        _draw(principal);
        uint256 paid;
        for (uint256 i; i < times; ++i) {
            vm.warp(vm.getBlockTimestamp() + pause);
            paid += _repay(credit.debtOf(applicant) - principal);
        }
        uint256 elapsed = uint256(times) * pause;
        uint256 exact = (principal * INTEREST * elapsed) / (1e18 * uint256(365 days));
        assertGe(paid, exact);
        // A wei each time at most.
        assertLe(paid, exact + times);
        assertEq(credit.debtOf(applicant), principal);
    }

    function testFuzz_neitherSideLosesAWei(uint256 principal, uint256 part, uint32 first, uint32 second) public {
        principal = bound(principal, 1, 8000 ether);
        _draw(principal);
        vm.warp(vm.getBlockTimestamp() + first);
        uint256 owed = credit.debtOf(applicant);
        uint256 paid = _repay(bound(part, 1, owed));
        assertEq(credit.debtOf(applicant), owed - paid);
        vm.warp(vm.getBlockTimestamp() + second);
        owed = credit.debtOf(applicant);
        if (owed != 0) paid += _repay(owed);
        assertEq(credit.debtOf(applicant), 0);
        assertEq(token.balanceOf(address(credit)), FUNDS - principal + paid);
        assertGe(paid, principal);
    }

    function test_revertsWhenTokenKeepsAPart() public {
        _draw(1000 ether);
        token.setHabit(HostileToken.Habit.KeepsAPart);
        token.mint(applicant, 100 ether);
        vm.startPrank(applicant);
        token.approve(address(credit), 100 ether);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.RepaymentIncomplete.selector, 99 ether, 100 ether));
        credit.repay(applicant, 100 ether);
        vm.stopPrank();
        assertEq(credit.debtOf(applicant), 1000 ether);
    }

    function test_revertsWhenTokenRefuses() public {
        _draw(1000 ether);
        token.setHabit(HostileToken.Habit.ReturnsFalse);
        vm.startPrank(applicant);
        token.approve(address(credit), 1000 ether);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        credit.repay(applicant, 1000 ether);
        vm.stopPrank();
        assertEq(credit.debtOf(applicant), 1000 ether);
    }

    /// Calling back in the middle: no second repayment, no draw on what has not arrived, no withdrawal.
    function test_tokenThatCallsBackIsRefused() public {
        _draw(8000 ether);
        bytes[3] memory calls = [
            abi.encodeCall(ICreditLender.draw, (1 ether)),
            abi.encodeCall(ICreditLender.repay, (applicant, 1 ether)),
            abi.encodeCall(ICreditLender.withdraw, (1 ether))
        ];
        for (uint256 i; i < calls.length; ++i) {
            token.callBack(address(credit), calls[i]);
            _repay(1 ether);
            assertEq(token.refusal(), abi.encodePacked(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        }
        assertEq(credit.debtOf(applicant), 7997 ether);
        assertEq(token.balanceOf(address(credit)), FUNDS - 7997 ether);
    }
}
