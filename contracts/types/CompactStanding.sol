// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The storage word of `Standing` (interfaces/IOperators.sol), as `IOperators.compactStandingOf` returns
/// it: one word costs its reader less than a decoded struct. Bit ranges are those that the compiler gives the
/// struct.
type CompactStanding is uint256;

using {
    operatorId,
    stakeGrains,
    slots,
    slashCount,
    isActive,
    era,
    coverPercent,
    isSettingAside,
    withoutStake
} for CompactStanding global;

function operatorId(CompactStanding self) pure returns (uint32) {
    return uint32(CompactStanding.unwrap(self));
}

/// @notice Active stake in grains.
function stakeGrains(CompactStanding self) pure returns (uint256) {
    return uint56(CompactStanding.unwrap(self) >> 32);
}

function slots(CompactStanding self) pure returns (uint16) {
    return uint16(CompactStanding.unwrap(self) >> 88);
}

function slashCount(CompactStanding self) pure returns (uint16) {
    return uint16(CompactStanding.unwrap(self) >> 104);
}

/// @notice True when the signer's status is `Active` (1) and its operator is not jailed (0).
function isActive(CompactStanding self) pure returns (bool) {
    return uint16(CompactStanding.unwrap(self) >> 120) == 1;
}

function era(CompactStanding self) pure returns (uint16) {
    return uint16(CompactStanding.unwrap(self) >> 224);
}

/// @notice Percent of the stake that is set aside for covers.
function coverPercent(CompactStanding self) pure returns (uint8) {
    return uint8(CompactStanding.unwrap(self) >> 240);
}

/// @notice True when `coverPercent` is not zero: nothing stands above it.
function isSettingAside(CompactStanding self) pure returns (bool) {
    return CompactStanding.unwrap(self) >> 240 != 0;
}

/// @param grains at most `stakeGrains`
function withoutStake(CompactStanding self, uint256 grains) pure returns (CompactStanding) {
    unchecked {
        return CompactStanding.wrap(CompactStanding.unwrap(self) - (grains << 32));
    }
}
