// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What is kept of a reserved cover: era 16 | since 32 (timestamp) | grains 48 | beneficiary 160, from the high
/// end. 48 bits hold more than the part of the whole supply that covers can insure.
type CoverWord is uint256;

using {coverEra, coverSince, coveredGrains, coverBeneficiary, plus} for CoverWord global;

function packCover(address beneficiary, uint256 grains, uint256 since, uint256 era) pure returns (CoverWord) {
    return CoverWord.wrap((era << 240) | (since << 208) | (grains << 160) | uint160(beneficiary));
}

function coverEra(CoverWord self) pure returns (uint16) {
    return uint16(CoverWord.unwrap(self) >> 240);
}

function coverSince(CoverWord self) pure returns (uint40) {
    return uint32(CoverWord.unwrap(self) >> 208);
}

function coveredGrains(CoverWord self) pure returns (uint256) {
    return uint48(CoverWord.unwrap(self) >> 160);
}

function coverBeneficiary(CoverWord self) pure returns (address) {
    return address(uint160(CoverWord.unwrap(self)));
}

/// @param grains both together fit 48 bits
function plus(CoverWord self, uint256 grains) pure returns (CoverWord) {
    unchecked {
        return CoverWord.wrap(CoverWord.unwrap(self) + (grains << 160));
    }
}
