// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Acceptance,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Delivery, Request} from "../../../contracts/types/Request.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

contract ExpireTest is RequestsFixture {
    Request internal opened;
    uint40 internal deadline;

    function setUp() public override {
        super.setUp();
        opened = _openFunded(1);
        deadline = opened.times.deadline();
    }

    function test_revertsWhenTheRequestDoesNotMatch() public {
        Request memory forged = opened;
        forged.inputHash = 0;
        _expectMismatch(forged);
        requests.expire(forged, _none());
    }

    function test_revertsWhenTheRequestIsOver() public {
        _fulfil(operator, opened, OUTPUT);
        vm.warp(deadline + 1);
        _expectNotInState(opened, RequestState.Fulfilled);
        requests.expire(opened, _none());
    }

    function test_revertsWhenTheAcceptanceIsLeftOutOrWrong() public {
        Acceptance memory acceptance = _accept(operator, opened);
        vm.warp(deadline + 1);
        _expectNotInState(opened, RequestState.Accepted);
        requests.expire(opened, _none());
        _expectMismatch(opened);
        requests.expire(opened, Acceptance(acceptance.deadline, rival.signer));
    }

    function test_revertsWhenAnAcceptanceIsMadeUp() public {
        vm.warp(deadline + 1);
        _expectNotInState(opened, RequestState.Open);
        requests.expire(opened, Acceptance(deadline, operator.signer));
    }

    /// At the deadline itself an answer counts and a refund does not; a second later it is the other way round.
    function test_revertsAtTheDeadlineItself() public {
        SignedAnswers memory answers = _signed(operator, opened);
        vm.warp(deadline);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.DeadlineNotPassed.selector, requests.idOf(opened), deadline)
        );
        requests.expire(opened, _none());

        uint256 snapshot = vm.snapshotState();
        _send(answers);
        assertState(opened, RequestState.Fulfilled);
        vm.revertToState(snapshot);

        vm.warp(deadline + 1);
        answers = _signed(operator, opened);
        _expectNothingFulfilled(IInferenceRequests.DeadlinePassed.selector);
        _send(answers);
        requests.expire(opened, _none());
        assertState(opened, RequestState.Expired);
    }

    function test_refundsInFullAtAnybodysCall() public {
        vm.warp(deadline + 1);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestExpired(requests.idOf(opened), FEE);
        vm.prank(stranger);
        requests.expire(opened, _none());
        assertState(opened, RequestState.Expired);
        assertEq(requests.balanceOf(user), FEE);
        _expectNotInState(opened, RequestState.Expired);
        requests.expire(opened, _none());
    }

    function test_rule16_silentAcceptorLosesItsBondAndTheRequesterNothing() public {
        Acceptance memory acceptance = _accept(operator, opened);
        vm.warp(deadline + 1);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.NoShowPenalised(requests.idOf(opened), operator.signer, FEE);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestExpired(requests.idOf(opened), FEE);
        requests.expire(opened, acceptance);

        assertState(opened, RequestState.Faulted);
        assertEq(requests.balanceOf(user), FEE);
        assertEq(requests.balanceOf(operator.signer), 0);
        assertEq(requests.accountOf(operator.signer).reservations, 0);
        assertEq(requests.unburned(), FEE);
    }

    /// An operator that is jailed or revoked after accepting must not hold the requester's money.
    function test_refundsWhatARevokedSignerHadAccepted() public {
        Acceptance memory acceptance = _accept(operator, opened);
        vm.prank(operator.signer);
        operators.revokeSigner(operator.signer);
        vm.warp(deadline + 1);
        requests.expire(opened, acceptance);
        assertEq(requests.balanceOf(user), FEE);
    }

    function test_anAnsweredRequestCannotExpireWhileItsCallbackWaits() public {
        RequestTerms memory terms = _callbackTerms(2);
        terms.delivery = Delivery.AfterWindow;
        Request memory waiting = _openFor(user, terms);
        _fulfil(operator, waiting, OUTPUT);
        vm.warp(waiting.times.deadline() + 1);
        _expectNotInState(waiting, RequestState.Undelivered);
        requests.expire(waiting, _none());
    }

    function testFuzz_eitherAnAnswerOrARefundAtAnyTime(uint40 timestamp) public {
        timestamp = uint40(bound(timestamp, block.timestamp, deadline + 30 days));
        vm.warp(timestamp);
        SignedAnswers memory answers = _signed(operator, opened);
        uint256 snapshot = vm.snapshotState();
        vm.prank(stranger);
        (bool fulfilled, ) = address(requests).call(
            abi.encodeCall(IInferenceRequests.fulfil, (answers.items, answers.signature, answers.validUntil))
        );
        vm.revertToState(snapshot);
        (bool expired, ) = address(requests).call(abi.encodeCall(IInferenceRequests.expire, (opened, _none())));
        assertTrue(fulfilled != expired);
    }
}
