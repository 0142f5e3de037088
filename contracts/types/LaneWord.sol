// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestState} from "../interfaces/IInferenceRequests.sol";

/// @notice The storage word of a `LaneRecord` (interfaces/IInferenceRequests.sol): state 8 | nonce 40 | commitment 208,
/// from the high end.
type LaneWord is uint256;

using {commitment, nonce, state, laneWordEquals as ==, laneWordDiffers as !=} for LaneWord global;

/// @dev The commitment is cut to 208 bits; finding two contents with one commitment takes 2^104 hashes.
function packLane(bytes32 commitment_, uint40 nonce_, RequestState state_) pure returns (LaneWord) {
    return LaneWord.wrap((uint256(state_) << 248) | (uint256(nonce_) << 208) | uint208(uint256(commitment_)));
}

function commitment(LaneWord self) pure returns (uint208) {
    return uint208(LaneWord.unwrap(self));
}

function nonce(LaneWord self) pure returns (uint40) {
    return uint40(LaneWord.unwrap(self) >> 208);
}

function state(LaneWord self) pure returns (RequestState) {
    return RequestState(uint8(LaneWord.unwrap(self) >> 248));
}

function laneWordEquals(LaneWord a, LaneWord b) pure returns (bool) {
    return LaneWord.unwrap(a) == LaneWord.unwrap(b);
}

function laneWordDiffers(LaneWord a, LaneWord b) pure returns (bool) {
    return LaneWord.unwrap(a) != LaneWord.unwrap(b);
}
