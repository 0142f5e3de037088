// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {TensorLib} from "../../../contracts/solidml/TensorLib.sol";

contract TensorLibTest is Test {
    function vector(uint256 length) external pure returns (TensorLib.MultiDimensionalNumberTensor memory) {
        return TensorLib.numberTensor1D("v", new TensorLib.Number[](length));
    }

    function matrix(
        TensorLib.Number[][] memory rows
    ) external pure returns (TensorLib.MultiDimensionalNumberTensor memory) {
        return TensorLib.numberTensor2D("m", rows);
    }

    function anyShape(uint32[] memory shape) external pure returns (TensorLib.MultiDimensionalNumberTensor memory) {
        return TensorLib.numberTensorND("t", shape);
    }

    function setAndGet(
        uint32[] memory shape,
        uint32[] memory indices,
        int128 value
    ) external pure returns (TensorLib.MultiDimensionalNumberTensor memory tensor, TensorLib.Number memory number) {
        tensor = TensorLib.numberTensorND("t", shape);
        TensorLib.setValue(tensor, indices, TensorLib.Number(value, 2));
        number = TensorLib.getValue(tensor, indices);
    }

    function test_buildsAVector() public view {
        TensorLib.MultiDimensionalNumberTensor memory tensor = this.vector(3);
        assertEq(tensor.name, "v");
        assertEq(tensor.values.length, 3);
        assertEq(tensor.shape.length, 1);
        assertEq(tensor.shape[0], 3);
    }

    function test_revertsWhenVectorEmpty() public {
        vm.expectRevert("Input array must be non-empty");
        this.vector(0);
    }

    function test_buildsAMatrixRowMajor() public view {
        TensorLib.MultiDimensionalNumberTensor memory tensor = this.matrix(_rows(2, 3));
        assertEq(tensor.shape[0], 2);
        assertEq(tensor.shape[1], 3);
        for (uint256 i; i < 6; ++i) assertEq(tensor.values[i].value, int128(int256(i)));
    }

    function test_revertsWhenMatrixEmptyOrRagged() public {
        vm.expectRevert("Input array must be non-empty");
        this.matrix(_rows(0, 0));
        vm.expectRevert("Input array must be non-empty");
        this.matrix(_rows(2, 0));
        TensorLib.Number[][] memory rows = _rows(2, 3);
        rows[1] = new TensorLib.Number[](2);
        vm.expectRevert("All rows must have the same length");
        this.matrix(rows);
    }

    function test_revertsWhenShapeInvalid() public {
        vm.expectRevert("Dimensions array must not be empty");
        this.anyShape(new uint32[](0));
        vm.expectRevert("All dimensions must be positive");
        this.anyShape(_pair(2, 0));
    }

    function test_revertsWhenIndicesInvalid() public {
        vm.expectRevert("Indices dimension mismatch");
        this.setAndGet(_pair(2, 3), new uint32[](1), 1);
        vm.expectRevert("Index out of bounds");
        this.setAndGet(_pair(2, 3), _pair(0, 3), 1);
        vm.expectRevert("Index out of bounds");
        this.setAndGet(_pair(2, 3), _pair(2, 0), 1);
    }

    function testFuzz_setsAndGetsRowMajor(uint32 row, uint32 column, int128 value) public view {
        (row, column) = (uint32(bound(row, 0, 4)), uint32(bound(column, 0, 6)));
        (TensorLib.MultiDimensionalNumberTensor memory tensor, TensorLib.Number memory number) = this.setAndGet(
            _pair(5, 7),
            _pair(row, column),
            value
        );
        assertEq(number.value, value);
        assertEq(number.decimals, 2);
        for (uint256 i; i < 35; ++i) assertEq(tensor.values[i].value, i == 7 * row + column ? value : int128(0));
    }

    function _rows(uint256 count, uint256 columns) private pure returns (TensorLib.Number[][] memory rows) {
        rows = new TensorLib.Number[][](count);
        for (uint256 i; i < count; ++i) {
            rows[i] = new TensorLib.Number[](columns);
            for (uint256 j; j < columns; ++j) rows[i][j].value = int128(int256(i * columns + j));
        }
    }

    function _pair(uint32 a, uint32 b) private pure returns (uint32[] memory pair) {
        pair = new uint32[](2);
        (pair[0], pair[1]) = (a, b);
    }
}
