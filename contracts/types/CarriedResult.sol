// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "./ReleaseId.sol";
import {ResultHead} from "./ResultHead.sol";

/// @notice A result in the calldata that carries it: the place where it begins, as `IPipe` lays it out.
/// @dev Reads what is there: `ResultBundles.leavesAt` checks first that all of it is part of the bundle. Places are
/// sums of calldata offsets and lengths of 24 bits, so none wraps around.
type CarriedResult is uint256;

using {release, inputHash, head, output, proof, next, place} for CarriedResult global;

uint256 constant RESULT_HEAD_LENGTH = 86;

function release(CarriedResult self) pure returns (ReleaseId id) {
    assembly ("memory-safe") {
        id := calldataload(self)
    }
}

function inputHash(CarriedResult self) pure returns (bytes32 hash) {
    assembly ("memory-safe") {
        hash := calldataload(add(self, 32))
    }
}

function head(CarriedResult self) pure returns (ResultHead word) {
    assembly ("memory-safe") {
        word := calldataload(add(self, 64))
    }
}

/// @param head_ its own
function output(CarriedResult self, ResultHead head_) pure returns (bytes calldata bytes_) {
    uint256 length = head_.outputLength();
    assembly ("memory-safe") {
        bytes_.offset := add(self, RESULT_HEAD_LENGTH)
        bytes_.length := length
    }
}

/// @param head_ its own
function proof(CarriedResult self, ResultHead head_) pure returns (bytes calldata bytes_) {
    (uint256 before, uint256 length) = (head_.outputLength(), head_.proofLength());
    assembly ("memory-safe") {
        bytes_.offset := add(add(self, RESULT_HEAD_LENGTH), before)
        bytes_.length := length
    }
}

/// @notice What follows it: the next result of its bundle, or the signature.
/// @param head_ its own
function next(CarriedResult self, ResultHead head_) pure returns (CarriedResult) {
    unchecked {
        return CarriedResult.wrap(place(self) + RESULT_HEAD_LENGTH + head_.outputLength() + head_.proofLength());
    }
}

function place(CarriedResult self) pure returns (uint256) {
    return CarriedResult.unwrap(self);
}
