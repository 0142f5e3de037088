// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {TensorCodecHarness} from "../../../contracts/mocks/TensorCodecHarness.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Tensor, TensorRules} from "../../../contracts/types/Tensor.sol";

contract TensorRulesRequireLikeTest is Test {
    TensorCodecHarness private harness = TensorCodecHarness(
        deployCode("contracts/mocks/TensorCodecHarness.sol:TensorCodecHarness")
    );
    Tensor private candles = TensorCodec.zeros(TensorCodec.shapeOf(1, 24, 4), Dtype.FLOAT32);

    function test_revertsWhenDtypeWrong() public {
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorDtypeWrong.selector, Dtype.FLOAT32, Dtype.FLOAT64));
        harness.requireLike(candles, Dtype.FLOAT64, _shape(-1, 24, 4));
    }

    function test_revertsWhenRankWrong() public {
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorRankWrong.selector, 3, 2));
        harness.requireLike(candles, Dtype.FLOAT32, new int32[](2));
    }

    function test_revertsWhenDimensionWrong() public {
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorDimensionWrong.selector, 2, 4, int32(5)));
        harness.requireLike(candles, Dtype.FLOAT32, _shape(-1, 24, 5));
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorDimensionWrong.selector, 0, 1, int32(-2)));
        harness.requireLike(candles, Dtype.FLOAT32, _shape(-2, 24, 4));
        Tensor memory huge = Tensor(Dtype.INT8, TensorCodec.shapeOf(type(uint32).max, 0, 0), "");
        vm.expectRevert(
            abi.encodeWithSelector(TensorRules.TensorDimensionWrong.selector, 0, type(uint32).max, int32(0))
        );
        harness.requireLike(huge, Dtype.INT8, _shape(0, 0, 0));
    }

    function test_revertsWhenTensorIsNotValid() public {
        candles.data.pop();
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorLengthWrong.selector, 383, 384));
        harness.requireLike(candles, Dtype.FLOAT32, _shape(1, 24, 4));
    }

    function testFuzz_acceptsAnyDimensionWhereDynamic(uint8 batch) public view {
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(batch, 24, 4), Dtype.FLOAT32);
        harness.requireLike(tensor, Dtype.FLOAT32, _shape(-1, 24, 4));
        harness.requireLike(tensor, Dtype.FLOAT32, _shape(int32(uint32(batch)), -1, -1));
    }

    function _shape(int32 a, int32 b, int32 c) private pure returns (int32[] memory shape) {
        shape = new int32[](3);
        (shape[0], shape[1], shape[2]) = (a, b, c);
    }
}
