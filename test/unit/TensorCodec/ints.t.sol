// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Integers} from "../../../contracts/libraries/Integers.sol";
import {Lanes} from "../../../contracts/libraries/Lanes.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {TensorCodecHarness} from "../../../contracts/mocks/TensorCodecHarness.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Tensor, TensorRules} from "../../../contracts/types/Tensor.sol";

contract TensorCodecIntsTest is Test {
    uint8[9] private integers = [2, 3, 4, 5, 6, 7, 9, 12, 13];
    TensorCodecHarness private harness = TensorCodecHarness(
        deployCode("contracts/mocks/TensorCodecHarness.sol:TensorCodecHarness")
    );

    function test_revertsWhenDtypeIsNotInteger() public {
        bytes memory reason = abi.encodeWithSelector(Dtype.TensorDtypeNotInteger.selector, Dtype.FLOAT32);
        vm.expectRevert(reason);
        harness.fromInts(new int256[](0), TensorCodec.shapeOf(0), Dtype.FLOAT32);
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(), Dtype.FLOAT32);
        vm.expectRevert(reason);
        harness.toInts(tensor);
        vm.expectRevert(reason);
        harness.intAt(tensor, 0);
        vm.expectRevert(reason);
        harness.setInt(tensor, 0, 1);
    }

    function test_revertsWhenValuesAreNotAsManyAsElements() public {
        vm.expectRevert(abi.encodeWithSelector(TensorCodec.TensorValueCountWrong.selector, 5, 6));
        harness.fromInts(new int256[](5), TensorCodec.shapeOf(2, 3), Dtype.INT32);
        vm.expectRevert(abi.encodeWithSelector(TensorCodec.TensorValueCountWrong.selector, 0, 1));
        harness.fromInts(new int256[](0), TensorCodec.shapeOf(), Dtype.INT32);
    }

    function test_revertsWhenTensorIsNotValid() public {
        Tensor memory tensor = Tensor(Dtype.INT16, TensorCodec.shapeOf(2), hex"000000");
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorLengthWrong.selector, 3, 4));
        harness.toInts(tensor);
    }

    function testFuzz_revertsWhenIndexIsOutOfRange(uint256 index) public {
        index = bound(index, 3, type(uint256).max);
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(3), Dtype.INT16);
        bytes memory reason = abi.encodeWithSelector(Lanes.TensorIndexOutOfRange.selector, index, 3);
        vm.expectRevert(reason);
        harness.intAt(tensor, index);
        vm.expectRevert(reason);
        harness.setInt(tensor, index, 1);
    }

    function testFuzz_holdsEveryIntegerOfItsRangeAndNoOther(uint256 choice, int256 value) public {
        uint8 dtype = integers[choice % integers.length];
        (int256 min, int256 max) = _range(dtype);
        int256[4] memory fits = [bound(value, min, max), min, max, int256(0)];
        for (uint256 i; i < fits.length; ++i) {
            assertEq(TensorCodec.toInts(harness.fromInts(_list(fits[i]), TensorCodec.shapeOf(), dtype))[0], fits[i]);
        }
        int256[4] memory misfits = [min - 1, max + 1, type(int256).min, type(int256).max];
        for (uint256 i; i < misfits.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Integers.TensorIntegerOutOfRange.selector, misfits[i], dtype));
            harness.fromInts(_list(misfits[i]), TensorCodec.shapeOf(), dtype);
        }
    }

    function testFuzz_readsBackWhatItWrote(uint256 choice, uint8 count, uint256 seed) public view {
        uint8 dtype = integers[choice % integers.length];
        int256[] memory values = new int256[](count);
        for (uint256 i; i < count; ++i) values[i] = _valueOf(dtype, uint256(keccak256(abi.encode(seed, i))));
        Tensor memory tensor = harness.fromInts(values, TensorCodec.shapeOf(count), dtype);
        assertEq(tensor.data.length, count * Dtype.widthOf(dtype));
        int256[] memory read = harness.toInts(tensor);
        for (uint256 i; i < count; ++i) {
            assertEq(read[i], values[i]);
            assertEq(TensorCodec.intAt(tensor, i), values[i]);
        }
    }

    function testFuzz_setsOneElementAndNoOther(uint256 choice, uint8 count, uint256 index, uint256 seed) public view {
        uint8 dtype = integers[choice % integers.length];
        count = uint8(bound(count, 1, 70));
        index = bound(index, 0, count - 1);
        int256[] memory values = new int256[](count);
        for (uint256 i; i < count; ++i) values[i] = _valueOf(dtype, uint256(keccak256(abi.encode(seed, i))));
        Tensor memory tensor = harness.fromInts(values, TensorCodec.shapeOf(count), dtype);
        bytes memory neighbour = hex"0123456789abcdef";
        values[index] = _valueOf(dtype, seed);
        TensorCodec.setInt(tensor, index, values[index]);
        assertEq(tensor.data, harness.fromInts(values, TensorCodec.shapeOf(count), dtype).data);
        assertEq(neighbour, hex"0123456789abcdef");
    }

    function test_isLittleEndian() public view {
        int256[] memory values = new int256[](2);
        (values[0], values[1]) = (0x01020304, -2);
        assertEq(harness.fromInts(values, TensorCodec.shapeOf(2), Dtype.INT32).data, hex"04030201feffffff");
        assertEq(
            harness.fromInts(values, TensorCodec.shapeOf(1, 2), Dtype.INT64).data,
            hex"0403020100000000feffffffffffffff"
        );
    }

    function _valueOf(uint8 dtype, uint256 entropy) private pure returns (int256) {
        (int256 min, int256 max) = _range(dtype);
        return min + int256(entropy % uint256(max - min + 1));
    }

    function _range(uint8 dtype) private pure returns (int256 min, int256 max) {
        if (dtype == Dtype.INT8) return (type(int8).min, type(int8).max);
        if (dtype == Dtype.INT16) return (type(int16).min, type(int16).max);
        if (dtype == Dtype.INT32) return (type(int32).min, type(int32).max);
        if (dtype == Dtype.INT64) return (type(int64).min, type(int64).max);
        if (dtype == Dtype.UINT8) return (0, 2 ** 8 - 1);
        if (dtype == Dtype.UINT16) return (0, 2 ** 16 - 1);
        if (dtype == Dtype.UINT32) return (0, 2 ** 32 - 1);
        if (dtype == Dtype.UINT64) return (0, 2 ** 64 - 1);
        return (0, 1);
    }

    function _list(int256 value) private pure returns (int256[] memory values) {
        values = new int256[](1);
        values[0] = value;
    }
}
