// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TensorSpec} from "../interfaces/IModelHub.sol";
import {FixedFloat, FixedScale, FloatFormat} from "../libraries/FixedFloat.sol";
import {IntFormat, Integers} from "../libraries/Integers.sol";
import {Lanes} from "../libraries/Lanes.sol";
import {TensorCodec} from "../libraries/TensorCodec.sol";
import {Dtype} from "../types/Dtype.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";
import {TensorLib} from "./TensorLib.sol";

/// @title Numbers
/// @notice Published decimal numbers to the elements of a model's tensors, and back.
library Numbers {
    uint256 internal constant MAX_INPUT_DECIMALS = 18;

    /// @notice 5^54 < 2^127 ≤ 5^55: no float with more decimals fits a `Number` exactly.
    uint256 internal constant MAX_OUTPUT_DECIMALS = 54;

    uint256 private constant INT128_MAX = uint128(type(int128).max);

    /// @notice An input number has decimals below 0 or above 18.
    error NumberDecimalsInvalid(int128 decimals);

    /// @notice An integer or bool input was given a number that is not whole.
    error NumberNotWhole(int128 value, int128 decimals, uint8 dtype);

    /// @notice A float of the output lies beyond `int128`.
    error FloatExceedsNumber(uint256 bits, uint8 dtype);

    /// @notice The tensor that the model takes for `numbers`: its declared dtype, and its shape. A vector
    /// also stands for a declared shape of another rank: row-major, with the one open dimension filled.
    function toTensor(
        TensorLib.MultiDimensionalNumberTensor calldata numbers,
        TensorSpec memory spec
    ) internal pure returns (Tensor memory tensor) {
        uint32[] memory shape = numbers.shape;
        if (shape.length == 1 && spec.shape.length != 1) shape = _shapeFor(numbers.values.length, spec.shape);
        uint256 expected = TensorRules.elementsOf(shape);
        uint256 count = numbers.values.length;
        require(count == expected, TensorCodec.TensorValueCountWrong(count, expected));
        bytes memory data = Lanes.pack(toElements(numbers.values, spec.dtype), Dtype.widthOf(spec.dtype));
        tensor = Tensor(spec.dtype, shape, data);
        TensorRules.requireLike(tensor, spec.dtype, spec.shape);
    }

    /// @notice The numbers of a tensor, exact wherever a `Number` can hold them, see `fromFloat`.
    function fromTensor(
        Tensor memory tensor,
        string memory name
    ) internal pure returns (TensorLib.MultiDimensionalNumberTensor memory) {
        uint256[] memory elements = Lanes.unpack(tensor.data, Dtype.widthOf(tensor.dtype));
        TensorLib.Number[] memory values = new TensorLib.Number[](elements.length);
        if (Dtype.isFloat(tensor.dtype)) {
            FloatFormat memory format = FixedFloat.formatOf(tensor.dtype);
            for (uint256 i; i < elements.length; ++i) values[i] = fromFloat(elements[i], format);
        } else {
            IntFormat memory format = Integers.formatOf(tensor.dtype);
            // No dtype has more than 64 bits.
            for (uint256 i; i < elements.length; ++i) values[i].value = int128(Integers.toInt(elements[i], format));
        }
        return TensorLib.MultiDimensionalNumberTensor(name, values, tensor.shape);
    }

    /// @notice The elements of `dtype` for `numbers`: floats rounded to nearest, ties to even; integers and bools
    /// as they are, or an error.
    function toElements(
        TensorLib.Number[] calldata numbers,
        uint8 dtype
    ) internal pure returns (uint256[] memory elements) {
        elements = new uint256[](numbers.length);
        if (Dtype.isFloat(dtype)) {
            FloatFormat memory format = FixedFloat.formatOf(dtype);
            FixedScale memory scale = FixedFloat.scaleOf(0);
            for (uint256 i; i < numbers.length; ++i) {
                uint256 decimals = _decimalsOf(numbers[i]);
                if (decimals != scale.decimals) scale = FixedFloat.scaleOf(uint8(decimals));
                elements[i] = FixedFloat.toFloat(numbers[i].value, scale, format);
            }
        } else {
            IntFormat memory format = Integers.formatOf(dtype);
            for (uint256 i; i < numbers.length; ++i) {
                elements[i] = Integers.toElement(_wholeOf(numbers[i], dtype), format);
            }
        }
    }

    /// @notice The float with these bits as a decimal number: its exact expansion, without trailing zeros. Where that
    /// does not fit a `Number`, the nearest one (ties to even) of as many decimals as fit, at most
    /// `MAX_OUTPUT_DECIMALS`.
    function fromFloat(uint256 bits, FloatFormat memory format) internal pure returns (TensorLib.Number memory number) {
        bool negative = bits >= format.sign;
        uint256 magnitude = negative ? bits ^ format.sign : bits;
        require(magnitude < format.infinity, FixedFloat.FloatNotFinite(bits, format.dtype));
        uint256 exponent = magnitude >> format.fraction;
        if (exponent == 0) exponent = 1;
        uint256 significand = magnitude - ((exponent - 1) << format.fraction);
        if (significand == 0) return number;

        uint256 value;
        uint256 decimals;
        uint256 limit = negative ? INT128_MAX + 1 : INT128_MAX;
        if (exponent >= format.pivot) {
            uint256 shift = exponent - format.pivot;
            value = shift < 128 ? significand << shift : type(uint256).max;
            require(value <= limit, FloatExceedsNumber(bits, format.dtype));
        } else {
            (value, decimals) = _divide(significand, format.pivot - exponent, limit);
        }
        // Both are below 2^128; the negation wraps for the one number that has no positive counterpart.
        unchecked {
            number.value = negative ? -int128(uint128(value)) : int128(uint128(value));
        }
        number.decimals = int128(uint128(decimals));
    }

    /// @dev `significand / 2^power` as value and decimals; 0 < significand < 2^53.
    function _divide(
        uint256 significand,
        uint256 power,
        uint256 limit
    ) private pure returns (uint256 value, uint256 decimals) {
        while (power != 0 && significand & 1 == 0) {
            significand >>= 1;
            --power;
        }
        // Bounds: 2^53 · 5^54 < 2^179 and 2^53 · 10^54 < 2^233; without decimals, the value is below 2^53. Checked
        // powers cost ten times as much.
        unchecked {
            if (power <= MAX_OUTPUT_DECIMALS) {
                // m / 2^k = m · 5^k / 10^k
                value = significand * 5 ** power;
                if (value <= limit) return (value, power);
            }
            // Rounding can carry past the limit, hence the end by the rounded value.
            decimals = MAX_OUTPUT_DECIMALS;
            while ((value = _shiftRight(significand * 10 ** decimals, power)) > limit) --decimals;
            if (value == 0) decimals = 0;
        }
    }

    /// @dev `value / 2^drop` to nearest, ties to even; `value` is below 2^255, `drop` is not zero.
    function _shiftRight(uint256 value, uint256 drop) private pure returns (uint256 result) {
        if (drop > 255) return 0;
        result = value >> drop;
        uint256 rest = value - (result << drop);
        uint256 half = 1 << (drop - 1);
        if (rest > half || (rest == half && result & 1 == 1)) ++result;
    }

    /// @dev The declared shape with its open dimension filled so that it has `count` elements; with more than one open,
    /// or none that fits, it is left for the check against the declaration to refuse.
    function _shapeFor(uint256 count, int32[] memory declared) private pure returns (uint32[] memory shape) {
        shape = new uint32[](declared.length);
        uint256 known = 1;
        uint256 open = declared.length;
        for (uint256 axis; axis < declared.length; ++axis) {
            if (declared[axis] == -1) {
                require(open == declared.length, TensorRules.TensorRankWrong(1, declared.length));
                open = axis;
            } else {
                shape[axis] = uint32(declared[axis]);
                known *= shape[axis];
            }
        }
        if (open != declared.length) shape[open] = uint32(count / known);
    }

    function _decimalsOf(TensorLib.Number calldata number) private pure returns (uint256) {
        int128 decimals = number.decimals;
        bool valid = decimals >= 0 && decimals <= int128(uint128(MAX_INPUT_DECIMALS));
        require(valid, NumberDecimalsInvalid(decimals));
        return uint256(int256(decimals));
    }

    function _wholeOf(TensorLib.Number calldata number, uint8 dtype) private pure returns (int256) {
        uint256 decimals = _decimalsOf(number);
        if (decimals == 0) return number.value;
        int256 unit = int256(10 ** decimals);
        require(number.value % unit == 0, NumberNotWhole(number.value, number.decimals, dtype));
        return number.value / unit;
    }
}
