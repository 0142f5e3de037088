// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {KeyOrigin} from "../types/KeyOrigin.sol";
import {Bn254} from "./Bn254.sol";
import {FORM_BYTES, StatementForm, loadKey} from "./StatementForm.sol";

/// @notice A verifying key of Groth16 in memory: where its first byte is.
/// @dev Form 128, whose head begins with 16 bytes of its ceremony's transcript digest, or zeros | alpha 64 | beta 128 |
/// gamma 128 | delta 128 | a point of 64 for the constant and for each signal | parts.
type VerifyingKey is uint256;

using {form, alpha, gamma, delta, signalPoints, parts, requireSound} for VerifyingKey global;

uint256 constant KEY_FORMAT = 1;

uint256 constant ALPHA_AT = FORM_BYTES;
uint256 constant BETA_AT = 192;
uint256 constant GAMMA_AT = 320;
uint256 constant DELTA_AT = 448;
uint256 constant SIGNALS_AT = 576;

/// @return key where the key of this blob is in memory
/// @return length its bytes
function loadVerifyingKey(address blob) view returns (VerifyingKey key, uint256 length) {
    StatementForm loaded;
    (loaded, length) = loadKey(blob);
    key = VerifyingKey.wrap(StatementForm.unwrap(loaded));
}

function form(VerifyingKey self) pure returns (StatementForm) {
    return StatementForm.wrap(VerifyingKey.unwrap(self));
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
        return signalPoints(self) + (form(self).chunks() + 1) * Bn254.G1_BYTES;
    }
}

/// @notice Reverts unless a proof that passes with this key can mean what it should, as far as the key shows.
function requireSound(VerifyingKey self, uint256 length, bytes32 graphRoot, KeyOrigin origin) view {
    require(length >= SIGNALS_AT, IKeyedVerifier.KeyLengthInvalid(length, SIGNALS_AT));
    StatementForm ownForm = form(self);
    uint256 prefix = ownForm.prefix();
    require(uint16(prefix) == KEY_FORMAT, IKeyedVerifier.KeyFormatUnknown(uint16(prefix)));
    bytes16 transcript = bytes16(uint128(prefix >> 16));
    bool isFit = (transcript != 0) == (origin == KeyOrigin.Ceremony);
    require(isFit, IGroth16Verifier.KeyTranscriptInvalid(transcript, origin));
    uint256 expected = ownForm.partsEnd(parts(self)) - VerifyingKey.unwrap(self);
    require(length == expected, IKeyedVerifier.KeyLengthInvalid(length, expected));
    ownForm.requireGraph(graphRoot);
    ownForm.requireParts(parts(self));
    _requirePoints(self);
}

/// @dev A signal whose point is zero could have any value.
function _requirePoints(VerifyingKey self) view {
    uint256 key = VerifyingKey.unwrap(self);
    require(Bn254.isG1(alpha(self)), IKeyedVerifier.KeyPointInvalid(ALPHA_AT));
    uint256 end = parts(self);
    for (uint256 point = signalPoints(self); point < end; point += Bn254.G1_BYTES) {
        require(Bn254.isG1(point), IKeyedVerifier.KeyPointInvalid(point - key));
    }
    for (uint256 point = key + BETA_AT; point < key + SIGNALS_AT; point += Bn254.G2_BYTES) {
        uint256 position = point - key;
        bool isPoint = _word(self, position) | _word(self, position + 32) != 0;
        require(isPoint, IKeyedVerifier.KeyPointInvalid(position));
    }
    require(Bn254.areG2(key + BETA_AT, gamma(self), delta(self)), IKeyedVerifier.KeyPairingInvalid());
    // Points with the same x are equal or opposite.
    bool isSame =
        _word(self, GAMMA_AT) == _word(self, DELTA_AT) && _word(self, GAMMA_AT + 32) == _word(self, DELTA_AT + 32);
    require(!isSame, IGroth16Verifier.KeyForgeable());
}

function _word(VerifyingKey self, uint256 position) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := mload(add(self, position))
    }
}
