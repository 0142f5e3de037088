// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GRAIN} from "./Grain.sol";
import {Mode} from "./Mode.sol";

/// @notice The numbers of a carried result as they stand in its bundle: mode 8 | codec 8 | fee 56 | maxCover 56
/// (grains) | outputLength 24 | proofLength 24 | 80 of what follows, from the high end.
type ResultHead is uint256;

using {isWellFormed, modeNumber, mode, modeBit, codec} for ResultHead global;
using {feeGrains, fee, maxCover, isInsurable, outputLength, proofLength} for ResultHead global;

/// @dev A proof beside a mode that needs none is in no signature: whoever relays could add it.
function isWellFormed(ResultHead self) pure returns (bool wellFormed) {
    (uint256 mode_, uint256 length, uint256 last) = (modeNumber(self), proofLength(self), uint256(type(Mode).max));
    // `mode_ <= last && (mode_ != VANILLA || length == 0)` without jumps.
    assembly ("memory-safe") {
        wellFormed := and(iszero(gt(mode_, last)), or(gt(mode_, 0), iszero(length)))
    }
}

/// @notice As carried; may be no mode.
function modeNumber(ResultHead self) pure returns (uint8) {
    return uint8(ResultHead.unwrap(self) >> 248);
}

function mode(ResultHead self) pure returns (Mode) {
    return Mode(modeNumber(self));
}

/// @notice The mode's place in a set of modes, see `types/Mode.sol`.
function modeBit(ResultHead self) pure returns (uint256) {
    return 1 << modeNumber(self);
}

function codec(ResultHead self) pure returns (uint8) {
    return uint8(ResultHead.unwrap(self) >> 240);
}

function feeGrains(ResultHead self) pure returns (uint256) {
    return uint56(ResultHead.unwrap(self) >> 184);
}

/// @notice Token wei.
function fee(ResultHead self) pure returns (uint256) {
    unchecked {
        return feeGrains(self) * GRAIN;
    }
}

/// @notice Token wei.
function maxCover(ResultHead self) pure returns (uint256) {
    unchecked {
        return uint56(ResultHead.unwrap(self) >> 128) * GRAIN;
    }
}

/// @notice True when `maxCover` is not zero.
function isInsurable(ResultHead self) pure returns (bool) {
    return uint56(ResultHead.unwrap(self) >> 128) != 0;
}

function outputLength(ResultHead self) pure returns (uint256) {
    return uint24(ResultHead.unwrap(self) >> 104);
}

function proofLength(ResultHead self) pure returns (uint256) {
    return uint24(ResultHead.unwrap(self) >> 80);
}
