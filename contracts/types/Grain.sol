// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// The accounting unit: 10^-6 OPG. The whole supply is 10^15 grains, so an amount fits 52 bits and several
// share a slot. Fees, royalties, stakes and prices must be whole multiples, so that nothing is lost to rounding.
uint256 constant GRAIN = 1e12;

// No amount of OPG that exists exceeds this number of grains.
uint256 constant MAX_GRAINS = 1e15;

/// @notice The amount (token wei) is not a whole number of grains, or more than the supply.
error NotWholeGrains(uint256 amount);

/// @notice Converts token wei to grains.
function toGrains(uint256 amount) pure returns (uint256 grains) {
    grains = amount / GRAIN;
    require(grains * GRAIN == amount && grains <= MAX_GRAINS, NotWholeGrains(amount));
}
