// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {IOnChainModel} from "../interfaces/IOnChainModel.sol";

/// @title MachineModel
/// @notice One graph on the machine, as a model of its own. Owns no state, trusts the machine.
contract MachineModel is IOnChainModel {
    IExactMachine public immutable MACHINE;
    bytes32 private immutable GRAPH_ROOT;

    constructor(IExactMachine machine, bytes32 root) {
        (MACHINE, GRAPH_ROOT) = (machine, root);
    }

    /// @inheritdoc IOnChainModel
    function graphRoot() external view returns (bytes32) {
        return GRAPH_ROOT;
    }

    /// @inheritdoc IOnChainModel
    function evaluate(bytes calldata input) external view returns (bytes memory) {
        return MACHINE.evaluate(GRAPH_ROOT, input);
    }
}
