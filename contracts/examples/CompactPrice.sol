// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice A price as a 64-bit float, 10 bits of exponent above 54 of fraction, so that four fill a storage slot. The
/// greater price is the greater number. Never zero.
type CompactPrice is uint64;

using CompactPriceLib for CompactPrice global;

/// @title CompactPriceLib
/// @notice Ratios of two token amounts, kept to one part in 2^54.
library CompactPriceLib {
    uint256 private constant FRACTION_BITS = 54;
    uint256 private constant FRACTION = (1 << FRACTION_BITS) - 1;
    /// @dev A ratio of two uint128 has an exponent of −182 to 74, and scaling moves it by no more than 128.
    uint256 private constant BIAS = 400;
    /// @dev Ratios of prices end at 2^100: more than a market moves, and less than a float32 holds.
    uint256 private constant MAX_SHIFT = 100;

    /// @notice A price without reserves.
    error PriceUndefined(uint256 numerator, uint256 denominator);

    /// @notice `numerator / denominator`, rounded down.
    function fromRatio(uint128 numerator, uint128 denominator) internal pure returns (CompactPrice) {
        require(numerator != 0 && denominator != 0, PriceUndefined(numerator, denominator));
        return _pack(numerator, denominator, BIAS);
    }

    /// @notice `price * numerator / denominator`, rounded down.
    function scaled(CompactPrice price, uint128 numerator, uint128 denominator) internal pure returns (CompactPrice) {
        (uint256 significand, uint256 exponent) = _unpack(price);
        return _pack(significand * numerator, denominator, exponent);
    }

    /// @notice `price * unit / base`, rounded down; prices 2^100 times the base or more count as that.
    function relativeTo(CompactPrice price, CompactPrice base, uint64 unit) internal pure returns (uint256) {
        (uint256 a, uint256 exponentA) = _unpack(price);
        (uint256 b, uint256 exponentB) = _unpack(base);
        if (exponentA < exponentB) return ((a * unit) / b) >> (exponentB - exponentA);
        return ((a * unit) << Math.min(exponentA - exponentB, MAX_SHIFT)) / b;
    }

    /// @notice `amount * price`, rounded down.
    function valueOf(CompactPrice price, uint128 amount) internal pure returns (uint256) {
        (uint256 significand, uint256 exponent) = _unpack(price);
        uint256 product = significand * amount;
        if (exponent < BIAS) return product >> (BIAS - exponent);
        return product * (1 << (exponent - BIAS));
    }

    function isAbove(CompactPrice a, CompactPrice b) internal pure returns (bool) {
        return CompactPrice.unwrap(a) > CompactPrice.unwrap(b);
    }

    /// @dev `numerator * 2^(exponent - BIAS) / denominator`.
    function _pack(uint256 numerator, uint256 denominator, uint256 exponent) private pure returns (CompactPrice) {
        // The quotient has at least 128 bits, so that the fraction is filled whatever the ratio.
        uint256 shift = 255 - Math.log2(numerator);
        uint256 quotient = (numerator << shift) / denominator;
        uint256 drop = Math.log2(quotient) - FRACTION_BITS;
        uint256 biased = exponent + drop - shift;
        return CompactPrice.wrap(uint64((biased << FRACTION_BITS) | ((quotient >> drop) & FRACTION)));
    }

    function _unpack(CompactPrice price) private pure returns (uint256 significand, uint256 exponent) {
        uint256 word = CompactPrice.unwrap(price);
        return ((word & FRACTION) | (1 << FRACTION_BITS), word >> FRACTION_BITS);
    }
}
