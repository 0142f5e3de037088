// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {Bn254} from "./Bn254.sol";

/// @notice A verifying key in memory: where its first byte is.
/// @dev Sums of places and 16-bit counts do not overflow: such arithmetic is unchecked, some 500 gas a proof.
/// graphRoot 32 | digest of the input's frame 32 | of the output's 32 | head 32 | alpha 64 | beta 128 | gamma 128 |
/// delta 128 | a point of 64 for the constant and for each signal | parts of input, then of output, 8 each:
/// place 4, bytes 4.
/// Head, from the high end: zeros 16 | format 2 | signals 2 | length of the input 4 | of the output 4 | parts
/// of the input 2 | of the output 2.
type VerifyingKey is uint256;

using {
    inputDigest,
    outputDigest,
    chunks,
    inputLength,
    outputLength,
    inputParts,
    outputParts,
    alpha,
    gamma,
    delta,
    signalPoints,
    parts,
    partPlaces,
    requireSound
} for VerifyingKey global;

uint256 constant KEY_FORMAT = 1;
uint256 constant CHUNK_BYTES = 31;
uint256 constant PART_BYTES = 8;
uint256 constant BINDING_BYTES = 16;

uint256 constant HEAD_AT = 96;
uint256 constant ALPHA_AT = 128;
uint256 constant BETA_AT = 192;
uint256 constant GAMMA_AT = 320;
uint256 constant DELTA_AT = 448;
uint256 constant SIGNALS_AT = 576;

/// @notice Copies the key out of its blob, whose first byte is no part of it.
/// @return key where it is; 32 bytes behind it are allocated, too
/// @return length its bytes
function loadVerifyingKey(address blob) view returns (VerifyingKey key, uint256 length) {
    assembly ("memory-safe") {
        key := mload(0x40)
        length := extcodesize(blob)
        length := sub(length, iszero(iszero(length)))
        mstore(0x40, add(key, and(add(length, 63), not(31))))
        extcodecopy(blob, key, 1, length)
    }
}

function inputDigest(VerifyingKey self) pure returns (bytes32) {
    return bytes32(_word(self, 32));
}

function outputDigest(VerifyingKey self) pure returns (bytes32) {
    return bytes32(_word(self, 64));
}

/// @notice All public signals.
function chunks(VerifyingKey self) pure returns (uint256) {
    return uint16(_word(self, HEAD_AT) >> 96);
}

function inputLength(VerifyingKey self) pure returns (uint256) {
    return uint32(_word(self, HEAD_AT) >> 64);
}

function outputLength(VerifyingKey self) pure returns (uint256) {
    return uint32(_word(self, HEAD_AT) >> 32);
}

function inputParts(VerifyingKey self) pure returns (uint256) {
    return uint16(_word(self, HEAD_AT) >> 16);
}

function outputParts(VerifyingKey self) pure returns (uint256) {
    return uint16(_word(self, HEAD_AT));
}

/// @notice Where alpha is in memory; beta follows.
function alpha(VerifyingKey self) pure returns (uint256) {
    unchecked {
        return VerifyingKey.unwrap(self) + ALPHA_AT;
    }
}

function gamma(VerifyingKey self) pure returns (uint256) {
    unchecked {
        return VerifyingKey.unwrap(self) + GAMMA_AT;
    }
}

function delta(VerifyingKey self) pure returns (uint256) {
    unchecked {
        return VerifyingKey.unwrap(self) + DELTA_AT;
    }
}

/// @notice Where the constant's point is in memory; those of the signals follow.
function signalPoints(VerifyingKey self) pure returns (uint256) {
    unchecked {
        return VerifyingKey.unwrap(self) + SIGNALS_AT;
    }
}

/// @notice Where the parts of the input are in memory; those of the output follow.
function parts(VerifyingKey self) pure returns (uint256) {
    unchecked {
        return signalPoints(self) + (chunks(self) + 1) * Bn254.G1_BYTES;
    }
}

/// @notice Where in memory the parts of the input begin, where those of the output, and where both end.
function partPlaces(VerifyingKey self) pure returns (uint256 input, uint256 output, uint256 end) {
    input = parts(self);
    unchecked {
        output = input + inputParts(self) * PART_BYTES;
        end = output + outputParts(self) * PART_BYTES;
    }
}

/// @notice Reverts unless a proof that passes with this key can mean what it should, as far as the key shows.
function requireSound(VerifyingKey self, uint256 length, bytes32 graphRoot) view {
    require(length >= SIGNALS_AT, IGroth16Verifier.KeyLengthInvalid(length, SIGNALS_AT));
    // With the zeros before it.
    uint256 format = _word(self, HEAD_AT) >> 112;
    require(format == KEY_FORMAT, IGroth16Verifier.KeyFormatUnknown(format));
    (, , uint256 end) = partPlaces(self);
    uint256 expected = end - VerifyingKey.unwrap(self);
    require(length == expected, IGroth16Verifier.KeyLengthInvalid(length, expected));
    bytes32 actual = bytes32(_word(self, 0));
    require(actual == graphRoot && graphRoot != 0, IGroth16Verifier.KeyGraphMismatch(actual, graphRoot));
    _requireParts(self);
    _requirePoints(self);
}

function _requireParts(VerifyingKey self) pure {
    uint256 elementBytes;
    uint256 end;
    (uint256 first, uint256 count) = (inputParts(self), inputParts(self) + outputParts(self));
    for (uint256 i; i < count; ++i) {
        if (i == first) end = 0;
        uint256 part = _part(self, i);
        (uint256 start, uint256 size) = (part >> 32, uint32(part));
        bool isInside = start + size <= (i < first ? inputLength(self) : outputLength(self));
        require(start >= end && size != 0 && isInside, IGroth16Verifier.KeyPartInvalid(i));
        end = start + size;
        elementBytes += size;
    }
    bool isOfBoth = first != 0 && outputParts(self) != 0;
    bool isFull = (elementBytes + BINDING_BYTES + CHUNK_BYTES - 1) / CHUNK_BYTES == chunks(self);
    require(isOfBoth && isFull, IGroth16Verifier.KeySignalsInvalid(chunks(self), elementBytes));
}

/// @dev A signal whose point is zero could have any value.
function _requirePoints(VerifyingKey self) view {
    uint256 key = VerifyingKey.unwrap(self);
    require(Bn254.isG1(alpha(self)), IGroth16Verifier.KeyPointInvalid(ALPHA_AT));
    uint256 end = parts(self);
    for (uint256 point = signalPoints(self); point < end; point += Bn254.G1_BYTES) {
        require(Bn254.isG1(point), IGroth16Verifier.KeyPointInvalid(point - key));
    }
    for (uint256 point = key + BETA_AT; point < key + SIGNALS_AT; point += Bn254.G2_BYTES) {
        uint256 position = point - key;
        bool isPoint = _word(self, position) | _word(self, position + 32) != 0;
        require(isPoint, IGroth16Verifier.KeyPointInvalid(position));
    }
    require(Bn254.areG2(key + BETA_AT, gamma(self), delta(self)), IGroth16Verifier.KeyPairingInvalid());
    // Points with the same x are equal or opposite.
    bool isSame =
        _word(self, GAMMA_AT) == _word(self, DELTA_AT) && _word(self, GAMMA_AT + 32) == _word(self, DELTA_AT + 32);
    require(!isSame, IGroth16Verifier.KeyForgeable());
}

function _part(VerifyingKey self, uint256 index) pure returns (uint256 part) {
    uint256 place = parts(self) + index * PART_BYTES;
    assembly ("memory-safe") {
        part := shr(192, mload(place))
    }
}

function _word(VerifyingKey self, uint256 position) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := mload(add(self, position))
    }
}
