// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExactMachine} from "../interfaces/IExactMachine.sol";

/// @notice Measures the machine as a calling contract pays for it, and consumes it in a transaction.
contract ExactMachineMeter {
    function evaluate(
        IExactMachine machine,
        bytes32 graphRoot,
        bytes calldata input
    ) external view returns (uint256 gas, bytes memory output) {
        gas = gasleft();
        output = machine.evaluate(graphRoot, input);
        gas -= gasleft();
    }

    /// @notice A run with that much gas: how much of it is left when it returns.
    function run(
        IExactMachine machine,
        bytes32 graphRoot,
        uint256 pc,
        bytes calldata state,
        uint256 gasReserve,
        uint256 gasGiven
    ) external view returns (uint256 used, uint256 nextPc, bytes memory nextState) {
        used = gasleft();
        (nextPc, nextState) = machine.run{gas: gasGiven}(graphRoot, pc, state, gasReserve);
        used -= gasleft();
    }
}
