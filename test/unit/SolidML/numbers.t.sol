// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {FixedFloat} from "../../../contracts/libraries/FixedFloat.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Numbers} from "../../../contracts/solidml/Numbers.sol";
import {TensorLib} from "../../../contracts/solidml/TensorLib.sol";

contract NumbersTest is Test {
    function toElements(TensorLib.Number[] calldata numbers, uint8 dtype) external pure returns (uint256[] memory) {
        return Numbers.toElements(numbers, dtype);
    }

    function fromFloat(uint256 bits, uint8 dtype) external pure returns (TensorLib.Number memory) {
        return Numbers.fromFloat(bits, FixedFloat.formatOf(dtype));
    }

    function test_expandsExactly() public view {
        _assertFloat32(0x3fc00000, 15, 1);
        _assertFloat32(0xbfc00000, -15, 1);
        _assertFloat32(0x42c80000, 100, 0);
        // The float nearest to 0.1: 0.100000001490116119384765625.
        _assertFloat32(0x3dcccccd, 100000001490116119384765625, 27);
        _assertFloat32(0, 0, 0);
        _assertFloat32(0x80000000, 0, 0);
        // -2^127, the one value without positive counterpart.
        _assertFloat32(0xff000000, type(int128).min, 0);
    }

    function test_roundsWhereExactDoesNotFit() public view {
        // The smallest denormal, 2^-149, lies below 1e-44: ten digits at 54 decimals.
        _assertFloat32(1, 1401298464, 54);
        TensorLib.Number memory tiny = this.fromFloat(1, Dtype.FLOAT64);
        assertEq(tiny.value, 0);
        assertEq(tiny.decimals, 0);
    }

    function test_revertsBeyondInt128() public {
        vm.expectRevert(abi.encodeWithSelector(Numbers.FloatExceedsNumber.selector, 0x7f000000, Dtype.FLOAT32));
        this.fromFloat(0x7f000000, Dtype.FLOAT32);
    }

    function test_revertsWhenNotFinite() public {
        uint256[3] memory bits = [uint256(0x7f800000), 0xff800000, 0x7fc00000];
        for (uint256 i; i < bits.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(FixedFloat.FloatNotFinite.selector, bits[i], Dtype.FLOAT32));
            this.fromFloat(bits[i], Dtype.FLOAT32);
        }
    }

    function test_revertsWhenDecimalsInvalid() public {
        int128[3] memory decimals = [int128(19), -1, type(int128).min];
        for (uint256 i; i < decimals.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Numbers.NumberDecimalsInvalid.selector, decimals[i]));
            this.toElements(_one(15, decimals[i]), Dtype.FLOAT32);
        }
    }

    function test_convertsWholeNumbersAlone() public {
        assertEq(this.toElements(_one(-30, 1), Dtype.INT32)[0], 0xfffffffd);
        vm.expectRevert(abi.encodeWithSelector(Numbers.NumberNotWhole.selector, int128(31), int128(1), Dtype.INT32));
        this.toElements(_one(31, 1), Dtype.INT32);
    }

    /// A float32 whose expansion is exact (at most 18 decimals) comes back as the same bits.
    function testFuzz_returnsToTheSameFloat(int64 significand, uint8 power) public view {
        significand = int64(bound(significand, -(1 << 24), 1 << 24));
        power = uint8(bound(power, 0, 18));
        // The exact decimal form of significand / 2^power.
        uint256 bits = this.toElements(_one(int128(significand) * int128(int256(5 ** power)), int8(power)), 1)[0];
        TensorLib.Number memory number = this.fromFloat(bits, Dtype.FLOAT32);
        assertLe(number.decimals, int8(power));
        TensorLib.Number[] memory again = new TensorLib.Number[](1);
        again[0] = number;
        assertEq(this.toElements(again, Dtype.FLOAT32)[0], bits);
        assertEq(
            int256(number.value) * int256(10 ** power),
            int256(significand) * int256(5 ** power) * int256(10 ** uint256(int256(number.decimals)))
        );
    }

    function testFuzz_neverPanics(uint64 bits) public view {
        try this.fromFloat(bits, Dtype.FLOAT64) returns (TensorLib.Number memory number) {
            assertLe(number.decimals, int128(int256(Numbers.MAX_OUTPUT_DECIMALS)));
            assertGe(number.decimals, 0);
        } catch (bytes memory reason) {
            bool isTyped =
                bytes4(reason) == FixedFloat.FloatNotFinite.selector ||
                    bytes4(reason) == Numbers.FloatExceedsNumber.selector;
            assertTrue(isTyped);
        }
    }

    function _assertFloat32(uint256 bits, int128 value, int128 decimals) private view {
        TensorLib.Number memory number = this.fromFloat(bits, Dtype.FLOAT32);
        assertEq(number.value, value);
        assertEq(number.decimals, decimals);
    }

    function _one(int128 value, int128 decimals) private pure returns (TensorLib.Number[] memory numbers) {
        numbers = new TensorLib.Number[](1);
        numbers[0] = TensorLib.Number(value, decimals);
    }
}
