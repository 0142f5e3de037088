// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The storage word of a release's standing, as `IModelHub.usableTermsCompact` returns it: one word costs its
/// reader less than the decoded `ReleaseTerms`. Bit ranges are those that the compiler gives the struct: royalty 56 |
/// minStake 56 (grains) | modes 8 | status 8 | statusSince 40 | 56 of what does not decide on use | exactFrom 32, from
/// the low end.
type CompactTerms is uint256;

using {royaltyGrains, minStakeGrains, modes, status, statusSince, exactFrom} for CompactTerms global;

/// @notice Grains an inference.
function royaltyGrains(CompactTerms self) pure returns (uint256) {
    return uint56(CompactTerms.unwrap(self));
}

/// @notice Grains of active stake.
function minStakeGrains(CompactTerms self) pure returns (uint256) {
    return uint56(CompactTerms.unwrap(self) >> 56);
}

/// @notice Set of modes that the release offers.
function modes(CompactTerms self) pure returns (uint8) {
    return uint8(CompactTerms.unwrap(self) >> 112);
}

/// @notice The number of a `ReleaseStatus`.
function status(CompactTerms self) pure returns (uint8) {
    return uint8(CompactTerms.unwrap(self) >> 120);
}

function statusSince(CompactTerms self) pure returns (uint40) {
    return uint40(CompactTerms.unwrap(self) >> 128);
}

/// @notice Timestamp from which results are measured by exact arithmetic; 0 while the release is approximate.
function exactFrom(CompactTerms self) pure returns (uint40) {
    return uint40(CompactTerms.unwrap(self) >> 224);
}
