// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CompactStanding} from "./CompactStanding.sol";
import {GRAIN} from "./Grain.sol";
import {Mode} from "./Mode.sol";
import {ResultHead} from "./ResultHead.sol";

/// @notice What is known of a loaded result beside its output. Upper half and 24 bits: those of its `ResultHead`. Lower
/// 88 bits: operator and stake as in its signer's `CompactStanding`. Bit 88: used. Never 0 for one that is loaded,
/// since no operator has id 0.
type LoadedResult is uint256;

using {isLoaded, outputLength, fee, maxCover, stake, operatorId, mode, modeBit, usedBit, used} for LoadedResult global;

uint256 constant HEAD_MASK = ~uint256(type(uint104).max);
uint256 constant STANDING_MASK = type(uint88).max;
uint256 constant USED_BIT = 1 << 88;

function packLoaded(ResultHead head, CompactStanding standing) pure returns (LoadedResult) {
    return
        LoadedResult.wrap((ResultHead.unwrap(head) & HEAD_MASK) | (CompactStanding.unwrap(standing) & STANDING_MASK));
}

function isLoaded(LoadedResult self) pure returns (bool) {
    return LoadedResult.unwrap(self) != 0;
}

function outputLength(LoadedResult self) pure returns (uint256) {
    return ResultHead.wrap(LoadedResult.unwrap(self)).outputLength();
}

/// @notice Token wei that was paid.
function fee(LoadedResult self) pure returns (uint256) {
    return ResultHead.wrap(LoadedResult.unwrap(self)).fee();
}

/// @notice Token wei, as signed.
function maxCover(LoadedResult self) pure returns (uint256) {
    return ResultHead.wrap(LoadedResult.unwrap(self)).maxCover();
}

/// @notice Token wei, the operator's stake that counted for minimums when the result was loaded.
function stake(LoadedResult self) pure returns (uint256) {
    unchecked {
        return CompactStanding.wrap(LoadedResult.unwrap(self)).stakeGrains() * GRAIN;
    }
}

function operatorId(LoadedResult self) pure returns (uint32) {
    return CompactStanding.wrap(LoadedResult.unwrap(self)).operatorId();
}

function mode(LoadedResult self) pure returns (Mode) {
    return ResultHead.wrap(LoadedResult.unwrap(self)).mode();
}

/// @notice The mode's place in a set of modes, see `types/Mode.sol`.
function modeBit(LoadedResult self) pure returns (uint256) {
    return ResultHead.wrap(LoadedResult.unwrap(self)).modeBit();
}

/// @notice Zero until its first use.
function usedBit(LoadedResult self) pure returns (uint256) {
    return LoadedResult.unwrap(self) & USED_BIT;
}

/// @notice The same, used.
function used(LoadedResult self) pure returns (LoadedResult) {
    return LoadedResult.wrap(LoadedResult.unwrap(self) | USED_BIT);
}
