// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Dtype
/// @notice Element types of a tensor, by their ONNX `TensorProto.DataType` number.
/// @dev Only fixed-width types that the node's runtime takes as raw bytes are admitted. Strings (8) have no fixed
/// width and no single byte form; float16 (10), complex (14, 15) and bfloat16 (16) cannot be handed to the runtime.
library Dtype {
    uint8 internal constant FLOAT32 = 1;
    uint8 internal constant UINT8 = 2;
    uint8 internal constant INT8 = 3;
    uint8 internal constant UINT16 = 4;
    uint8 internal constant INT16 = 5;
    uint8 internal constant INT32 = 6;
    uint8 internal constant INT64 = 7;
    /// @notice Known so that it can be refused by name; never admitted.
    uint8 internal constant STRING = 8;
    uint8 internal constant BOOL = 9;
    uint8 internal constant FLOAT64 = 11;
    uint8 internal constant UINT32 = 12;
    uint8 internal constant UINT64 = 13;

    /// @dev Byte `n` counted from the right is the width of dtype `n`; zero where it is not admitted.
    uint256 private constant WIDTHS = 0x0804080001000804020201010400;

    /// @dev Bit `n` is set for the signed integers among the dtypes.
    uint256 private constant SIGNED = (1 << INT8) | (1 << INT16) | (1 << INT32) | (1 << INT64);

    /// @notice The tensor holds strings, which this encoding does not carry.
    error TensorStringsRefused();

    /// @notice The dtype number is not one of the admitted ones.
    error TensorDtypeUnsupported(uint8 dtype);

    /// @notice A floating-point tensor was asked for.
    error TensorDtypeNotFloat(uint8 dtype);

    /// @notice An integer or bool tensor was asked for.
    error TensorDtypeNotInteger(uint8 dtype);

    /// @notice Bytes of one element; reverts where the dtype is not admitted.
    function widthOf(uint8 dtype) internal pure returns (uint256 width) {
        require(dtype != STRING, TensorStringsRefused());
        width = rawWidthOf(dtype);
        require(width != 0, TensorDtypeUnsupported(dtype));
    }

    /// @notice The same without a check: zero where the dtype is not admitted.
    function rawWidthOf(uint256 dtype) internal pure returns (uint256) {
        unchecked {
            return (WIDTHS >> (8 * dtype)) & 0xff;
        }
    }

    /// @notice Whether `dtype` is float32 or float64.
    function isFloat(uint8 dtype) internal pure returns (bool) {
        return dtype == FLOAT32 || dtype == FLOAT64;
    }

    /// @notice Whether `dtype` is an integer with a sign.
    function isSigned(uint8 dtype) internal pure returns (bool) {
        return (SIGNED >> dtype) & 1 == 1;
    }
}
