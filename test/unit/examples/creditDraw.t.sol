// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ICreditLender} from "../../../contracts/examples/ICreditLender.sol";
import {CreditFixture} from "./CreditFixture.sol";

contract CreditDrawTest is CreditFixture {
    function test_lendsUpToTheLimit() public {
        _open();
        vm.expectEmit(address(credit));
        emit ICreditLender.CreditDrawn(applicant, 5000 ether);
        _draw(5000 ether);
        _draw(3000 ether);
        assertEq(token.balanceOf(applicant), 8000 ether);
        assertEq(credit.creditOf(applicant).principal, 8000 ether);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.CreditLimitExceeded.selector, 8000 ether + 1, 8000 ether));
        _draw(1);
    }

    function test_revertsWithoutALine() public {
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.CreditUnknown.selector, applicant));
        _draw(1);
    }

    function test_revertsForNothing() public {
        _open();
        vm.expectRevert(ICreditLender.AmountZero.selector);
        _draw(0);
    }

    function test_revertsForAmountsThatWouldWrap() public {
        _open();
        _draw(1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(ICreditLender.CreditLimitExceeded.selector, (1 << 128) + 1 ether, 8000 ether)
        );
        _draw(1 << 128);
        vm.expectRevert();
        _draw(type(uint256).max);
    }

    function test_revertsAfterTheTerm() public {
        _open();
        uint256 dueAt = credit.creditOf(applicant).dueAt;
        vm.warp(dueAt);
        _draw(1 ether);
        vm.warp(dueAt + 1);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.CreditExpired.selector, dueAt, dueAt + 1));
        _draw(1 ether);
    }

    /// Lines may promise more than there is: nobody gets what is not there, and no line changes for it.
    function test_revertsWhenFundsAreLentAlready() public {
        _open();
        vm.prank(lender);
        credit.withdraw(FUNDS - 100 ether);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.FundsTooLow.selector, 101 ether, 100 ether));
        _draw(101 ether);
        _draw(100 ether);
        assertEq(credit.debtOf(applicant), 100 ether);
    }

    function test_repaidPrincipalCanBeDrawnAgain() public {
        _open();
        _draw(8000 ether);
        _repay(3000 ether);
        _draw(3000 ether);
        assertEq(credit.creditOf(applicant).principal, 8000 ether);
    }

    /// Interest that is owed takes nothing off the limit, and what is drawn later pays for its own time alone.
    function test_laterDrawsBearInterestFromThenOn() public {
        _open();
        _draw(4000 ether);
        vm.warp(vm.getBlockTimestamp() + 365 days / 4);
        _draw(4000 ether);
        assertEq(credit.debtOf(applicant), 8100 ether);
        vm.warp(vm.getBlockTimestamp() + 365 days / 4);
        assertEq(credit.debtOf(applicant), 8300 ether);
    }

    function test_tokenThatCallsBackGetsNothingTwice() public {
        _open();
        bytes memory again = abi.encodeCall(ICreditLender.draw, (8000 ether));
        token.callBack(address(credit), again);
        _draw(8000 ether);
        assertEq(token.refusal(), abi.encodePacked(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        assertEq(token.balanceOf(applicant), 8000 ether);
        assertEq(token.balanceOf(address(credit)), FUNDS - 8000 ether);
    }

    /// A line that was promised stays what it was when the attester goes.
    function test_linesOutliveTheirAttester() public {
        _open();
        vm.prank(lender);
        credit.setAttester(address(0));
        _draw(1 ether);
        assertEq(token.balanceOf(applicant), 1 ether);
    }
}
