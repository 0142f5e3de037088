// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How the keys of a release's ZK circuit were made, weakest first, as its publisher says.
/// @dev Warning: no contract can tell that a ceremony took place, nor that a key is of the release's circuit. Before a
/// consumer relies on a release, somebody compiles the circuit again, and makes its key again (`Universal`) or reads
/// the transcript whose digest the key begins with (`Ceremony`); `docs/zk.md`.
enum KeyOrigin {
    None,
    Single,
    Ceremony,
    Universal
}

using {demand} for KeyOrigin global;

uint256 constant ORIGIN_SHIFT = 6;
// What a request's `mode` holds beside a demand.
uint8 constant MODE_MASK = 63;

/// @notice What is added to a query's set of modes, or to a request's mode, to accept proofs of keys that were made
/// like this, or better, and none of others: `Mode.ZK.bit() | KeyOrigin.Ceremony.demand()`. Of other modes it says
/// nothing.
function demand(KeyOrigin least) pure returns (uint8) {
    return uint8(uint256(least) << ORIGIN_SHIFT);
}

/// @notice What a query's set of modes, or a request's mode, demands; `None` = nothing.
function demandedBy(uint8 modes) pure returns (KeyOrigin) {
    return KeyOrigin(modes >> ORIGIN_SHIFT);
}
