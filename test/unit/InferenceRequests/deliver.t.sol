// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRequests, RequestState, RequestTerms} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Conduct, HostileConsumer} from "../../../contracts/mocks/HostileConsumer.sol";
import {Delivery, Request} from "../../../contracts/types/Request.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

contract DeliverTest is RequestsFixture {
    HostileConsumer internal consumer;
    Request internal missed;
    uint40 internal missedAt;

    function setUp() public override {
        super.setUp();
        consumer = _consumer(Conduct.Revert);
        missed = _openFor(address(consumer), _callbackTerms(1));
        _fulfil(operator, missed, OUTPUT);
        missedAt = uint40(block.timestamp);
    }

    function test_revertsWhenNothingWaits() public {
        Request memory opened = _openFor(address(consumer), _callbackTerms(2));
        _expectNotInState(opened, RequestState.Open);
        requests.deliver(opened, OUTPUT, missedAt);
    }

    function test_revertsWhenOutputTimeOrRequestDoNotMatch() public {
        _expectMismatch(missed);
        requests.deliver(missed, "another output", missedAt);
        _expectMismatch(missed);
        requests.deliver(missed, OUTPUT, missedAt - 1);
        Request memory forged = missed;
        forged.inputHash = 0;
        _expectMismatch(forged);
        requests.deliver(forged, OUTPUT, missedAt);
    }

    function test_revertsWhenTheCallbackFailsAgain() public {
        bytes memory problem = abi.encodeWithSelector(
            IInferenceRequests.DeliveryFailed.selector,
            requests.idOf(missed)
        );
        vm.expectRevert(problem);
        requests.deliver(missed, OUTPUT, missedAt);
        consumer.become(Conduct.BurnGas);
        vm.expectRevert(problem);
        requests.deliver{gas: 1_000_000}(missed, OUTPUT, missedAt);
        assertState(missed, RequestState.Undelivered);
    }

    function test_rule02_anyoneRetriesAFailedCallback() public {
        consumer.become(Conduct.Obey);
        uint256 earned = requests.earningsOf(operator.id, release).unripe;
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestDelivered(requests.idOf(missed));
        vm.prank(stranger);
        requests.deliver(missed, OUTPUT, missedAt);

        assertEq(consumer.deliveries(), 1);
        assertEq(consumer.lastOutput(), OUTPUT);
        assertState(missed, RequestState.Fulfilled);
        assertEq(requests.earningsOf(operator.id, release).unripe, earned);
        _expectNotInState(missed, RequestState.Fulfilled);
        requests.deliver(missed, OUTPUT, missedAt);
    }

    function test_rule02_aRetryGetsAllTheGasThatIsSent() public {
        consumer.become(Conduct.Obey);
        consumer.need(3_000_000);
        requests.deliver{gas: 4_000_000}(missed, OUTPUT, missedAt);
        assertEq(consumer.deliveries(), 1);
    }

    function test_rule02_aRetryCannotBeStarved() public {
        consumer.become(Conduct.Obey);
        bytes memory data = abi.encodeCall(IInferenceRequests.deliver, (missed, OUTPUT, missedAt));
        for (uint256 gas = 60_000; gas < 400_000; gas += 5000) {
            uint256 snapshot = vm.snapshotState();
            (bool success, bytes memory why) = address(requests).call{gas: gas}(data);
            if (gas > 300_000) assertTrue(success);
            // Never `DeliveryFailed`: a callback that is called at all has its gas.
            if (!success && why.length != 0) assertEq(bytes4(why), IInferenceRequests.GasTooLowForCallback.selector);
            vm.revertToState(snapshot);
        }
    }

    function test_rule02_reentryDeliversOnce() public {
        consumer.plan(abi.encodeCall(IInferenceRequests.deliver, (missed, OUTPUT, missedAt)));
        requests.deliver(missed, OUTPUT, missedAt);
        assertEq(consumer.deliveries(), 1);
        assertEq(consumer.outcomes(0), IInferenceRequests.RequestNotInState.selector);
    }

    function test_aDeliveryMayUseTheLaneAgain() public {
        _deposit(address(consumer), FEE);
        consumer.plan(abi.encodeCall(IInferenceRequests.request, (_callbackTerms(1), "next input")));
        requests.deliver(missed, OUTPUT, missedAt);
        assertEq(consumer.outcomes(0), bytes4(0));
        assertEq(uint256(requests.stateOf(address(consumer), 1, 1)), uint256(RequestState.Open));
        assertState(missed, RequestState.None);
    }

    /// A fault can be proved until the result's validity and one window are over; nothing is delivered before.
    function test_rule18_waitsUntilTheEvidenceIsDead() public {
        consumer.become(Conduct.Obey);
        RequestTerms memory terms = _callbackTerms(2);
        terms.delivery = Delivery.AfterWindow;
        Request memory waiting = _openFor(address(consumer), terms);
        SignedAnswers memory answers = _signed(operator, waiting);
        uint40 deliverableAt = answers.validUntil + DISPUTE_WINDOW;
        vm.expectEmit(address(requests));
        emit IInferenceRequests.DeliveryScheduled(requests.idOf(waiting), deliverableAt);
        _send(answers);
        assertState(waiting, RequestState.Undelivered);
        assertEq(consumer.deliveries(), 0);

        vm.warp(deliverableAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.DeliveryTooEarly.selector, requests.idOf(waiting), deliverableAt)
        );
        requests.deliver(waiting, OUTPUT, deliverableAt);
        vm.warp(deliverableAt);
        requests.deliver(waiting, OUTPUT, deliverableAt);
        assertEq(consumer.deliveries(), 1);
        assertState(waiting, RequestState.Fulfilled);
    }

    function test_rule03_pauseDoesNotStopRetries() public {
        consumer.become(Conduct.Obey);
        _pause();
        requests.deliver(missed, OUTPUT, missedAt);
        assertEq(consumer.deliveries(), 1);
    }
}
