// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Account as EscrowAccount} from "../../../contracts/interfaces/IEscrow.sol";
import {
    Acceptance,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

contract ReportNoShowTest is RequestsFixture {
    Request internal opened;
    Acceptance internal acceptance;

    function setUp() public override {
        super.setUp();
        opened = _openFunded(1);
        acceptance = _accept(operator, opened);
    }

    function test_revertsWhenTheRequestIsNotAccepted() public {
        Request memory other = _openFunded(2);
        _expectNotInState(other, RequestState.Open);
        requests.reportNoShow(other, acceptance);
    }

    function test_revertsWhenTheAcceptanceDoesNotMatch() public {
        vm.warp(acceptance.deadline + 1);
        _expectMismatch(opened);
        requests.reportNoShow(opened, Acceptance(acceptance.deadline - 1, operator.signer));
        _expectMismatch(opened);
        requests.reportNoShow(opened, Acceptance(acceptance.deadline, rival.signer));
        _expectMismatch(opened);
        requests.reportNoShow(opened, _none());
    }

    function test_revertsWhileTheAcceptanceLasts() public {
        vm.warp(acceptance.deadline);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceRequests.DeadlineNotPassed.selector,
                requests.idOf(opened),
                acceptance.deadline
            )
        );
        requests.reportNoShow(opened, acceptance);
    }

    function test_revertsWhenTheDeadlineHasPassed() public {
        uint40 deadline = opened.times.deadline();
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.DeadlinePassed.selector, requests.idOf(opened), deadline)
        );
        requests.reportNoShow(opened, acceptance);
    }

    function test_reopensTheRequest() public {
        vm.warp(acceptance.deadline + 1);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.NoShowPenalised(requests.idOf(opened), operator.signer, FEE);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestReopened(requests.idOf(opened));
        vm.prank(stranger);
        requests.reportNoShow(opened, acceptance);

        assertState(opened, RequestState.Open);
        _fulfil(rival, opened, OUTPUT);
        assertState(opened, RequestState.Fulfilled);
        assertEq(requests.earningsOf(rival.id, release).unripe, FEE);
    }

    function test_rule16_penaltyIsTheFeeAndNobodyReceivesIt() public {
        uint256 held = opg.balanceOf(address(requests));
        uint256 supply = opg.totalSupply();
        vm.warp(acceptance.deadline + 1);
        // Even the requester, who could have provoked it, gains nothing.
        vm.prank(user);
        requests.reportNoShow(opened, acceptance);

        EscrowAccount memory account = requests.accountOf(operator.signer);
        assertEq(account.balance, 0);
        assertEq(account.reserved, 0);
        assertEq(account.reservations, 0);
        assertEq(requests.balanceOf(user), 0);
        assertEq(requests.unburned(), FEE);
        requests.burnForfeited();
        assertEq(opg.totalSupply(), supply - FEE);
        assertEq(opg.balanceOf(address(requests)), held - FEE);
    }

    function test_rule16_oneAcceptanceIsPenalisedOnce() public {
        vm.warp(acceptance.deadline + 1);
        requests.reportNoShow(opened, acceptance);
        _expectNotInState(opened, RequestState.Open);
        requests.reportNoShow(opened, acceptance);
        Acceptance memory second = _accept(operator, opened);
        _expectMismatch(opened);
        requests.reportNoShow(opened, acceptance);
        assertGt(second.deadline, acceptance.deadline);
    }

    /// Late for its own time but not for the request: it is still the operator's until somebody says otherwise.
    function test_anAnswerBeforeTheReportCounts() public {
        vm.warp(acceptance.deadline + 1);
        _send(_signed(operator, opened, acceptance));
        assertState(opened, RequestState.Fulfilled);
        _expectNotInState(opened, RequestState.Fulfilled);
        requests.reportNoShow(opened, acceptance);
    }

    function test_anAnswerAfterTheReportNeedsNoAcceptance() public {
        vm.warp(acceptance.deadline + 1);
        requests.reportNoShow(opened, acceptance);
        SignedAnswers memory outdated = _signed(operator, opened, acceptance);
        _expectNothingFulfilled(IInferenceRequests.RequestNotInState.selector);
        _send(outdated);
        _send(_signed(operator, opened));
        assertState(opened, RequestState.Fulfilled);
    }

    function test_aBondOfZeroCanBeForfeited() public {
        RequestTerms memory terms = _terms(3);
        terms.release = _publish(0, 0);
        terms.fee = 0;
        Request memory free = _openFor(user, terms);
        vm.prank(rival.signer);
        requests.accept(free);
        skip(10 minutes + 1);
        requests.reportNoShow(free, Acceptance(uint40(block.timestamp) - 1, rival.signer));
        assertEq(requests.accountOf(rival.signer).reservations, 0);
        assertEq(requests.unburned(), 0);
    }
}
