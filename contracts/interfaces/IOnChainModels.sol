// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IOnChainModels
/// @notice Deploys models to addresses that follow from what they are. Anyone may; nothing can be changed or removed.
/// @dev By CREATE2 with salt 0: who has the model computes where it is, on every chain and without asking anybody, and
/// code found there can only be that.
interface IOnChainModels {
    /// @notice A model is deployed, for the first time.
    /// @dev Warning: `graphRoot` is what the model says of itself. The address is what can be checked.
    event ModelDeployed(bytes32 indexed graphRoot, address indexed model);

    /// The creation code deploys nothing, mostly for want of gas.
    error ModelNotDeployed(bytes32 creationCodeHash);

    /// @notice The machine that models of `deployOnMachine` run on.
    function MACHINE() external view returns (address);

    /// @notice Deploys a model that is a contract of its own. Deploying the same again changes nothing.
    /// @param creationCode of an `IOnChainModel`, constructor arguments included
    function deploy(bytes calldata creationCode) external returns (address model);

    /// @notice Deploys what evaluates `graphRoot` on the machine. Deploying the same again changes nothing.
    /// @dev It answers once the graph's blobs are stored.
    function deployOnMachine(bytes32 graphRoot) external returns (address model);

    /// @notice Where the model with this creation code is, or would be.
    function addressOf(bytes32 creationCodeHash) external view returns (address);

    /// @notice Where the model that runs `graphRoot` on the machine is, or would be.
    function addressOnMachine(bytes32 graphRoot) external view returns (address);
}
