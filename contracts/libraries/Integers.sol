// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dtype} from "../types/Dtype.sol";

/// @notice The range and form of an integer or bool dtype.
struct IntFormat {
    uint8 dtype;
    /// Size of the range, a power of two; 2 for a bool.
    uint256 range;
    /// How far the range reaches below zero: its half, or zero.
    uint256 below;
    /// Bits of an element.
    uint256 mask;
}

/// @title Integers
/// @notice `int256` to the elements of integer and bool tensors, in two's complement, and back.
library Integers {
    /// @notice The integer does not fit the dtype.
    error TensorIntegerOutOfRange(int256 value, uint8 dtype);

    /// @notice The format of an integer or bool dtype; reverts for any other.
    function formatOf(uint8 dtype) internal pure returns (IntFormat memory format) {
        uint256 bits = 8 * Dtype.widthOf(dtype);
        require(!Dtype.isFloat(dtype), Dtype.TensorDtypeNotInteger(dtype));
        format.dtype = dtype;
        format.range = dtype == Dtype.BOOL ? 2 : 1 << bits;
        format.below = Dtype.isSigned(dtype) ? 1 << (bits - 1) : 0;
        format.mask = (1 << bits) - 1;
    }

    /// @notice `toElement` of every value.
    function toElements(int256[] memory values, uint8 dtype) internal pure returns (uint256[] memory elements) {
        IntFormat memory format = formatOf(dtype);
        elements = new uint256[](values.length);
        uint256 end = 32 * values.length;
        for (uint256 offset = 32; offset <= end; offset += 32) {
            int256 value;
            // Both arrays have the length that `end` was taken from; indexing would check that again, at 60 gas each.
            assembly ("memory-safe") {
                value := mload(add(values, offset))
            }
            uint256 element = toElement(value, format);
            assembly ("memory-safe") {
                mstore(add(elements, offset), element)
            }
        }
    }

    /// @notice `toInt` of every element. The result takes the place of `elements`.
    function toInts(uint256[] memory elements, uint8 dtype) internal pure returns (int256[] memory values) {
        IntFormat memory format = formatOf(dtype);
        uint256 end = 32 * elements.length;
        for (uint256 offset = 32; offset <= end; offset += 32) {
            uint256 element;
            assembly ("memory-safe") {
                element := mload(add(elements, offset))
            }
            int256 value = toInt(element, format);
            assembly ("memory-safe") {
                mstore(add(elements, offset), value)
            }
        }
        assembly ("memory-safe") {
            values := elements
        }
    }

    /// @notice Bits of the element that holds `value`.
    function toElement(int256 value, IntFormat memory format) internal pure returns (uint256) {
        // Wraps on purpose: whatever lies outside the range ends up above it.
        unchecked {
            if (uint256(value) + format.below >= format.range) revert TensorIntegerOutOfRange(value, format.dtype);
            return uint256(value) & format.mask;
        }
    }

    /// @notice The integer that the bits of an element stand for.
    function toInt(uint256 element, IntFormat memory format) internal pure returns (int256) {
        // Extends the sign: flipping the sign bit shifts the range to start at zero.
        unchecked {
            return int256((element ^ format.below) - format.below);
        }
    }
}
