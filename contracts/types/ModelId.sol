// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Identifies a model: a publisher's repository of releases. Derived from publisher and name, so it is
/// known before it exists and never changes hands with the ownership.
type ModelId is bytes32;

using {modelIdEquals as ==} for ModelId global;

/// @notice The id of the model that `publisher` creates under `name`.
function modelIdOf(address publisher, string memory name) pure returns (ModelId) {
    return ModelId.wrap(keccak256(abi.encode(publisher, name)));
}

function modelIdEquals(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) == ModelId.unwrap(b);
}
