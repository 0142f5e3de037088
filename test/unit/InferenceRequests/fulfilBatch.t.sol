// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Acceptance,
    Fulfilment,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

contract FulfilBatchTest is RequestsFixture {
    function test_paysEveryAnswerOfABundle() public {
        Fulfilment[] memory items = _batch(5);
        _fulfil(operator, items);
        for (uint256 i; i < 5; ++i) assertState(items[i].request, RequestState.Fulfilled);
        assertEq(requests.earningsOf(operator.id, release).unripe, 5 * FEE);
    }

    function testFuzz_bundlesOfAnySize(uint256 count) public {
        count = bound(count, 1, 20);
        _fulfil(operator, _batch(count));
        assertEq(requests.earningsOf(operator.id, release).unripe, count * FEE);
    }

    function test_revertsWhenNoAnswerCounts() public {
        Fulfilment[] memory items = _batch(3);
        skip(MIN_OPEN_TIME);
        for (uint256 i; i < 3; ++i) _cancel(items[i].request);
        SignedAnswers memory answers = _signed(operator, items);
        _expectNothingFulfilled(IInferenceRequests.RequestNotInState.selector);
        _send(answers);
    }

    function test_rule17_skipsWhatNoLongerCountsAndSaysSo() public {
        Fulfilment[] memory items = _batch(6);
        skip(MIN_OPEN_TIME);
        _cancel(items[1].request);
        items[2].request.inputHash = keccak256("another input");
        _accept(rival, items[3].request);
        items[5] = items[0];
        SignedAnswers memory answers = _signed(operator, items);

        _expectSkipped(answers, 1, IInferenceRequests.RequestNotInState.selector);
        _expectSkipped(answers, 2, IInferenceRequests.RequestMismatch.selector);
        _expectSkipped(answers, 3, IInferenceRequests.RequestNotInState.selector);
        _expectSkipped(answers, 5, IInferenceRequests.RequestNotInState.selector);
        _send(answers);

        assertState(items[0].request, RequestState.Fulfilled);
        assertState(items[3].request, RequestState.Accepted);
        assertState(items[4].request, RequestState.Fulfilled);
        assertEq(requests.earningsOf(operator.id, release).unripe, 2 * FEE);
    }

    function test_rule17_skipsByDeadlineOperatorStakeAndAcceptance() public {
        Fulfilment[] memory items = _batch(5);
        items[1].acceptance = _accept(rival, items[1].request);
        items[2].request = _openChosen(2000, rival.id, 0, 1 hours);
        items[3].request = _openChosen(2001, 0, STAKE + GRAIN, 1 hours);
        items[4].request = _openChosen(2002, 0, 0, 30 minutes);
        skip(30 minutes + 1);
        SignedAnswers memory answers = _signed(operator, items);
        _expectSkipped(answers, 1, IInferenceRequests.AcceptanceMismatch.selector);
        _expectSkipped(answers, 2, IInferenceRequests.OperatorNotChosen.selector);
        _expectSkipped(answers, 3, IInferenceRequests.OperatorStakeTooLow.selector);
        _expectSkipped(answers, 4, IInferenceRequests.DeadlinePassed.selector);
        _send(answers);
        assertState(items[0].request, RequestState.Fulfilled);
    }

    /// A front-runner who repeats the bundle with one acceptance spoiled only loses gas: what it skipped still counts.
    function test_rule17_aSpoiledCopyOfABundleHarmsNobody() public {
        Fulfilment[] memory items = _batch(3);
        items[1].acceptance = _accept(operator, items[1].request);
        SignedAnswers memory answers = _signed(operator, items);
        Acceptance memory acceptance = items[1].acceptance;
        answers.items[1].acceptance = Acceptance(acceptance.deadline, rival.signer);
        _send(answers);
        assertState(items[1].request, RequestState.Accepted);

        answers.items[1].acceptance = acceptance;
        _send(answers);
        assertState(items[1].request, RequestState.Fulfilled);
        assertEq(requests.earningsOf(operator.id, release).unripe, 3 * FEE);
    }

    function test_rule17_aBundleOfOtherOrderOrMembersIsNotSigned() public {
        Fulfilment[] memory items = _batch(3);
        SignedAnswers memory answers = _signed(operator, items);
        Fulfilment[] memory fewer = new Fulfilment[](2);
        (fewer[0], fewer[1]) = (items[0], items[1]);
        answers.items = fewer;
        vm.expectPartialRevert(IInferenceRequests.OperatorNotActive.selector);
        _send(answers);

        (items[0], items[2]) = (items[2], items[0]);
        answers.items = items;
        vm.expectPartialRevert(IInferenceRequests.OperatorNotActive.selector);
        _send(answers);
    }

    function test_rule17_sizeIsBounded() public {
        Fulfilment[] memory items = _batch(MAX_BATCH);
        SignedAnswers memory answers = _signed(operator, items);
        uint256 gas = _gasOf(answers);
        assertLt(gas, 16_777_216);
        assertEq(requests.earningsOf(operator.id, release).unripe, MAX_BATCH * FEE);
    }

    function test_rule17_aHundredCostTenTimesTen() public {
        _expectLinear("output");
    }

    /// Copies of the outputs that stay in memory would cost by the square.
    function test_rule17_aHundredLongAnswersCostTenTimesTen() public {
        _expectLinear(new bytes(4096));
    }

    function _expectLinear(bytes memory output) private {
        uint256[2] memory gas;
        for (uint256 run; run < 2; ++run) {
            Fulfilment[] memory items = _batch(run == 0 ? 10 : 100);
            for (uint256 i; i < items.length; ++i) items[i].output = output;
            uint256 snapshot = vm.snapshotState();
            gas[run] = _gasOf(_signed(operator, items));
            vm.revertToState(snapshot);
            skip(MIN_OPEN_TIME);
            for (uint256 i; i < items.length; ++i) _cancel(items[i].request);
        }
        assertLe(gas[1], (gas[0] * 10 * 11) / 10);
    }

    function _gasOf(SignedAnswers memory answers) private returns (uint256 used) {
        bytes memory data = abi.encodeCall(
            IInferenceRequests.fulfil,
            (answers.items, answers.signature, answers.validUntil)
        );
        address target = address(requests);
        bool success;
        // A call in Solidity would copy the data first, and the copy be measured too.
        assembly ("memory-safe") {
            used := gas()
            success := call(gas(), target, 0, add(data, 32), mload(data), 0, 0)
            used := sub(used, gas())
        }
        assertTrue(success);
    }

    function _cancel(Request memory request_) private {
        vm.prank(user);
        requests.cancel(request_);
    }

    function _openChosen(
        uint32 lane,
        uint32 operatorId,
        uint256 minStake,
        uint40 duration
    ) private returns (Request memory) {
        RequestTerms memory terms = _terms(lane);
        terms.operatorId = operatorId;
        terms.minStake = minStake;
        terms.deadline = uint40(block.timestamp) + duration;
        return _openFor(user, terms);
    }

    function _expectSkipped(SignedAnswers memory answers, uint256 index, bytes4 reason) private {
        Fulfilment memory item = answers.items[index];
        bytes32 resultHash = _resultFor(item.request, item.output, answers.validUntil).structHash();
        vm.expectEmit(address(requests));
        emit IInferenceRequests.FulfilmentSkipped(requests.idOf(item.request), resultHash, reason);
    }
}
