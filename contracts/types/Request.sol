// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cover} from "./Cover.sol";
import {Mode} from "./Mode.sol";
import {ReleaseId} from "./ReleaseId.sol";
import {GRAIN} from "./Grain.sol";

/// @notice A request as it stands in its event and as whoever acts on it brings it back: the contract keeps only its
/// hash. Packed, because every action carries it in calldata; `InferenceRequests.describe` spells it out.
struct Request {
    RequestOrigin origin;
    RequestPrice price;
    RequestTimes times;
    ReleaseId release;
    Cover cover;
    /// keccak256 of the canonical encoding of the input.
    bytes32 inputHash;
}

/// @notice requester 160 | lane 32 | nonce 40 | mode 8 | codec 8 | delivery 8, from the high end.
type RequestOrigin is uint256;

/// @notice fee 56 | royalty 56 | minStake 56 (grains) | operatorId 32 | callbackGas 32 | 24 unused.
type RequestPrice is uint256;

/// @notice openedAt 40 | fullFeeUntil 40 | deadline 40 (timestamps) | acceptPeriod 32 (seconds) | 104 unused.
type RequestTimes is uint256;

/// @notice When the requester's own `onInference` is called.
enum Delivery {
    AtFulfilment,
    AfterWindow
}

using {requester, lane, laneKey, nonce, mode, codec, delivery} for RequestOrigin global;
using {
    fee,
    feeGrains,
    royalty,
    royaltyGrains,
    minStake,
    minStakeGrains,
    operatorId,
    callbackGas
} for RequestPrice global;
using {openedAt, fullFeeUntil, deadline, acceptPeriod} for RequestTimes global;

function packOrigin(
    address requester_,
    uint32 lane_,
    uint40 nonce_,
    Mode mode_,
    uint8 codec_,
    Delivery delivery_
) pure returns (RequestOrigin) {
    return
        RequestOrigin.wrap(
            (uint256(uint160(requester_)) << 96) |
                (uint256(lane_) << 64) |
                (uint256(nonce_) << 24) |
                (uint256(mode_) << 16) |
                (uint256(codec_) << 8) |
                uint256(delivery_)
        );
}

/// @dev Amounts in grains, each at most `MAX_GRAINS`.
function packPrice(
    uint256 feeGrains_,
    uint256 royaltyGrains_,
    uint256 minStakeGrains_,
    uint32 operatorId_,
    uint32 callbackGas_
) pure returns (RequestPrice) {
    return
        RequestPrice.wrap(
            (feeGrains_ << 200) |
                (royaltyGrains_ << 144) |
                (minStakeGrains_ << 88) |
                (uint256(operatorId_) << 56) |
                (uint256(callbackGas_) << 24)
        );
}

function packTimes(
    uint40 openedAt_,
    uint40 fullFeeUntil_,
    uint40 deadline_,
    uint32 acceptPeriod_
) pure returns (RequestTimes) {
    return
        RequestTimes.wrap(
            (uint256(openedAt_) << 216) |
                (uint256(fullFeeUntil_) << 176) |
                (uint256(deadline_) << 136) |
                (uint256(acceptPeriod_) << 104)
        );
}

function requester(RequestOrigin self) pure returns (address) {
    return address(uint160(RequestOrigin.unwrap(self) >> 96));
}

function lane(RequestOrigin self) pure returns (uint32) {
    return uint32(RequestOrigin.unwrap(self) >> 64);
}

/// @notice Requester and lane together.
function laneKey(RequestOrigin self) pure returns (uint256) {
    return RequestOrigin.unwrap(self) >> 64;
}

function nonce(RequestOrigin self) pure returns (uint40) {
    return uint40(RequestOrigin.unwrap(self) >> 24);
}

function mode(RequestOrigin self) pure returns (Mode) {
    return Mode(uint8(RequestOrigin.unwrap(self) >> 16));
}

function codec(RequestOrigin self) pure returns (uint8) {
    return uint8(RequestOrigin.unwrap(self) >> 8);
}

function delivery(RequestOrigin self) pure returns (Delivery) {
    return Delivery(uint8(RequestOrigin.unwrap(self)));
}

function feeGrains(RequestPrice self) pure returns (uint256) {
    return RequestPrice.unwrap(self) >> 200;
}

/// @notice Token wei.
function fee(RequestPrice self) pure returns (uint256) {
    return toWei(feeGrains(self));
}

function royaltyGrains(RequestPrice self) pure returns (uint256) {
    return uint56(RequestPrice.unwrap(self) >> 144);
}

/// @notice Token wei of the fee that belong to publisher and contributors.
function royalty(RequestPrice self) pure returns (uint256) {
    return toWei(royaltyGrains(self));
}

function minStakeGrains(RequestPrice self) pure returns (uint256) {
    return uint56(RequestPrice.unwrap(self) >> 88);
}

/// @notice Token wei; the highest of request's, release's and network's minimum.
function minStake(RequestPrice self) pure returns (uint256) {
    return toWei(minStakeGrains(self));
}

/// @notice The only operator that may answer; 0 = any.
function operatorId(RequestPrice self) pure returns (uint32) {
    return uint32(RequestPrice.unwrap(self) >> 56);
}

function callbackGas(RequestPrice self) pure returns (uint32) {
    return uint32(RequestPrice.unwrap(self) >> 24);
}

function openedAt(RequestTimes self) pure returns (uint40) {
    return uint40(RequestTimes.unwrap(self) >> 216);
}

function fullFeeUntil(RequestTimes self) pure returns (uint40) {
    return uint40(RequestTimes.unwrap(self) >> 176);
}

function deadline(RequestTimes self) pure returns (uint40) {
    return uint40(RequestTimes.unwrap(self) >> 136);
}

function acceptPeriod(RequestTimes self) pure returns (uint32) {
    return uint32(RequestTimes.unwrap(self) >> 104);
}

/// @dev 56 bits times 2^40 stay far below 2^256.
function toWei(uint256 grains) pure returns (uint256) {
    unchecked {
        return grains * GRAIN;
    }
}
