// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "./ModelId.sol";

/// @notice Identifies a release: an immutable, numbered version of a model. It commits to the release's content
/// (files, schema, terms), so the same id can never stand for other content, on a reorganised chain neither.
type ReleaseId is bytes32;

using {releaseIdEquals as ==, releaseIdDiffers as !=} for ReleaseId global;

/// @notice The id of version `major`.`minor` of `model` with the given content.
/// @param contentHash keccak256 of the ABI encoding of everything the publisher declared
function releaseIdOf(ModelId model, uint16 major, uint16 minor, bytes32 contentHash) pure returns (ReleaseId) {
    return ReleaseId.wrap(keccak256(abi.encode(model, major, minor, contentHash)));
}

function releaseIdEquals(ReleaseId a, ReleaseId b) pure returns (bool) {
    return ReleaseId.unwrap(a) == ReleaseId.unwrap(b);
}

function releaseIdDiffers(ReleaseId a, ReleaseId b) pure returns (bool) {
    return ReleaseId.unwrap(a) != ReleaseId.unwrap(b);
}
