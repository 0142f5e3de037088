// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceCallback} from "../interfaces/IInferenceCallback.sol";
import {RequestId} from "../types/RequestId.sol";

/// @notice What a `HostileConsumer` does when it is called back.
enum Conduct {
    Obey,
    Revert,
    BurnGas,
    ReturnHeaps,
    Reenter
}

/// @title HostileConsumer
/// @notice A requester whose callback misbehaves as it is told to, and counts what reached it.
contract HostileConsumer is IInferenceCallback {
    /// @dev Nearly a megabyte, the most that memory costs allow within 2,000,000 gas.
    uint256 private constant HEAP = 900_000;

    address public immutable REQUESTS;
    Conduct public conduct;
    /// @dev Gas that a callback must find, else it fails.
    uint256 public gasNeeded;
    uint256 public deliveries;
    RequestId public lastId;
    bytes public lastOutput;
    /// @dev Selector of the error of each planned call, 0 where it succeeded.
    bytes4[] public outcomes;
    bytes[] private _plan;

    error Unwilling();
    error GasMissing(uint256 gasLeft, uint256 gasNeeded);

    constructor(address requests) {
        REQUESTS = requests;
    }

    /// @notice Forgets what was planned.
    function become(Conduct conduct_) external {
        conduct = conduct_;
        delete _plan;
    }

    function need(uint256 gasNeeded_) external {
        gasNeeded = gasNeeded_;
    }

    /// @notice Adds a call that the callback will make into the contract that calls it back.
    function plan(bytes calldata data) external {
        _plan.push(data);
        conduct = Conduct.Reenter;
    }

    function onInference(RequestId id, bytes calldata output) external override {
        uint256 gasFound = gasleft();
        require(gasFound >= gasNeeded, GasMissing(gasFound, gasNeeded));
        Conduct present = conduct;
        require(present != Conduct.Revert, Unwilling());
        if (present == Conduct.BurnGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (present == Conduct.ReturnHeaps) {
            assembly ("memory-safe") {
                return(0, HEAP)
            }
        }
        ++deliveries;
        (lastId, lastOutput) = (id, output);
        if (present == Conduct.Reenter) _reenter();
    }

    function outcomeCount() external view returns (uint256) {
        return outcomes.length;
    }

    function _reenter() private {
        for (uint256 i; i < _plan.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory answer) = REQUESTS.call(_plan[i]);
            outcomes.push(success ? bytes4(0) : bytes4(answer));
        }
    }
}
