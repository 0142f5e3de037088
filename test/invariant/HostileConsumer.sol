// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceCallback} from "../../contracts/interfaces/IInferenceCallback.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";

/// A requester whose callback does what it was told to.
contract HostileConsumer is IInferenceCallback {
    enum Behaviour {
        Keep,
        Revert,
        BurnGas,
        ReturnMuch,
        /// Makes the armed call, whatever comes of it.
        Reenter,
        /// Makes the armed call, and fails when that fails.
        ReenterOrFail
    }

    address private immutable _REQUESTS;
    Behaviour public behaviour;
    bytes private _armed;
    mapping(RequestId id => uint256 count) public deliveries;

    error Unwilling();

    constructor(address requests) {
        _REQUESTS = requests;
    }

    function behave(Behaviour newBehaviour) external {
        behaviour = newBehaviour;
    }

    function arm(bytes calldata call_) external {
        _armed = call_;
    }

    function onInference(RequestId id, bytes calldata) external override {
        if (behaviour == Behaviour.Revert) revert Unwilling();
        if (behaviour == Behaviour.BurnGas) {
            while (true) {}
        }
        if (behaviour == Behaviour.ReturnMuch) {
            assembly {
                return(0, 100000)
            }
        }
        if (behaviour == Behaviour.Reenter || behaviour == Behaviour.ReenterOrFail) {
            (bool success, ) = _REQUESTS.call(_armed);
            require(success || behaviour == Behaviour.Reenter, Unwilling());
        }
        ++deliveries[id];
    }
}
