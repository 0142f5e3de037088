// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Fulfilment, RequestState, RequestTerms} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Delivery, Request} from "../../../contracts/types/Request.sol";
import {HostileConsumer} from "../../invariant/HostileConsumer.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

/// A callback puts the lane of a later answer of the same batch to a new request.
contract FulfilReusedLaneTest is NetworkFixture {
    Actor private _operator;
    HostileConsumer private _consumer;

    function setUp() public override {
        super.setUp();
        _operator = _onboard("operator");
        _consumer = new HostileConsumer(address(requests));
        _consumer.behave(HostileConsumer.Behaviour.ReenterOrFail);
        _deposit(address(_consumer), 3 * FEE);
    }

    function test_keepsTheNewRequestWhenTheCallbackFails() public {
        _fulfilBoth(Delivery.AtFulfilment);
        assertEq(uint8(requests.stateOf(address(_consumer), 1, 1)), uint8(RequestState.Open));
    }

    function test_keepsTheLaneOfAnAnswerThatWaitsForTheWindow() public {
        _fulfilBoth(Delivery.AfterWindow);
        assertEq(uint8(requests.stateOf(address(_consumer), 1, 0)), uint8(RequestState.Undelivered));
    }

    function _fulfilBoth(Delivery delivery) private {
        Fulfilment[] memory items = new Fulfilment[](2);
        items[0] = _answer(_ask(0, Delivery.AtFulfilment), "first");
        items[1] = _answer(_ask(1, delivery), "second");
        _consumer.arm(abi.encodeCall(requests.request, (_terms(1), "third")));
        _fulfil(_operator, items);
    }

    function _ask(uint32 lane, Delivery delivery) private returns (Request memory) {
        RequestTerms memory terms = _terms(lane);
        (terms.callbackGas, terms.delivery) = (500_000, delivery);
        return _open(address(_consumer), terms, abi.encode(lane));
    }
}
