// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IOnChainModel
/// @notice An exact model that a contract evaluates by itself: no operator, no fee, nothing to sign or to wait for.
/// @dev One interface for a contract whose code holds the model, and for the machine that reads it from blobs
/// (`MachineModel`): which of them it is shows in the gas alone.
/// @dev Warning: any contract can name any graph here. Rest money only on an address that you got by writing the
/// contract again from the model (`hub check-contract`), fixed where it cannot be exchanged.
interface IOnChainModel {
    /// The input is not the canonical encoding of tensors of exactly the graph's types and shapes.
    error InputInvalid(bytes32 graphRoot);

    /// @notice The lowered graph that it evaluates; an exact release commits to it (`ReleaseContent.exact`).
    function graphRoot() external view returns (bytes32);

    /// @notice The graph's output for `input`, both in the canonical encoding of tensors: the same bits as every right
    /// answer of a release with this graph.
    function evaluate(bytes calldata input) external view returns (bytes memory output);
}
