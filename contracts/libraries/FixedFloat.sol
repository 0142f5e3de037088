// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dtype} from "../types/Dtype.sol";

/// @notice An IEEE 754 binary format.
struct FloatFormat {
    uint8 dtype;
    /// Bits of the significand, the implicit one included.
    uint256 precision;
    /// Exponent bias.
    uint256 bias;
    /// Bits of the fraction field.
    uint256 fraction;
    /// Exponent field from which on floats are whole numbers of fixed-point units before scaling.
    uint256 pivot;
    /// Bits of +infinity.
    uint256 infinity;
    /// The sign bit.
    uint256 sign;
}

/// @notice A number of decimals, prepared for repeated use.
struct FixedScale {
    uint8 decimals;
    /// 10^decimals, what 1.0 is.
    uint256 unit;
    /// Bits left of a word with its top bit set after division by `unit`: this many or one more.
    uint256 minLength;
}

/// @title FixedFloat
/// @notice Decimal fixed-point numbers to IEEE 754 bits and back, exact, rounding to nearest, ties to even.
library FixedFloat {
    /// @notice 10^60 < 2^200 leaves 56 bits of quotient in one word: float64's 53 and three to round by.
    uint8 internal constant MAX_DECIMALS = 60;

    /// @notice More decimals than the conversion is exact for.
    error FixedDecimalsTooHigh(uint256 decimals, uint256 max);

    /// @notice The fixed-point number lies beyond the largest finite float of that dtype.
    error FixedExceedsFloat(int256 value, uint8 decimals, uint8 dtype);

    /// @notice The float is NaN or an infinity.
    error FloatNotFinite(uint256 bits, uint8 dtype);

    /// @notice The float lies beyond what an `int256` with that many decimals can hold.
    error FloatExceedsFixed(uint256 bits, uint8 decimals, uint8 dtype);

    /// @notice The format of a float dtype; reverts for any other.
    function formatOf(uint8 dtype) internal pure returns (FloatFormat memory format) {
        require(Dtype.isFloat(dtype), Dtype.TensorDtypeNotFloat(dtype));
        (uint256 precision, uint256 bias) = dtype == Dtype.FLOAT32 ? (24, 127) : (53, 1023);
        format.dtype = dtype;
        format.precision = precision;
        format.bias = bias;
        format.fraction = precision - 1;
        format.pivot = bias + precision - 1;
        format.infinity = (2 * bias + 1) << (precision - 1);
        format.sign = (2 * bias + 2) << (precision - 1);
    }

    /// @notice Prepares a number of decimals.
    function scaleOf(uint8 decimals) internal pure returns (FixedScale memory scale) {
        require(decimals <= MAX_DECIMALS, FixedDecimalsTooHigh(decimals, MAX_DECIMALS));
        scale.decimals = decimals;
        // 10^60 fits; a checked power costs ten times as much.
        unchecked {
            scale.unit = 10 ** uint256(decimals);
        }
        scale.minLength = _leadingZeros(scale.unit);
    }

    /// @notice `toFloat` of every value.
    function toFloats(
        int256[] memory values,
        uint8 decimals,
        uint8 dtype
    ) internal pure returns (uint256[] memory floats) {
        FloatFormat memory format = formatOf(dtype);
        FixedScale memory scale = scaleOf(decimals);
        floats = new uint256[](values.length);
        uint256 end = 32 * values.length;
        for (uint256 offset = 32; offset <= end; offset += 32) {
            int256 value;
            // Both arrays have the length that `end` was taken from; indexing would check that again, at 60 gas each.
            assembly ("memory-safe") {
                value := mload(add(values, offset))
            }
            uint256 bits = toFloat(value, scale, format);
            assembly ("memory-safe") {
                mstore(add(floats, offset), bits)
            }
        }
    }

    /// @notice `toFixed` of every float. The result takes the place of `floats`.
    function toFixeds(
        uint256[] memory floats,
        uint8 decimals,
        uint8 dtype
    ) internal pure returns (int256[] memory values) {
        FloatFormat memory format = formatOf(dtype);
        FixedScale memory scale = scaleOf(decimals);
        uint256 end = 32 * floats.length;
        for (uint256 offset = 32; offset <= end; offset += 32) {
            uint256 bits;
            assembly ("memory-safe") {
                bits := mload(add(floats, offset))
            }
            int256 value = toFixed(bits, scale, format);
            assembly ("memory-safe") {
                mstore(add(floats, offset), value)
            }
        }
        assembly ("memory-safe") {
            values := floats
        }
    }

    /// @notice Bits of the float nearest to `value / 10^decimals`. Zero becomes +0; a negative number too small for
    /// the format becomes −0.
    function toFloat(
        int256 value,
        FixedScale memory scale,
        FloatFormat memory format
    ) internal pure returns (uint256 bits) {
        if (value == 0) return 0;
        // Bounds: the quotient has 56 to 256 bits, so 3 <= drop < 256, and no shift or sum leaves the word.
        unchecked {
            uint256 negative = uint256(value >> 255);
            uint256 magnitude = (uint256(value) ^ negative) - negative;
            uint256 shift = _leadingZeros(magnitude);
            (uint256 quotient, uint256 length) = _divide(magnitude << shift, scale);
            uint256 drop = length - format.precision;
            uint256 exponent = length + format.bias - 1;
            if (exponent > shift) {
                exponent -= shift;
            } else {
                drop += shift + 1 - exponent;
                exponent = 1;
            }
            // The implicit bit adds one to the exponent field, and so does a carry out of the rounding.
            bits = ((exponent - 1) << format.fraction) + _shiftRight(quotient, drop);
            if (bits >= format.infinity) revert FixedExceedsFloat(value, scale.decimals, format.dtype);
            bits |= format.sign & negative;
        }
    }

    /// @notice The fixed-point number nearest to the float with these bits; −0 becomes 0.
    function toFixed(
        uint256 bits,
        FixedScale memory scale,
        FloatFormat memory format
    ) internal pure returns (int256 value) {
        // Bounds: significand < 2^53 and unit < 2^200, so their product has at most 253 bits.
        unchecked {
            bool negative = bits >= format.sign;
            uint256 magnitude = negative ? bits ^ format.sign : bits;
            if (magnitude >= format.infinity) revert FloatNotFinite(bits, format.dtype);
            uint256 exponent = magnitude >> format.fraction;
            if (exponent == 0) exponent = 1;
            // Leaves the fraction and the implicit bit, or the fraction alone where there is none.
            magnitude = (magnitude - ((exponent - 1) << format.fraction)) * scale.unit;

            if (exponent < format.pivot) {
                uint256 drop = format.pivot - exponent;
                magnitude = drop > 254 ? 0 : _shiftRight(magnitude, drop);
            } else {
                uint256 shifted = magnitude << (exponent - format.pivot);
                bool fits =
                    shifted >> (exponent - format.pivot) == magnitude &&
                        shifted <= uint256(type(int256).max) + (negative ? 1 : 0);
                if (!fits) revert FloatExceedsFixed(bits, scale.decimals, format.dtype);
                magnitude = shifted;
            }
            value = negative ? -int256(magnitude) : int256(magnitude);
        }
    }

    /// @dev Quotient by the unit, and its length in bits. A remainder is below every bit that rounding looks at, except
    /// that it tells a tie from more than a tie, so it is kept as the lowest bit. The unit is not zero.
    function _divide(
        uint256 dividend,
        FixedScale memory scale
    ) private pure returns (uint256 quotient, uint256 length) {
        uint256 unit = scale.unit;
        length = scale.minLength;
        assembly ("memory-safe") {
            quotient := div(dividend, unit)
            length := add(length, shr(length, quotient))
            quotient := or(quotient, iszero(iszero(mod(dividend, unit))))
        }
    }

    /// @dev `value / 2^drop` to nearest, ties to even; 0 < drop < 256.
    function _shiftRight(uint256 value, uint256 drop) private pure returns (uint256 result) {
        assembly ("memory-safe") {
            result := shr(drop, value)
            // What is dropped, as a fraction of a word: its lowest bit is free for the one that turns a tie up.
            let rest := shl(sub(256, drop), value)
            result := add(result, gt(add(rest, and(result, 1)), shl(255, 1)))
        }
    }

    /// @dev A binary search down to four bits, which index a table; 66 gas less than `Math.clz`, in the costliest part
    /// of `toFloat`. `value` is not zero.
    function _leadingZeros(uint256 value) private pure returns (uint256 zeros) {
        assembly ("memory-safe") {
            let low := shl(7, gt(value, 0xffffffffffffffffffffffffffffffff))
            low := or(low, shl(6, gt(shr(low, value), 0xffffffffffffffff)))
            low := or(low, shl(5, gt(shr(low, value), 0xffffffff)))
            low := or(low, shl(4, gt(shr(low, value), 0xffff)))
            low := or(low, shl(3, gt(shr(low, value), 0xff)))
            low := or(low, shl(2, gt(shr(low, value), 0xf)))
            // Byte n holds 255 less the highest bit of n, so the rest of the search cannot borrow.
            zeros := xor(low, byte(shr(low, value), 0x00fffefefdfdfdfdfcfcfcfcfcfcfcfc00000000000000000000000000000000))
        }
    }
}
