// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {TensorCodecHarness} from "../../../contracts/mocks/TensorCodecHarness.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Tensor, TensorRules} from "../../../contracts/types/Tensor.sol";

contract TensorCodecEncodeTest is Test {
    TensorCodecHarness private harness = TensorCodecHarness(
        deployCode("contracts/mocks/TensorCodecHarness.sol:TensorCodecHarness")
    );

    function test_revertsWhenTooManyTensors() public {
        Tensor[] memory tensors = new Tensor[](65);
        for (uint256 i; i < 65; ++i) tensors[i].dtype = Dtype.UINT8;
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorCountTooHigh.selector, 65, 64));
        harness.encode(tensors);
    }

    function test_revertsWhenDtypeIsString() public {
        _expectRevert(Dtype.STRING, 1, 1, abi.encodeWithSelector(Dtype.TensorStringsRefused.selector));
    }

    function testFuzz_revertsWhenDtypeIsNotAdmitted(uint8 dtype) public {
        uint256 admitted = 0x3afe;
        if (dtype == Dtype.STRING || (dtype < 16 && (admitted >> dtype) & 1 == 1)) return;
        _expectRevert(dtype, 1, 1, abi.encodeWithSelector(Dtype.TensorDtypeUnsupported.selector, dtype));
    }

    function test_revertsWhenRankTooHigh() public {
        Tensor[] memory tensors = new Tensor[](1);
        tensors[0] = Tensor(Dtype.UINT8, new uint32[](9), "");
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorRankTooHigh.selector, 9, 8));
        harness.encode(tensors);
    }

    function test_revertsWhenTooLarge() public {
        Tensor[] memory tensors = new Tensor[](1);
        tensors[0] = Tensor(Dtype.UINT8, TensorCodec.shapeOf(65536, 0, 65536), "");
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorTooLarge.selector, 2 ** 32, 2 ** 32 - 1));
        harness.encode(tensors);
    }

    function test_revertsWhenLengthWrong() public {
        _expectRevert(Dtype.INT64, 2, 15, abi.encodeWithSelector(TensorRules.TensorLengthWrong.selector, 15, 16));
        _expectRevert(Dtype.BOOL, 0, 1, abi.encodeWithSelector(TensorRules.TensorLengthWrong.selector, 1, 0));
    }

    function testFuzz_revertsWhenBoolInvalid(uint8 length, uint8 index, uint8 value) public {
        length = uint8(bound(length, 1, 255));
        index = uint8(bound(index, 0, length - 1));
        value = uint8(bound(value, 2, 255));
        Tensor[] memory tensors = new Tensor[](1);
        tensors[0] = Tensor(Dtype.BOOL, TensorCodec.shapeOf(length), new bytes(length));
        tensors[0].data[index] = bytes1(value);
        for (uint256 i; i < index; ++i) tensors[0].data[i] = bytes1(uint8(i % 2));
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorBoolInvalid.selector, index, value));
        harness.encode(tensors);
    }

    function test_ignoresMemoryPastTheData() public view {
        bytes memory data = new bytes(3);
        assembly ("memory-safe") {
            mstore(add(data, 32), not(0))
            mstore8(add(data, 32), 1)
            mstore8(add(data, 33), 0)
            mstore8(add(data, 34), 1)
        }
        bytes memory encoded = TensorCodec.encode(Tensor(Dtype.BOOL, TensorCodec.shapeOf(3), data));
        assertEq(harness.decodeSingle(encoded).data, hex"010001");
    }

    function test_encodesOneTensorAsAListOfOne() public view {
        Tensor[] memory tensors = new Tensor[](1);
        tensors[0] = Tensor(Dtype.FLOAT32, TensorCodec.shapeOf(1, 1), hex"0000803f");
        assertEq(TensorCodec.encode(tensors[0]), harness.encode(tensors));
        assertEq(TensorCodec.encode(tensors[0]), abi.encode(tensors));
    }

    function _expectRevert(uint8 dtype, uint32 dimension, uint256 length, bytes memory reason) private {
        Tensor[] memory tensors = new Tensor[](1);
        tensors[0] = Tensor(dtype, TensorCodec.shapeOf(dimension), new bytes(length));
        vm.expectRevert(reason);
        harness.encode(tensors);
    }
}
