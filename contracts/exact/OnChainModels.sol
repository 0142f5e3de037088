// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {IOnChainModel} from "../interfaces/IOnChainModel.sol";
import {IOnChainModels} from "../interfaces/IOnChainModels.sol";
import {MachineModel} from "./MachineModel.sol";

/// @title OnChainModels
/// @notice Owns nothing and has no powers, so that what strangers deploy through it cannot use any.
contract OnChainModels is IOnChainModels {
    /// @inheritdoc IOnChainModels
    address public immutable MACHINE;

    constructor(address machine) {
        MACHINE = machine;
    }

    /// @inheritdoc IOnChainModels
    function deploy(bytes calldata creationCode) external returns (address) {
        return _deploy(creationCode);
    }

    /// @inheritdoc IOnChainModels
    function deployOnMachine(bytes32 graphRoot) external returns (address) {
        return _deploy(_onMachine(graphRoot));
    }

    /// @inheritdoc IOnChainModels
    function addressOnMachine(bytes32 graphRoot) external view returns (address) {
        return addressOf(keccak256(_onMachine(graphRoot)));
    }

    /// @inheritdoc IOnChainModels
    function addressOf(bytes32 creationCodeHash) public view returns (address) {
        return Create2.computeAddress(0, creationCodeHash);
    }

    function _deploy(bytes memory creationCode) private returns (address model) {
        bytes32 hash = keccak256(creationCode);
        model = addressOf(hash);
        if (model.code.length != 0) return model;

        assembly ("memory-safe") {
            pop(create2(0, add(creationCode, 32), mload(creationCode), 0))
        }
        require(model.code.length != 0, ModelNotDeployed(hash));
        emit ModelDeployed(IOnChainModel(model).graphRoot(), model);
    }

    function _onMachine(bytes32 graphRoot) private view returns (bytes memory) {
        return abi.encodePacked(type(MachineModel).creationCode, abi.encode(IExactMachine(MACHINE), graphRoot));
    }
}
