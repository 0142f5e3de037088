// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceCallback} from "../../../contracts/interfaces/IInferenceCallback.sol";
import {
    Fulfilment,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Conduct, HostileConsumer} from "../../../contracts/mocks/HostileConsumer.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

/// Rule 2: what callbacks can and cannot do to `fulfil`. Their second chance is in deliver.t.sol.
contract CallbackTest is RequestsFixture {
    HostileConsumer internal consumer;

    function setUp() public override {
        super.setUp();
        consumer = _consumer(Conduct.Obey);
    }

    function test_callsBackWithIdAndOutput() public {
        Request memory opened = _ask(1);
        _fulfil(operator, opened, OUTPUT);
        assertState(opened, RequestState.Fulfilled);
        assertEq(consumer.deliveries(), 1);
        assertEq(consumer.lastId(), requests.idOf(opened));
        assertEq(consumer.lastOutput(), OUTPUT);
    }

    /// There is no way to name a target or a selector: it is the requester and `onInference`, and without value.
    function test_rule01_onlyTheRequesterItselfIsCalled() public {
        Request memory opened = _ask(1);
        bytes memory data = abi.encodeCall(IInferenceCallback.onInference, (requests.idOf(opened), OUTPUT));
        vm.expectCall(address(consumer), 0, data, 1);
        _fulfil(operator, opened, OUTPUT);
    }

    function test_doesNotCallWhereNoCallbackWasAskedFor() public {
        RequestTerms memory terms = _terms(1);
        vm.expectCall(address(consumer), "", 0);
        _fulfil(operator, _openFor(address(consumer), terms), OUTPUT);
    }

    function test_rule02_payingDoesNotDependOnTheCallback() public {
        for (uint256 i; i < 4; ++i) {
            HostileConsumer hostile = _consumer(Conduct(i));
            RequestTerms memory terms = _callbackTerms(1);
            terms.callbackGas = 2_000_000;
            Request memory opened = _openFor(address(hostile), terms);
            _fulfil(operator, opened, OUTPUT);
            bool delivered = Conduct(i) == Conduct.Obey || Conduct(i) == Conduct.ReturnHeaps;
            assertState(opened, delivered ? RequestState.Fulfilled : RequestState.Undelivered);
            assertEq(requests.earningsOf(operator.id, release).unripe, (i + 1) * FEE);
        }
    }

    function test_rule02_aFailedCallbackIsAnnounced() public {
        consumer.become(Conduct.Revert);
        Request memory opened = _ask(1);
        SignedAnswers memory answers = _signed(operator, opened);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.CallbackFailed(requests.idOf(opened), uint40(block.timestamp));
        _send(answers);
    }

    function test_rule02_accountsAndContractsWithoutCallbackDoNoHarm() public {
        Request memory ofAccount = _openFor(user, _callbackTerms(1));
        _fulfil(operator, ofAccount, OUTPUT);
        assertState(ofAccount, RequestState.Fulfilled);

        // A contract that knows no `onInference` and has no fallback.
        Request memory ofContract = _openFor(address(hub), _callbackTerms(1));
        _fulfil(operator, ofContract, OUTPUT);
        assertState(ofContract, RequestState.Undelivered);
    }

    function test_rule02_returnedDataIsNotCopied() public {
        consumer.become(Conduct.ReturnHeaps);
        RequestTerms memory terms = _terms(1);
        terms.callbackGas = 2_000_000;
        SignedAnswers memory answers = _signed(operator, _openFor(address(consumer), terms));
        uint256 gas = gasleft();
        _send(answers);
        // Copying 900,000 bytes would cost another 1,700,000.
        assertLt(gas - gasleft(), 2_000_000 + 200_000);
    }

    function test_rule02_operatorCannotStarveTheCallback() public {
        consumer.need(CALLBACK_GAS - 1000);
        SignedAnswers memory answers = _signed(operator, _ask(1));
        _expectNoStarvation(answers, 1);
    }

    /// Long outputs take memory, whose gas must not come out of the last callback's share.
    function test_rule02_longOutputsCannotStarveTheCallback() public {
        consumer.need(1_900_000);
        Fulfilment[] memory items = new Fulfilment[](30);
        HostileConsumer bystander = _consumer(Conduct.Obey);
        RequestTerms memory terms = _terms(1);
        for (uint32 i; i < 30; ++i) {
            bool last = i == 29;
            (terms.lane, terms.callbackGas) = (i, last ? 2_000_000 : 1);
            items[i] = _answer(_openFor(address(last ? consumer : bystander), terms), new bytes(20_000));
        }
        _expectNoStarvation(_signed(operator, items), 1);
    }

    /// The depth of calls cannot starve it either: what a sender withholds makes the whole transaction fail.
    function test_revertsWhenTheGasIsTooLowForTheCallback() public {
        SignedAnswers memory answers = _signed(operator, _ask(1));
        vm.expectPartialRevert(IInferenceRequests.GasTooLowForCallback.selector);
        requests.fulfil{gas: 230_000}(answers.items, answers.signature, answers.validUntil);
    }

    function test_rule02_reentryCannotTouchWhatIsSettled() public {
        Request memory opened = _askWith(1, 2_000_000);
        SignedAnswers memory answers = _signed(operator, opened);
        consumer.plan(
            abi.encodeCall(IInferenceRequests.fulfil, (answers.items, answers.signature, answers.validUntil))
        );
        consumer.plan(abi.encodeCall(IInferenceRequests.cancel, (opened)));
        consumer.plan(abi.encodeCall(IInferenceRequests.expire, (opened, _none())));
        consumer.plan(abi.encodeCall(IInferenceRequests.accept, (opened)));
        consumer.plan(abi.encodeCall(IInferenceRequests.deliver, (opened, OUTPUT, uint40(block.timestamp))));
        consumer.plan(abi.encodeCall(IEscrow.withdraw, (address(consumer), 1)));
        _send(answers);

        assertEq(consumer.deliveries(), 1);
        assertEq(consumer.outcomes(0), IInferenceRequests.NothingFulfilled.selector);
        assertEq(consumer.outcomes(1), IInferenceRequests.RequestNotInState.selector);
        assertEq(consumer.outcomes(2), IInferenceRequests.RequestNotInState.selector);
        assertEq(consumer.outcomes(3), IInferenceRequests.RequestNotInState.selector);
        assertEq(consumer.outcomes(4), IInferenceRequests.RequestNotInState.selector);
        assertEq(consumer.outcomes(5), IEscrow.BalanceTooLow.selector);
        assertState(opened, RequestState.Fulfilled);
        assertEq(requests.earningsOf(operator.id, release).unripe, FEE);
    }

    /// Asking the next question from the callback is what callbacks are good for.
    function test_aCallbackMayUseItsOwnLaneAgain() public {
        Request memory opened = _ask(1);
        _deposit(address(consumer), FEE);
        consumer.plan(abi.encodeCall(IInferenceRequests.request, (_callbackTerms(1), "next input")));
        _fulfil(operator, opened, OUTPUT);
        assertEq(consumer.outcomes(0), bytes4(0));
        assertEq(uint256(requests.stateOf(address(consumer), 1, 1)), uint256(RequestState.Open));
        assertEq(requests.balanceOf(address(consumer)), 0);
    }

    /// Otherwise the failed callback of the second answer would overwrite the new request, and its fee be lost.
    function test_rule02_aCallbackCannotUseALaneThatWaitsForItsOwn() public {
        Fulfilment[] memory items = new Fulfilment[](2);
        items[0] = _answer(_ask(1), OUTPUT);
        RequestTerms memory starved = _terms(2);
        starved.callbackGas = 1;
        items[1] = _answer(_openFor(address(consumer), starved), OUTPUT);
        _deposit(address(consumer), FEE);
        consumer.plan(abi.encodeCall(IInferenceRequests.request, (_callbackTerms(2), "next input")));
        _fulfil(operator, items);

        assertEq(consumer.deliveries(), 1);
        assertEq(consumer.outcomes(0), IInferenceRequests.LaneBusy.selector);
        assertState(items[1].request, RequestState.Undelivered);
        assertEq(requests.balanceOf(address(consumer)), FEE);
    }

    function test_rule02_anEarlyDeliveryThatFailsLosesNothing() public {
        HostileConsumer other = _consumer(Conduct.Revert);
        Fulfilment[] memory items = new Fulfilment[](2);
        items[0] = _answer(_askWith(1, 1_000_000), OUTPUT);
        items[1] = _answer(_openFor(address(other), _callbackTerms(1)), OUTPUT);
        consumer.plan(abi.encodeCall(IInferenceRequests.deliver, (items[1].request, OUTPUT, uint40(block.timestamp))));
        _fulfil(operator, items);

        assertEq(consumer.outcomes(0), IInferenceRequests.DeliveryFailed.selector);
        assertState(items[1].request, RequestState.Undelivered);
    }

    function test_rule02_anAnswerThatACallbackDeliveredIsNotDeliveredTwice() public {
        HostileConsumer other = _consumer(Conduct.Obey);
        Fulfilment[] memory items = new Fulfilment[](2);
        items[0] = _answer(_askWith(1, 1_000_000), OUTPUT);
        items[1] = _answer(_openFor(address(other), _callbackTerms(1)), OUTPUT);
        consumer.plan(abi.encodeCall(IInferenceRequests.deliver, (items[1].request, OUTPUT, uint40(block.timestamp))));
        _fulfil(operator, items);

        assertEq(consumer.outcomes(0), bytes4(0));
        assertEq(other.deliveries(), 1);
        assertState(items[1].request, RequestState.Fulfilled);
    }

    function test_rule02_oneFailedCallbackDoesNotStopTheOthers() public {
        HostileConsumer burning = _consumer(Conduct.BurnGas);
        Fulfilment[] memory items = new Fulfilment[](3);
        items[0] = _answer(_ask(1), OUTPUT);
        items[1] = _answer(_openFor(address(burning), _callbackTerms(1)), OUTPUT);
        items[2] = _answer(_ask(2), OUTPUT);
        _fulfil(operator, items);
        assertEq(consumer.deliveries(), 2);
        assertState(items[1].request, RequestState.Undelivered);
        assertEq(requests.earningsOf(operator.id, release).unripe, 3 * FEE);
    }

    function _ask(uint32 lane) private returns (Request memory) {
        return _askWith(lane, CALLBACK_GAS);
    }

    function _askWith(uint32 lane, uint32 callbackGas) private returns (Request memory) {
        RequestTerms memory terms = _terms(lane);
        terms.callbackGas = callbackGas;
        return _openFor(address(consumer), terms);
    }

    /// With whatever gas the transaction comes: either it fails, or the last callback had its share.
    function _expectNoStarvation(SignedAnswers memory answers, uint256 deliveries) private {
        bytes memory data = abi.encodeCall(
            IInferenceRequests.fulfil,
            (answers.items, answers.signature, answers.validUntil)
        );
        (uint256 tooLittle, uint256 enough) = (50_000, 16_000_000);
        while (enough - tooLittle > 64) {
            uint256 middle = (tooLittle + enough) / 2;
            uint256 snapshot = vm.snapshotState();
            (bool success, ) = address(requests).call{gas: middle}(data);
            if (success) assertEq(consumer.deliveries(), deliveries, "starved");
            vm.revertToState(snapshot);
            (tooLittle, enough) = success ? (tooLittle, middle) : (middle, enough);
        }
        assertLt(enough, 16_000_000, "never succeeded");
    }
}
