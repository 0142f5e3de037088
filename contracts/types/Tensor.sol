// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dtype} from "./Dtype.sol";

/// @notice One tensor, in the form that the runtime takes.
struct Tensor {
    /// Element type, an ONNX `TensorProto.DataType` number, see `Dtype`.
    uint8 dtype;
    /// Dimensions, outermost first. None for a scalar, which has one element; one of zero makes the tensor empty.
    uint32[] shape;
    /// Elements in row-major order, little-endian, without gaps: ONNX `raw_data`. Bits of −0.0 and NaN are kept.
    bytes data;
}

/// @title TensorRules
/// @notice What makes a `Tensor` valid: known dtype, bounded rank and size, data as long as the shape says.
library TensorRules {
    uint256 internal constant MAX_TENSORS = 64;
    uint256 internal constant MAX_RANK = 8;
    uint256 internal constant MAX_ELEMENTS = type(uint32).max;

    uint256 private constant NOT_BOOL = ~uint256(0x0101010101010101010101010101010101010101010101010101010101010101);

    /// @notice More tensors than one encoding may hold.
    error TensorCountTooHigh(uint256 count, uint256 max);

    /// @notice More dimensions than a tensor may have.
    error TensorRankTooHigh(uint256 rank, uint256 max);

    /// @notice The non-zero dimensions multiply to more elements than a tensor may have.
    error TensorTooLarge(uint256 elements, uint256 max);

    /// @notice The data is not as long as dtype and shape say, in bytes.
    error TensorLengthWrong(uint256 length, uint256 expected);

    /// @notice An element of a bool tensor is neither 0 nor 1.
    error TensorBoolInvalid(uint256 index, uint8 value);

    /// @notice The tensor has another dtype than was asked for.
    error TensorDtypeWrong(uint8 dtype, uint8 expected);

    /// @notice The tensor has another rank than was asked for.
    error TensorRankWrong(uint256 rank, uint256 expected);

    /// @notice One dimension differs from what was asked for.
    error TensorDimensionWrong(uint256 axis, uint256 dimension, int32 expected);

    /// @notice Reverts where one encoding cannot hold so many tensors.
    function requireCount(uint256 count) internal pure {
        require(count <= MAX_TENSORS, TensorCountTooHigh(count, MAX_TENSORS));
    }

    /// @notice Reverts where a tensor cannot have so many dimensions.
    function requireRank(uint256 rank) internal pure {
        require(rank <= MAX_RANK, TensorRankTooHigh(rank, MAX_RANK));
    }

    /// @notice Number of elements of a shape; 1 for a scalar, 0 where a dimension is zero.
    /// @dev Zero dimensions are left out of the bound, so that it does not depend on their place.
    function elementsOf(uint32[] memory shape) internal pure returns (uint256 elements) {
        requireRank(shape.length);
        uint256 product = 1;
        bool empty;
        // Bounds: the product is below 2^32 before each step, so it fits 2^64 after it.
        unchecked {
            for (uint256 axis; axis < shape.length; ++axis) {
                uint256 dimension = shape[axis];
                if (dimension == 0) {
                    empty = true;
                    continue;
                }
                product *= dimension;
                require(product <= MAX_ELEMENTS, TensorTooLarge(product, MAX_ELEMENTS));
            }
        }
        return empty ? 0 : product;
    }

    /// @notice Reverts where `tensor` breaks a rule of the encoding.
    function requireValid(Tensor memory tensor) internal pure {
        uint256 width = Dtype.widthOf(tensor.dtype);
        uint256 expected = elementsOf(tensor.shape) * width;
        require(tensor.data.length == expected, TensorLengthWrong(tensor.data.length, expected));
        requireBools(tensor);
    }

    /// @notice Reverts where `tensor` does not have the given dtype and shape; −1 stands for any dimension.
    function requireLike(Tensor memory tensor, uint8 dtype, int32[] memory shape) internal pure {
        require(tensor.dtype == dtype, TensorDtypeWrong(tensor.dtype, dtype));
        require(tensor.shape.length == shape.length, TensorRankWrong(tensor.shape.length, shape.length));
        for (uint256 axis; axis < shape.length; ++axis) {
            uint32 dimension = tensor.shape[axis];
            bool fits = shape[axis] == -1 || int256(shape[axis]) == int256(uint256(dimension));
            require(fits, TensorDimensionWrong(axis, dimension, shape[axis]));
        }
        requireValid(tensor);
    }

    /// @notice Reverts where a bool tensor has an element other than 0 and 1.
    function requireBools(Tensor memory tensor) internal pure {
        if (tensor.dtype != Dtype.BOOL) return;
        bytes memory data = tensor.data;
        for (uint256 position; position < data.length; position += 32) {
            uint256 word;
            // 32 elements a step instead of one; what lies past the end is shifted out.
            assembly ("memory-safe") {
                word := mload(add(add(data, 32), position))
            }
            uint256 left = data.length - position;
            if (left < 32) word >>= 8 * (32 - left);
            if (word & NOT_BOOL != 0) _revertBool(data, position);
        }
    }

    function _revertBool(bytes memory data, uint256 from) private pure {
        uint256 index = from;
        while (uint8(data[index]) < 2) ++index;
        revert TensorBoolInvalid(index, uint8(data[index]));
    }
}
