// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceCallback} from "../interfaces/IInferenceCallback.sol";
import {IInferenceRequests, RequestTerms} from "../interfaces/IInferenceRequests.sol";
import {Request} from "../types/Request.sol";
import {RequestId} from "../types/RequestId.sol";

/// @title UnrulyConsumer
/// @notice Asks, and does in its callback what it was told to: keep the answer, or one of the things that a callback
/// must not be able to hurt anybody with.
contract UnrulyConsumer is IInferenceCallback {
    enum Behaviour {
        Keep,
        Revert,
        BurnGas,
        ReturnMegabyte,
        Reenter
    }

    IInferenceRequests public immutable REQUESTS;
    Behaviour public behaviour;
    mapping(RequestId id => bytes output) public answers;
    Request private _last;

    error NotRequests(address caller);
    error Unwilling();

    constructor(IInferenceRequests requests) {
        REQUESTS = requests;
    }

    function behave(Behaviour newBehaviour) external {
        behaviour = newBehaviour;
    }

    function ask(RequestTerms calldata terms, bytes calldata input) external returns (RequestId) {
        return REQUESTS.request(terms, input);
    }

    function remember(Request calldata request_) external {
        _last = request_;
    }

    function onInference(RequestId id, bytes calldata output) external override {
        require(msg.sender == address(REQUESTS), NotRequests(msg.sender));
        if (behaviour == Behaviour.Revert) revert Unwilling();
        if (behaviour == Behaviour.BurnGas) {
            while (true) {}
        }
        if (behaviour == Behaviour.ReturnMegabyte) {
            assembly {
                return(0, 1000000)
            }
        }
        if (behaviour == Behaviour.Reenter) REQUESTS.deliver(_last, output, uint40(block.timestamp));
        answers[id] = output;
    }
}
