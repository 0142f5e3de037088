// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRequests, RequestState} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

contract CancelTest is RequestsFixture {
    Request internal opened;

    function setUp() public override {
        super.setUp();
        opened = _openFunded(1);
    }

    function test_revertsWhenTheRequestDoesNotMatch() public {
        Request memory forged = opened;
        forged.release = _publish(ROYALTY, 0);
        _expectMismatch(forged);
        requests.cancel(forged);
    }

    function test_revertsWhenTheRequestIsNotOpen() public {
        _accept(operator, opened);
        skip(MIN_OPEN_TIME);
        _expectNotInState(opened, RequestState.Accepted);
        _cancel();
    }

    function test_rule16_pendingAnswerCannotBeReadAndCancelled() public {
        uint256 from = block.timestamp + MIN_OPEN_TIME;
        SignedAnswers memory pending = _signed(operator, opened);
        vm.warp(from - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.CancelTooEarly.selector, requests.idOf(opened), from)
        );
        _cancel();
        _send(pending);
        assertState(opened, RequestState.Fulfilled);
        vm.warp(from);
        _expectNotInState(opened, RequestState.Fulfilled);
        _cancel();
    }

    function test_rule11_onlyTheRequesterCancels() public {
        skip(MIN_OPEN_TIME);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.NotRequester.selector, requests.idOf(opened), stranger)
        );
        vm.prank(stranger);
        requests.cancel(opened);
    }

    function test_givesTheFeeBack() public {
        skip(MIN_OPEN_TIME);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestCancelled(requests.idOf(opened), FEE);
        _cancel();
        assertState(opened, RequestState.Cancelled);
        assertEq(requests.balanceOf(user), FEE);
        _expectNotInState(opened, RequestState.Cancelled);
        _cancel();
    }

    function test_anAnswerThatComesAfterwardsIsRefused() public {
        SignedAnswers memory pending = _signed(operator, opened);
        skip(MIN_OPEN_TIME);
        _cancel();
        _expectNothingFulfilled(IInferenceRequests.RequestNotInState.selector);
        _send(pending);
        assertEq(requests.earningsOf(operator.id, release).unripe, 0);
    }

    function test_worksAfterTheDeadlineToo() public {
        vm.warp(opened.times.deadline() + 1);
        _cancel();
        assertEq(requests.balanceOf(user), FEE);
        _expectNotInState(opened, RequestState.Cancelled);
        requests.expire(opened, _none());
    }

    /// The next request of the lane has another nonce, so what was signed for the last never fits it.
    function test_rule15_anAnswerToACancelledRequestDoesNotFitTheNext() public {
        SignedAnswers memory pending = _signed(operator, opened);
        skip(MIN_OPEN_TIME);
        _cancel();
        Request memory next = _openFunded(1);
        assertEq(next.origin.nonce(), 1);
        _expectNothingFulfilled(IInferenceRequests.RequestMismatch.selector);
        _send(pending);
        assertState(next, RequestState.Open);
    }

    function _cancel() private {
        vm.prank(user);
        requests.cancel(opened);
    }
}
