// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How a result is backed. The numbers are fixed: contracts of the field already use them.
/// VANILLA is the operator's signature alone; ZK adds a proof; TEE adds an attestation.
enum Mode {
    VANILLA,
    ZK,
    TEE
}

using {bit} for Mode global;

/// @notice The mode's place in a set of modes (`uint8`, bit n = mode n).
function bit(Mode mode) pure returns (uint8) {
    return uint8(1 << uint8(mode));
}

// The set of all modes.
uint8 constant ALL_MODES = 7;
