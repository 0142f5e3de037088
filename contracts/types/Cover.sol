// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GRAIN, toGrains} from "./Grain.sol";

/// @notice What a query or a request insures, and for whom: amount 96 (grains) | beneficiary 160, from the high end.
/// One word, since every inference passes it on, insured or not. `NO_COVER` asks for none.
type Cover is uint256;

using {grains, amount, beneficiary, isAsked} for Cover global;

Cover constant NO_COVER = Cover.wrap(0);

/// @notice A cover of `amount_` for `beneficiary_`.
/// @param amount_ token wei, whole grains
function coverOf(uint256 amount_, address beneficiary_) pure returns (Cover) {
    return Cover.wrap((toGrains(amount_) << 160) | uint160(beneficiary_));
}

function grains(Cover self) pure returns (uint256) {
    return Cover.unwrap(self) >> 160;
}

/// @notice Token wei. Grains have 96 bits.
function amount(Cover self) pure returns (uint256) {
    unchecked {
        return grains(self) * GRAIN;
    }
}

/// @notice Who is paid when the result is proved wrong.
function beneficiary(Cover self) pure returns (address) {
    return address(uint160(Cover.unwrap(self)));
}

/// @notice False for `NO_COVER` alone: half a cover is asked for too, and refused.
function isAsked(Cover self) pure returns (bool) {
    return Cover.unwrap(self) != 0;
}
