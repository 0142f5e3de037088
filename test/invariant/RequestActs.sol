// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Fulfilment, RequestState, RequestTerms} from "../../contracts/interfaces/IInferenceRequests.sol";
import {Delivery, Request} from "../../contracts/types/Request.sol";
import {Actor} from "../unit/support/NetworkFixture.sol";
import {Acts} from "./Acts.sol";
import {Ticket} from "./Books.sol";
import {HostileConsumer} from "./HostileConsumer.sol";

/// Requests from opening to each of their ends. The first half of `requesters` are accounts, the others hostile.
abstract contract RequestActs is Acts {
    uint256 internal constant MAX_ITEMS = 5;

    address[] internal requesters;
    /// The last answer that was paid, for those who try it again.
    bytes internal lastAnswers;

    function ask(uint256 seed) external acting {
        uint256 wanted = _draw(seed, "count", 1, 3);
        uint256 start = _draw(seed, "lane");
        for (uint256 i; i < tickets.length && wanted != 0; ++i) {
            uint256 index = (start + i) % tickets.length;
            if (_isLive(tickets[index].state)) continue;
            address requester = requesters[index / LANES];
            RequestTerms memory terms = _drawTerms(uint256(keccak256(abi.encode(seed, i))), index);
            if (balance[requester] < int256(terms.fee)) continue;
            vm.prank(requester);
            requests.request(terms, abi.encode("input", step, i));
            --wanted;
        }
        if (wanted == _draw(seed, "count", 1, 3)) revert Idle();
        _did("ask");
    }

    function accept(uint256 seed) external acting {
        (Ticket storage ticket, bool found) = _find(seed, RequestState.Open, _isAcceptable);
        if (!found) revert Idle();
        Actor memory actor = _fitActor(seed, ticket.request.price.minStake());
        uint32 chosen = ticket.request.price.operatorId();
        if (chosen != 0) actor = _actorOf(chosen);
        vm.prank(actor.signer);
        requests.accept(ticket.request);
        _did("accept");
    }

    /// Answers up to five requests under one signature, repeats and finished ones among them.
    function fulfil(uint256 seed) external acting {
        Actor memory actor = _fitActor(seed, RELEASE_MIN_STAKE);
        Fulfilment[] memory items = _drawItems(seed, actor);
        uint40 validUntil = uint40(clock + _draw(seed, "validity", 0, MAX_VALIDITY));
        bytes memory signature = _signAnswers(actor.signerKey, items, validUntil);
        bytes memory call_ = abi.encodeCall(requests.fulfil, (items, signature, validUntil));
        if (items.length == 1) lastAnswers = call_;
        _arm(seed, items, call_);
        vm.prank(stranger);
        requests.fulfil(items, signature, validUntil);
        _did(items.length == 1 ? "fulfil" : "fulfil, batch");
    }

    function deliver(uint256 seed) external acting {
        (Ticket storage ticket, bool found) = _find(seed, RequestState.Undelivered, _isDeliverable);
        if (!found) revert Idle();
        address requester = ticket.request.origin.requester();
        bool willing = _oneIn(2, seed, "willing");
        if (willing && requester.code.length != 0) {
            HostileConsumer(requester).behave(HostileConsumer.Behaviour.Keep);
        }
        bytes memory again = abi.encodeCall(requests.deliver, (ticket.request, ticket.output, ticket.deliverableAt));
        if (requester.code.length != 0) HostileConsumer(requester).arm(again);
        vm.prank(stranger);
        requests.deliver{gas: 3_000_000}(ticket.request, ticket.output, ticket.deliverableAt);
        _did("deliver");
    }

    function cancel(uint256 seed) external acting {
        (Ticket storage ticket, bool found) = _find(seed, RequestState.Open, _isCancellable);
        if (!found) revert Idle();
        vm.prank(ticket.request.origin.requester());
        requests.cancel(ticket.request);
        _did("cancel");
    }

    function reportNoShow(uint256 seed) external acting {
        (Ticket storage ticket, bool found) = _find(seed, RequestState.Accepted, _isNoShow);
        if (!found) revert Idle();
        vm.prank(stranger);
        requests.reportNoShow(ticket.request, ticket.acceptance);
        _did("reportNoShow");
    }

    function expire(uint256 seed) external acting {
        bool accepted = _oneIn(2, seed, "accepted");
        RequestState state = accepted ? RequestState.Accepted : RequestState.Open;
        (Ticket storage ticket, bool found) = _find(seed, state, _isLate);
        if (!found) revert Idle();
        vm.prank(stranger);
        requests.expire(ticket.request, ticket.acceptance);
        _did(accepted ? "expire, accepted" : "expire");
    }

    function misbehave(uint256 seed) external acting {
        uint256 half = requesters.length / 2;
        address consumer = requesters[half + (_draw(seed, "consumer") % half)];
        HostileConsumer(consumer).behave(HostileConsumer.Behaviour(_draw(seed, "behaviour", 0, 5)));
        _did("misbehave");
    }

    function _isLive(RequestState state) internal pure returns (bool) {
        return state == RequestState.Open || state == RequestState.Accepted || state == RequestState.Undelivered;
    }

    function _find(
        uint256 seed,
        RequestState state,
        function(Ticket storage) view returns (bool) fits
    ) internal view returns (Ticket storage ticket, bool found) {
        uint256 start = _draw(seed, "ticket");
        ticket = tickets[0];
        for (uint256 i; i < tickets.length && !found; ++i) {
            ticket = tickets[(start + i) % tickets.length];
            found = ticket.state == state && fits(ticket);
        }
    }

    function _isAny(Ticket storage) internal pure returns (bool) {
        return true;
    }

    function _isInTime(Ticket storage ticket) internal view returns (bool) {
        return clock <= ticket.request.times.deadline();
    }

    function _isLate(Ticket storage ticket) internal view returns (bool) {
        return clock > ticket.request.times.deadline();
    }

    function _isAcceptable(Ticket storage ticket) internal view returns (bool) {
        return _isInTime(ticket) && ticket.request.times.acceptPeriod() != 0;
    }

    function _isCancellable(Ticket storage ticket) internal view returns (bool) {
        return clock >= ticket.request.times.openedAt() + 5 minutes;
    }

    function _isNoShow(Ticket storage ticket) internal view returns (bool) {
        return _isInTime(ticket) && clock > ticket.acceptance.deadline;
    }

    function _isDeliverable(Ticket storage ticket) internal view returns (bool) {
        return clock >= ticket.deliverableAt;
    }

    /// Odd numbers, so that every division has something to round.
    function _drawTerms(uint256 seed, uint256 lane) internal view returns (RequestTerms memory terms) {
        terms = _terms(uint32(lane % LANES));
        terms.release = _anyRelease(seed);
        terms.fee = FEE + _draw(seed, "fee", 0, 99_999) * GRAIN;
        terms.fullFeeUntil = uint40(clock + _draw(seed, "full", 0, 30 minutes));
        terms.deadline = uint40(terms.fullFeeUntil + _draw(seed, "late", 1, 1 hours));
        terms.acceptPeriod = _oneIn(4, seed, "fast") ? 0 : uint32(_draw(seed, "period", 1, 20 minutes));
        terms.minStake = _oneIn(4, seed, "rich") ? 12_000 ether : 0;
        terms.operatorId = _oneIn(5, seed, "chosen") ? _anyActor(seed).id : 0;
        if (lane >= tickets.length / 2 || _oneIn(4, seed, "call")) {
            terms.callbackGas = uint32(_draw(seed, "gas", 1, 500_000));
            if (_oneIn(3, seed, "after")) terms.delivery = Delivery.AfterWindow;
        }
    }

    function _drawItems(uint256 seed, Actor memory actor) private view returns (Fulfilment[] memory items) {
        items = new Fulfilment[](_oneIn(2, seed, "one") ? 1 : MAX_ITEMS);
        (uint256 count, uint256 start) = (0, _draw(seed, "ticket"));
        for (uint256 i; i < tickets.length && count < items.length; ++i) {
            Ticket storage ticket = tickets[(start + i) % tickets.length];
            if (!_isAnswerable(ticket, actor.id, count != 0)) continue;
            bytes memory output = abi.encode("output", ticket.id);
            Fulfilment memory item = Fulfilment(ticket.request, output, "", ticket.acceptance);
            items[count++] = item;
            if (count < items.length && _oneIn(8, seed, "repeat")) items[count++] = item;
        }
        if (count == 0) revert Idle();
        assembly {
            mstore(items, count)
        }
    }

    /// Finished ones too where `late`: they will be skipped.
    function _isAnswerable(Ticket storage ticket, uint32 operatorId, bool late) private view returns (bool) {
        uint32 chosen = ticket.request.price.operatorId();
        if (!_isInTime(ticket) || (chosen != 0 && chosen != operatorId)) return false;
        if (ticket.state == RequestState.Open) return true;
        if (ticket.state == RequestState.Fulfilled) return late;
        if (ticket.state != RequestState.Accepted) return false;
        return operators.standingOf(ticket.acceptance.signer).operatorId == operatorId;
    }

    /// What a consumer calls from inside its callback: the same answers once more, or another request on the lane of
    /// an answer that comes later in the batch.
    function _arm(uint256 seed, Fulfilment[] memory items, bytes memory replay) private {
        for (uint256 i; i < items.length; ++i) {
            Request memory request = items[i].request;
            address requester = request.origin.requester();
            if (requester.code.length == 0) continue;
            bytes memory call_ = replay;
            if (!_oneIn(3, seed, "replay")) {
                RequestTerms memory terms = _drawTerms(seed, tickets.length - 1);
                terms.lane = request.origin.lane();
                call_ = abi.encodeCall(requests.request, (terms, abi.encode("input", step)));
            }
            HostileConsumer(requester).arm(call_);
        }
    }
}
