// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GRAIN} from "./Grain.sol";
import {Mode} from "./Mode.sol";

/// @notice What is known of a loaded result beside its output: outputLength 24 | fee 56 | stake 56 (grains) |
/// operatorId 32 | mode 8 | used 8, from the low end. Never 0 for one that is loaded, since no operator has id 0.
type LoadedResult is uint256;

using {isLoaded, outputLength, fee, stake, operatorId, mode, isUsed, used} for LoadedResult global;

/// @dev Grains; `outputLength_` below 2^24.
function packLoaded(
    uint256 outputLength_,
    uint256 feeGrains,
    uint256 stakeGrains,
    uint32 operatorId_,
    Mode mode_
) pure returns (LoadedResult) {
    return
        LoadedResult.wrap(
            outputLength_ |
                (feeGrains << 24) |
                (stakeGrains << 80) |
                (uint256(operatorId_) << 136) |
                (uint256(mode_) << 168)
        );
}

function isLoaded(LoadedResult self) pure returns (bool) {
    return LoadedResult.unwrap(self) != 0;
}

function outputLength(LoadedResult self) pure returns (uint256) {
    return uint24(LoadedResult.unwrap(self));
}

/// @notice Token wei that was paid.
function fee(LoadedResult self) pure returns (uint256) {
    unchecked {
        return uint56(LoadedResult.unwrap(self) >> 24) * GRAIN;
    }
}

/// @notice Token wei, the operator's active stake when the result was loaded.
function stake(LoadedResult self) pure returns (uint256) {
    unchecked {
        return uint56(LoadedResult.unwrap(self) >> 80) * GRAIN;
    }
}

function operatorId(LoadedResult self) pure returns (uint32) {
    return uint32(LoadedResult.unwrap(self) >> 136);
}

function mode(LoadedResult self) pure returns (Mode) {
    return Mode(uint8(LoadedResult.unwrap(self) >> 168));
}

function isUsed(LoadedResult self) pure returns (bool) {
    return LoadedResult.unwrap(self) >> 176 != 0;
}

/// @notice The same, used.
function used(LoadedResult self) pure returns (LoadedResult) {
    return LoadedResult.wrap(LoadedResult.unwrap(self) | (1 << 176));
}
