// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {IPlonkVerifier} from "../interfaces/IPlonkVerifier.sol";
import {Bn254} from "./Bn254.sol";
import {Scalars} from "./Scalars.sol";
import {FORM_BYTES, StatementForm, loadKey} from "./StatementForm.sol";

/// @notice A verifying key of PLONK in memory: where its first byte is.
/// @dev Form 128, whose head begins with the power 16 | commitments to the selectors of products, of left, right and
/// output wires and of constants, and to the three permutations, 64 each | secret of the powers of tau, a point of the
/// second group 128 | root of unity 32 | parts.
type PlonkKey is uint256;

using {
    form,
    commitments,
    selectorOf,
    permutationOf,
    secret,
    powersId,
    power,
    root,
    parts,
    requireSound
} for PlonkKey global;

uint256 constant PLONK_FORMAT = 2;
uint256 constant COMMITMENT_BYTES = 512;
uint256 constant SECRET_AT = FORM_BYTES + COMMITMENT_BYTES;
uint256 constant ROOT_AT = SECRET_AT + Bn254.G2_BYTES;
uint256 constant PARTS_AT = ROOT_AT + 32;
// Two to this divides the order of the field's units, and no more.
uint256 constant MAX_POWER = 28;
// With fewer rows a proof's polynomials have no room.
uint256 constant MIN_POWER = 3;

/// @return key where the key of this blob is in memory
/// @return length its bytes
function loadPlonkKey(address blob) view returns (PlonkKey key, uint256 length) {
    StatementForm loaded;
    (loaded, length) = loadKey(blob);
    key = PlonkKey.wrap(StatementForm.unwrap(loaded));
}

function form(PlonkKey self) pure returns (StatementForm) {
    return StatementForm.wrap(PlonkKey.unwrap(self));
}

/// @notice Where in memory the commitments begin.
function commitments(PlonkKey self) pure returns (uint256) {
    return PlonkKey.unwrap(self) + FORM_BYTES;
}

/// @param index 0 of products, 1 of left wires, 2 of right ones, 3 of outputs, 4 of constants
function selectorOf(PlonkKey self, uint256 index) pure returns (uint256) {
    return commitments(self) + index * Bn254.G1_BYTES;
}

/// @param index 0 of left wires, 1 of right ones, 2 of outputs
function permutationOf(PlonkKey self, uint256 index) pure returns (uint256) {
    return commitments(self) + (5 + index) * Bn254.G1_BYTES;
}

function secret(PlonkKey self) pure returns (uint256) {
    return PlonkKey.unwrap(self) + SECRET_AT;
}

/// @notice Which powers of tau the key rests on.
function powersId(PlonkKey self) pure returns (bytes32 id) {
    uint256 place = secret(self);
    uint256 length = Bn254.G2_BYTES;
    assembly ("memory-safe") {
        id := keccak256(place, length)
    }
}

/// @notice There are 2^power rows.
function power(PlonkKey self) pure returns (uint256) {
    return form(self).prefix() >> 16;
}

function root(PlonkKey self) pure returns (uint256 value) {
    uint256 place = PlonkKey.unwrap(self) + ROOT_AT;
    assembly ("memory-safe") {
        value := mload(place)
    }
}

/// @notice Where in memory the parts of the input begin; those of the output follow.
function parts(PlonkKey self) pure returns (uint256) {
    return PlonkKey.unwrap(self) + PARTS_AT;
}

/// @notice Reverts unless a proof that passes with this key can mean what it should, as far as the key shows.
function requireSound(PlonkKey self, uint256 length, bytes32 graphRoot) view {
    require(length >= PARTS_AT, IKeyedVerifier.KeyLengthInvalid(length, PARTS_AT));
    StatementForm ownForm = form(self);
    uint256 format = uint16(ownForm.prefix());
    require(format == PLONK_FORMAT, IKeyedVerifier.KeyFormatUnknown(format));
    uint256 expected = ownForm.partsEnd(parts(self)) - PlonkKey.unwrap(self);
    require(length == expected, IKeyedVerifier.KeyLengthInvalid(length, expected));
    ownForm.requireGraph(graphRoot);
    ownForm.requireParts(parts(self));
    _requireRows(self);
    uint256 permutations = permutationOf(self, 0);
    for (uint256 point = commitments(self); point < secret(self); point += Bn254.G1_BYTES) {
        // A circuit without constants, say, has none; rows are never joined to nothing.
        bool isPoint = point < permutations ? Bn254.isG1OrZero(point) : Bn254.isG1(point);
        require(isPoint, IKeyedVerifier.KeyPointInvalid(point - PlonkKey.unwrap(self)));
    }
    require(Bn254.isG2(secret(self)), IKeyedVerifier.KeyPairingInvalid());
}

/// @dev An element whose 2^(power - 1)th power is -1 has the order 2^power. Signals stand in the first rows.
function _requireRows(PlonkKey self) pure {
    (uint256 rows, uint256 unit) = (power(self), root(self));
    require(rows >= MIN_POWER && rows <= MAX_POWER, IPlonkVerifier.KeyPowerInvalid(rows));
    bool isPrimitive = unit < Scalars.ORDER && Scalars.squared(unit, rows - 1) == Scalars.ORDER - 1;
    require(isPrimitive, IPlonkVerifier.KeyRootInvalid(unit));
    require(form(self).chunks() < 1 << rows, IPlonkVerifier.KeyPowerInvalid(rows));
}
