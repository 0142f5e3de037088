// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedFloat} from "../libraries/FixedFloat.sol";
import {TensorCodec} from "../libraries/TensorCodec.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";

/// @notice Gives the codec's internal functions an address, so that tests can call them and see them revert.
contract TensorCodecHarness {
    /// @notice Calls this contract many times in one call; a failure is reported, not passed on.
    function attempt(bytes[] calldata calls) external view returns (bool[] memory ok, bytes[] memory results) {
        ok = new bool[](calls.length);
        results = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) (ok[i], results[i]) = address(this).staticcall(calls[i]);
    }

    function encode(Tensor[] memory tensors) external pure returns (bytes memory) {
        return TensorCodec.encode(tensors);
    }

    function decode(bytes memory encoded) external pure returns (Tensor[] memory) {
        return TensorCodec.decode(encoded);
    }

    function decodeSingle(bytes memory encoded) external pure returns (Tensor memory) {
        return TensorCodec.decodeSingle(encoded);
    }

    function requireLike(Tensor memory tensor, uint8 dtype, int32[] memory shape) external pure {
        TensorRules.requireLike(tensor, dtype, shape);
    }

    function zeros(uint32[] memory shape, uint8 dtype) external pure returns (Tensor memory) {
        return TensorCodec.zeros(shape, dtype);
    }

    function fromFixed(
        int256[] memory values,
        uint8 decimals,
        uint32[] memory shape,
        uint8 dtype
    ) external pure returns (Tensor memory) {
        return TensorCodec.fromFixed(values, decimals, shape, dtype);
    }

    function toFixed(Tensor memory tensor, uint8 decimals) external pure returns (int256[] memory) {
        return TensorCodec.toFixed(tensor, decimals);
    }

    function fromInts(
        int256[] memory values,
        uint32[] memory shape,
        uint8 dtype
    ) external pure returns (Tensor memory) {
        return TensorCodec.fromInts(values, shape, dtype);
    }

    function toInts(Tensor memory tensor) external pure returns (int256[] memory) {
        return TensorCodec.toInts(tensor);
    }

    function fixedAt(Tensor memory tensor, uint256 index, uint8 decimals) external pure returns (int256) {
        return TensorCodec.fixedAt(tensor, index, decimals);
    }

    function setFixed(
        Tensor memory tensor,
        uint256 index,
        int256 value,
        uint8 decimals
    ) external pure returns (Tensor memory) {
        TensorCodec.setFixed(tensor, index, value, decimals);
        return tensor;
    }

    function intAt(Tensor memory tensor, uint256 index) external pure returns (int256) {
        return TensorCodec.intAt(tensor, index);
    }

    function setInt(Tensor memory tensor, uint256 index, int256 value) external pure returns (Tensor memory) {
        TensorCodec.setInt(tensor, index, value);
        return tensor;
    }

    function floatOf(int256 value, uint8 decimals, uint8 dtype) external pure returns (uint256) {
        return FixedFloat.toFloat(value, FixedFloat.scaleOf(decimals), FixedFloat.formatOf(dtype));
    }

    function fixedOf(uint256 bits, uint8 decimals, uint8 dtype) external pure returns (int256) {
        return FixedFloat.toFixed(bits, FixedFloat.scaleOf(decimals), FixedFloat.formatOf(dtype));
    }
}
