// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Acceptance,
    Fulfilment,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Contributor} from "../../../contracts/interfaces/IModelHub.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {Conduct, HostileConsumer} from "../../../contracts/mocks/HostileConsumer.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestId} from "../../../contracts/types/RequestId.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

/// Answers that are signed and not yet sent.
struct SignedAnswers {
    Fulfilment[] items;
    bytes signature;
    uint40 validUntil;
}

/// The network with two operators, and what tests of requests say often.
abstract contract RequestsFixture is NetworkFixture {
    uint256 internal constant MIN_OPEN_TIME = 5 minutes;
    uint256 internal constant MAX_BATCH = 128;
    uint32 internal constant CALLBACK_GAS = 200_000;
    bytes internal constant OUTPUT = "canonical output";

    Actor internal operator;
    Actor internal rival;

    function setUp() public virtual override {
        super.setUp();
        operator = _onboard("operator");
        rival = _onboard("rival");
    }

    function _consumer(Conduct conduct) internal returns (HostileConsumer consumer) {
        consumer = HostileConsumer(
            deployCode("contracts/mocks/HostileConsumer.sol:HostileConsumer", abi.encode(address(requests)))
        );
        consumer.become(conduct);
    }

    function _callbackTerms(uint32 lane) internal view returns (RequestTerms memory terms) {
        terms = _terms(lane);
        terms.callbackGas = CALLBACK_GAS;
    }

    /// Gives `requester` what the terms cost, and opens.
    function _openFor(address requester, RequestTerms memory terms) internal returns (Request memory) {
        if (terms.fee != 0) _deposit(requester, terms.fee);
        return _open(requester, terms, abi.encode("input", terms.lane));
    }

    function _signed(
        Actor memory actor,
        Fulfilment[] memory items
    ) internal view returns (SignedAnswers memory answers) {
        answers.items = items;
        answers.validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        answers.signature = _signAnswers(actor.signerKey, items, answers.validUntil);
    }

    function _signed(Actor memory actor, Request memory opened) internal view returns (SignedAnswers memory) {
        return _signed(actor, opened, Acceptance(0, address(0)));
    }

    function _signed(
        Actor memory actor,
        Request memory opened,
        Acceptance memory acceptance
    ) internal view returns (SignedAnswers memory) {
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = Fulfilment(opened, OUTPUT, "", acceptance);
        return _signed(actor, items);
    }

    /// Anyone may send.
    function _send(SignedAnswers memory answers) internal {
        vm.prank(stranger);
        requests.fulfil(answers.items, answers.signature, answers.validUntil);
    }

    /// `count` requests of `user`, each on its own lane, answered by one bundle.
    function _batch(uint256 count) internal returns (Fulfilment[] memory items) {
        items = new Fulfilment[](count);
        for (uint32 i; i < count; ++i) items[i] = _answer(_openFunded(i), abi.encode("output", i));
    }

    function _pause() internal {
        vm.prank(guardian);
        ITimedPause(address(requests)).pause(7 days);
    }

    function _stateOf(Request memory opened) internal view returns (RequestState) {
        return requests.stateOf(opened.origin.requester(), opened.origin.lane(), opened.origin.nonce());
    }

    function _expectNotInState(Request memory opened, RequestState state) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.RequestNotInState.selector, requests.idOf(opened), state)
        );
    }

    function _expectMismatch(Request memory opened) internal {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.RequestMismatch.selector, requests.idOf(opened)));
    }

    function _expectNothingFulfilled(bytes4 reason) internal {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.NothingFulfilled.selector, reason));
    }

    function _noContributors() internal pure returns (Contributor[] memory contributors) {}

    function _none() internal pure returns (Acceptance memory acceptance) {}

    function assertState(Request memory opened, RequestState expected) internal view {
        assertEq(uint256(_stateOf(opened)), uint256(expected), "state");
    }

    function assertEq(RequestId left, RequestId right) internal pure {
        assertEq(RequestId.unwrap(left), RequestId.unwrap(right));
    }
}
