// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title TensorLib
/// @notice The published tensors of decimal numbers, and how contracts build and read them.
/// @dev Names, layouts and revert texts are those that existing contracts were written for. Elements are row-major.
library TensorLib {
    /// @notice A decimal number, `value / 10^decimals`: 1.5 is (15, 1).
    struct Number {
        int128 value;
        /// As an input 0 to 18. An output may have more.
        int128 decimals;
    }

    struct MultiDimensionalNumberTensor {
        string name;
        Number[] values;
        /// Dimensions, outermost first.
        uint32[] shape;
    }

    struct StringTensor {
        string name;
        string[] values;
    }

    struct JsonScalar {
        string name;
        string value;
    }

    // Texts, not custom errors: callers of the published library match them.
    // solhint-disable gas-custom-errors

    /// @notice A vector.
    function numberTensor1D(
        string memory name,
        Number[] memory values
    ) internal pure returns (MultiDimensionalNumberTensor memory) {
        require(values.length != 0, "Input array must be non-empty");
        uint32[] memory shape = new uint32[](1);
        shape[0] = uint32(values.length);
        return MultiDimensionalNumberTensor(name, values, shape);
    }

    /// @notice A matrix, given by rows. The elements are not copied: they stay those of `rows`.
    function numberTensor2D(
        string memory name,
        Number[][] memory rows
    ) internal pure returns (MultiDimensionalNumberTensor memory) {
        require(rows.length != 0 && rows[0].length != 0, "Input array must be non-empty");
        uint256 columns = rows[0].length;
        Number[] memory values = new Number[](rows.length * columns);
        for (uint256 row; row < rows.length; ++row) {
            require(rows[row].length == columns, "All rows must have the same length");
            for (uint256 column; column < columns; ++column) values[row * columns + column] = rows[row][column];
        }
        uint32[] memory shape = new uint32[](2);
        (shape[0], shape[1]) = (uint32(rows.length), uint32(columns));
        return MultiDimensionalNumberTensor(name, values, shape);
    }

    /// @notice A tensor of zeros of any shape, to be filled by `setValue`.
    function numberTensorND(
        string memory name,
        uint32[] memory shape
    ) internal pure returns (MultiDimensionalNumberTensor memory) {
        require(shape.length != 0, "Dimensions array must not be empty");
        uint256 count = 1;
        for (uint256 axis; axis < shape.length; ++axis) {
            require(shape[axis] != 0, "All dimensions must be positive");
            count *= shape[axis];
        }
        return MultiDimensionalNumberTensor(name, new Number[](count), shape);
    }

    /// @notice Sets the element at `indices`, one for each dimension.
    function setValue(
        MultiDimensionalNumberTensor memory tensor,
        uint32[] memory indices,
        Number memory value
    ) internal pure {
        tensor.values[_flat(tensor.shape, indices)] = value;
    }

    /// @notice The element at `indices`, one for each dimension.
    function getValue(
        MultiDimensionalNumberTensor memory tensor,
        uint32[] memory indices
    ) internal pure returns (Number memory) {
        return tensor.values[_flat(tensor.shape, indices)];
    }

    function _flat(uint32[] memory shape, uint32[] memory indices) private pure returns (uint256 flat) {
        require(indices.length == shape.length, "Indices dimension mismatch");
        for (uint256 axis; axis < shape.length; ++axis) {
            require(indices[axis] < shape[axis], "Index out of bounds");
            flat = flat * shape[axis] + indices[axis];
        }
    }
}
