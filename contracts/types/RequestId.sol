// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Identifies a request by hash of the contract, the requester, its nonce and every term, so that a
/// reorganised chain cannot put another request under an id that an operator has accepted.
type RequestId is bytes32;

using {requestIdEquals as ==} for RequestId global;

function requestIdEquals(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) == RequestId.unwrap(b);
}
