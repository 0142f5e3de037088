// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {FixedFloat} from "../../../contracts/libraries/FixedFloat.sol";
import {Lanes} from "../../../contracts/libraries/Lanes.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {TensorCodecHarness} from "../../../contracts/mocks/TensorCodecHarness.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Tensor} from "../../../contracts/types/Tensor.sol";

/// @notice Values at the limits are in the shared vectors; here are guards and properties.
contract TensorCodecFixedTest is Test {
    TensorCodecHarness private harness = TensorCodecHarness(
        deployCode("contracts/mocks/TensorCodecHarness.sol:TensorCodecHarness")
    );

    function test_revertsWhenDtypeIsNotFloat() public {
        bytes memory reason = abi.encodeWithSelector(Dtype.TensorDtypeNotFloat.selector, Dtype.INT32);
        vm.expectRevert(reason);
        harness.fromFixed(new int256[](0), 0, TensorCodec.shapeOf(0), Dtype.INT32);
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(), Dtype.INT32);
        vm.expectRevert(reason);
        harness.toFixed(tensor, 0);
        vm.expectRevert(reason);
        harness.fixedAt(tensor, 0, 0);
        vm.expectRevert(reason);
        harness.setFixed(tensor, 0, 1, 0);
    }

    function testFuzz_revertsWhenDecimalsAreTooMany(uint8 decimals) public {
        decimals = uint8(bound(decimals, 61, 255));
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(), Dtype.FLOAT32);
        bytes memory reason = abi.encodeWithSelector(FixedFloat.FixedDecimalsTooHigh.selector, decimals, 60);
        vm.expectRevert(reason);
        harness.fromFixed(new int256[](1), decimals, TensorCodec.shapeOf(), Dtype.FLOAT32);
        vm.expectRevert(reason);
        harness.toFixed(tensor, decimals);
        vm.expectRevert(reason);
        harness.fixedAt(tensor, 0, decimals);
        vm.expectRevert(reason);
        harness.setFixed(tensor, 0, 1, decimals);
    }

    function test_revertsWhenValuesAreNotAsManyAsElements() public {
        vm.expectRevert(abi.encodeWithSelector(TensorCodec.TensorValueCountWrong.selector, 95, 96));
        harness.fromFixed(new int256[](95), 18, TensorCodec.shapeOf(24, 4), Dtype.FLOAT32);
    }

    function test_revertsWhenIndexIsOutOfRange() public {
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(3), Dtype.FLOAT64);
        bytes memory reason = abi.encodeWithSelector(Lanes.TensorIndexOutOfRange.selector, 3, 3);
        vm.expectRevert(reason);
        harness.fixedAt(tensor, 3, 18);
        vm.expectRevert(reason);
        harness.setFixed(tensor, 3, 1, 18);
    }

    function test_revertsWhenBeyondTheFloat() public {
        int256 value = 2 ** 128;
        vm.expectRevert(abi.encodeWithSelector(FixedFloat.FixedExceedsFloat.selector, value, 0, Dtype.FLOAT32));
        harness.floatOf(value, 0, Dtype.FLOAT32);
    }

    function testFuzz_revertsWhenNotFinite(uint256 fraction, bool negative) public {
        uint256 bits = 0x7f800000 + bound(fraction, 0, 0x7fffff) + (negative ? 1 << 31 : 0);
        vm.expectRevert(abi.encodeWithSelector(FixedFloat.FloatNotFinite.selector, bits, Dtype.FLOAT32));
        harness.fixedOf(bits, 18, Dtype.FLOAT32);
    }

    function test_revertsWhenBeyondTheFixed() public {
        uint256 bits = 1278 << 52;
        vm.expectRevert(abi.encodeWithSelector(FixedFloat.FloatExceedsFixed.selector, bits, 0, Dtype.FLOAT64));
        harness.fixedOf(bits, 0, Dtype.FLOAT64);
    }

    /// @dev Every integer of up to 24 or 53 bits, times a power of two, is a float: exact both ways.
    function testFuzz_isExactWhereTheFloatIs(uint256 significand, uint8 shift, bool negative) public view {
        significand = bound(significand, 0, 2 ** 53 - 1);
        int256 value = int256(significand << bound(shift, 0, 200));
        if (negative) value = -value;
        assertEq(harness.fixedOf(harness.floatOf(value, 0, Dtype.FLOAT64), 0, Dtype.FLOAT64), value);
        value = int256((significand & 0xffffff) << bound(shift, 0, 100));
        assertEq(harness.fixedOf(harness.floatOf(value, 0, Dtype.FLOAT32), 0, Dtype.FLOAT32), value);
    }

    /// @dev With decimals to spare, float32 to fixed-point and back is the identity.
    function testFuzz_readsBackTheSameFloat(uint32 bits) public view {
        uint256 magnitude = bound(bits & 0x7fffffff, 0x20000000, 0x5f000000);
        uint256 float = magnitude | (bits & 0x80000000);
        assertEq(harness.floatOf(harness.fixedOf(float, 50, Dtype.FLOAT32), 50, Dtype.FLOAT32), float);
    }

    /// @dev Neither neighbour is nearer; at the same distance the even one is taken.
    function testFuzz_roundsToNearest(int256 value, uint8 decimals) public view {
        decimals = uint8(bound(decimals, 0, 18));
        value = bound(value, -(2 ** 120), 2 ** 120);
        uint256 bits = harness.floatOf(value, decimals, Dtype.FLOAT32) & 0x7fffffff;
        uint256 distance = _distance(value, bits, decimals);
        bool even = bits % 2 == 0;
        uint256 above = _distance(value, bits + 1, decimals);
        assertTrue(even ? distance <= above : distance < above);
        if (bits == 0) return;
        uint256 below = _distance(value, bits - 1, decimals);
        assertTrue(even ? distance <= below : distance < below);
    }

    function testFuzz_keepsOrder(int256 a, int256 b, uint8 decimals) public view {
        decimals = uint8(bound(decimals, 0, 60));
        if (a > b) (a, b) = (b, a);
        assertLe(_rank(harness.floatOf(a, decimals, 11)), _rank(harness.floatOf(b, decimals, 11)));
    }

    function testFuzz_arraysAndElementsAgree(uint8 count, uint256 seed, uint8 decimals, bool wide) public view {
        decimals = uint8(bound(decimals, 0, 60));
        uint8 dtype = wide ? Dtype.FLOAT64 : Dtype.FLOAT32;
        int256[] memory values = new int256[](count);
        for (uint256 i; i < count; ++i) {
            values[i] = int256(uint256(keccak256(abi.encode(seed, i)))) >> ((seed % 100) + 128);
        }
        Tensor memory tensor = harness.fromFixed(values, decimals, TensorCodec.shapeOf(count), dtype);
        Tensor memory zeros = TensorCodec.zeros(TensorCodec.shapeOf(count), dtype);
        int256[] memory read = harness.toFixed(tensor, decimals);
        for (uint256 i; i < count; ++i) {
            TensorCodec.setFixed(zeros, i, values[i], decimals);
            assertEq(TensorCodec.fixedAt(tensor, i, decimals), read[i]);
        }
        assertEq(zeros.data, tensor.data);
    }

    /// @dev |value / 10^decimals − float|, times 10^decimals · 2^149, which makes both sides whole numbers.
    function _distance(int256 value, uint256 bits, uint8 decimals) private pure returns (uint256) {
        uint256 exponent = bits >> 23;
        uint256 significand = exponent == 0 ? bits : (bits & 0x7fffff) | 0x800000;
        uint256 float = (significand * 10 ** decimals) << (exponent == 0 ? 0 : exponent - 1);
        uint256 exact = (value < 0 ? uint256(-value) : uint256(value)) << 149;
        // Only the lowest 2^149ths matter once the high parts cancel, so wrapping keeps the difference right.
        unchecked {
            uint256 difference = float - exact;
            return difference > 1 << 255 ? exact - float : difference;
        }
    }

    function _rank(uint256 bits) private pure returns (int256) {
        return bits >> 63 == 1 ? -int256(bits & (2 ** 63 - 1)) : int256(bits);
    }
}
