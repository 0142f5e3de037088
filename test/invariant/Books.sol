// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Test.sol";

import {
    Acceptance,
    IInferenceRequests,
    LaneRecord,
    RequestState
} from "../../contracts/interfaces/IInferenceRequests.sol";
import {Request, RequestOrigin} from "../../contracts/types/Request.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {Ledger} from "./Ledger.sol";

/// What the model knows of the request that a lane holds.
struct Ticket {
    Request request;
    RequestId id;
    RequestState state;
    Acceptance acceptance;
    bytes output;
    uint40 deliverableAt;
    /// The act in which it was fulfilled.
    uint256 fulfilledIn;
}

/// The model: what every account, operator, lane and pot should hold.
abstract contract Books is Ledger {
    uint32 internal constant LANES = 3;
    address[] internal signers;
    mapping(address signer => uint256 key) internal keyOf;
    mapping(uint32 operatorId => address[] list) internal signersOf;

    Ticket[] internal tickets;
    mapping(uint256 laneKey => uint256 index) private _ticketAfter;
    RequestId[] internal ids;
    mapping(RequestId id => uint256 index) internal ticketOf;
    mapping(RequestId id => bool opened) private _wasOpened;
    mapping(RequestId id => bool fulfilled) internal wasFulfilled;
    mapping(RequestId id => uint256 count) internal paymentsOf;

    mapping(address account => int256 amount) internal bonds;
    mapping(address account => int256 amount) internal award;
    mapping(uint32 operatorId => int256 amount) internal stakeOf;
    mapping(uint32 operatorId => int256 amount) internal unbondingOf;
    uint256 internal burned;
    mapping(address money => uint256 amount) internal inflow;
    mapping(address money => uint256 amount) internal outflow;

    function _addLanes(address requester) internal {
        for (uint32 lane; lane < LANES; ++lane) {
            tickets.push();
            _ticketAfter[(uint256(uint160(requester)) << 32) | lane] = tickets.length;
        }
    }

    function _addSigner(uint32 operatorId, address signer, uint256 key) internal {
        keyOf[signer] = key;
        signers.push(signer);
        signersOf[operatorId].push(signer);
        _addAccount(signer);
    }

    function _absorb() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(opg)) _absorbTransfer(logs[i]);
            if (logs[i].emitter == address(requests)) _absorbRequest(logs[i]);
        }
    }

    function _absorbTransfer(Vm.Log memory log) private {
        if (log.topics[0] != IERC20.Transfer.selector) return;
        uint256 amount = abi.decode(log.data, (uint256));
        inflow[address(uint160(uint256(log.topics[2])))] += amount;
        outflow[address(uint160(uint256(log.topics[1])))] += amount;
    }

    function _absorbRequest(Vm.Log memory log) private {
        bytes32 topic = log.topics[0];
        if (topic == IInferenceRequests.RequestOpened.selector) return _opened(log);
        bool concerns =
            topic == IInferenceRequests.RequestAccepted.selector ||
                topic == IInferenceRequests.RequestFulfilled.selector ||
                topic == IInferenceRequests.CallbackFailed.selector ||
                topic == IInferenceRequests.DeliveryScheduled.selector ||
                topic == IInferenceRequests.RequestDelivered.selector ||
                topic == IInferenceRequests.RequestCancelled.selector ||
                topic == IInferenceRequests.RequestExpired.selector ||
                topic == IInferenceRequests.RequestReopened.selector;
        if (!concerns) return;

        RequestId id = RequestId.wrap(log.topics[1]);
        Ticket storage ticket = tickets[ticketOf[id]];
        if (!(ticket.id == id)) return _breach(true, 3, "a request moved after its lane had gone to another");
        if (topic == IInferenceRequests.RequestAccepted.selector) _accepted(ticket, log);
        else if (topic == IInferenceRequests.RequestFulfilled.selector) _fulfilled(ticket, log);
        else if (topic == IInferenceRequests.RequestDelivered.selector) _move(ticket, RequestState.Fulfilled);
        else if (topic == IInferenceRequests.RequestCancelled.selector) _cancelled(ticket);
        else if (topic == IInferenceRequests.RequestExpired.selector) _expired(ticket);
        else if (topic == IInferenceRequests.RequestReopened.selector) _reopened(ticket);
        else _undelivered(ticket, abi.decode(log.data, (uint40)));
    }

    function _opened(Vm.Log memory log) private {
        (Request memory request, ) = abi.decode(log.data, (Request, bytes));
        if (_isUndone(request.origin)) return;
        RequestId id = RequestId.wrap(log.topics[1]);
        uint256 index = _ticketAfter[request.origin.laneKey()] - 1;
        Ticket storage ticket = tickets[index];
        bool isFirst = ticket.state == RequestState.None;
        uint256 nonce = isFirst ? 0 : uint256(ticket.request.origin.nonce()) + 1;
        _breach(request.origin.nonce() != nonce, 3, "a lane counted wrongly");
        _breach(_wasOpened[id], 3, "two requests share an id");
        _wasOpened[id] = true;

        _move(ticket, RequestState.Open);
        (ticket.request, ticket.id, ticketOf[id]) = (request, id, index);
        ids.push(id);
        delete ticket.acceptance;
        balance[request.origin.requester()] -= int256(request.price.fee());
    }

    /// What a callback asked before it ran out of gas is recorded, and never happened.
    function _isUndone(RequestOrigin origin) private view returns (bool) {
        LaneRecord memory lane = requests.laneOf(origin.requester(), origin.lane());
        return lane.state == RequestState.None || lane.nonce < origin.nonce();
    }

    function _accepted(Ticket storage ticket, Vm.Log memory log) private {
        address signer = address(uint160(uint256(log.topics[2])));
        _move(ticket, RequestState.Accepted);
        ticket.acceptance = Acceptance(abi.decode(log.data, (uint40)), signer);
        int256 fee = int256(ticket.request.price.fee());
        balance[signer] -= fee;
        bonds[signer] += fee;
    }

    function _fulfilled(Ticket storage ticket, Vm.Log memory log) private {
        uint32 operatorId = uint32(uint256(log.topics[2]));
        Request memory request = ticket.request;
        _move(ticket, RequestState.Fulfilled);
        (, bytes memory output) = abi.decode(log.data, (uint256, bytes));
        (ticket.output, ticket.fulfilledIn) = (output, step);
        wasFulfilled[ticket.id] = true;
        ++paymentsOf[ticket.id];

        int256 fee = int256(request.price.fee());
        address bonded = ticket.acceptance.signer;
        if (bonded != address(0)) (bonds[bonded], balance[bonded]) = (bonds[bonded] - fee, balance[bonded] + fee);
        delete ticket.acceptance;
        uint256 total = _due(request, request.price.feeGrains());
        _bookPayment(operatorId, request.release, total, _due(request, request.price.royaltyGrains()));
        balance[request.origin.requester()] += fee - int256(total * GRAIN);
    }

    function _undelivered(Ticket storage ticket, uint40 deliverableAt) private {
        _breach(ticket.fulfilledIn != step, 3, "a delivery failed that was over");
        _move(ticket, RequestState.Undelivered);
        ticket.deliverableAt = deliverableAt;
    }

    function _cancelled(Ticket storage ticket) private {
        _move(ticket, RequestState.Cancelled);
        balance[ticket.request.origin.requester()] += int256(ticket.request.price.fee());
    }

    function _expired(Ticket storage ticket) private {
        bool isAccepted = ticket.acceptance.signer != address(0);
        _move(ticket, isAccepted ? RequestState.Faulted : RequestState.Expired);
        if (isAccepted) _penalise(ticket);
        balance[ticket.request.origin.requester()] += int256(ticket.request.price.fee());
    }

    function _reopened(Ticket storage ticket) private {
        _move(ticket, RequestState.Open);
        _penalise(ticket);
    }

    function _penalise(Ticket storage ticket) private {
        bonds[ticket.acceptance.signer] -= int256(ticket.request.price.fee());
        delete ticket.acceptance;
    }

    function _move(Ticket storage ticket, RequestState to) private {
        _breach(!_isEdge(ticket.state, to), 3, "a request took a forbidden edge");
        ticket.state = to;
    }

    /// `Fulfilled → Undelivered` happens inside one transaction only, which `_undelivered` sees to.
    function _isEdge(RequestState from, RequestState to) private pure returns (bool) {
        if (from == RequestState.Open) {
            return
                to == RequestState.Accepted ||
                to == RequestState.Fulfilled ||
                to == RequestState.Cancelled ||
                to == RequestState.Expired;
        }
        if (from == RequestState.Accepted) {
            return to == RequestState.Open || to == RequestState.Fulfilled || to == RequestState.Faulted;
        }
        if (from == RequestState.Undelivered) return to == RequestState.Fulfilled;
        return to == RequestState.Open || (from == RequestState.Fulfilled && to == RequestState.Undelivered);
    }

    function _due(Request memory request, uint256 grains) private view returns (uint256) {
        (uint256 full, uint256 end) = (request.times.fullFeeUntil(), request.times.deadline());
        if (clock <= full) return grains;
        return clock >= end ? 0 : (grains * ((1e18 * (end - clock)) / (end - full))) / 1e18;
    }
}
