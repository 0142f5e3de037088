// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dtype} from "../types/Dtype.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";
import {FixedFloat, FloatFormat} from "./FixedFloat.sol";
import {IntFormat, Integers} from "./Integers.sol";
import {Lanes} from "./Lanes.sol";
import {TensorDecoder} from "./TensorDecoder.sol";

/// @title TensorCodec
/// @notice Tensors as bytes and as numbers: what a contract needs to ask a model and to read its answer.
/// @dev The bytes are the ABI encoding of `Tensor[]`, in the release's declared order. Hashes of inputs and outputs
/// are over them, so a list of tensors has one encoding: `decode` refuses whatever `encode` would not produce.
/// Functions on elements take flat, row-major indices.
library TensorCodec {
    /// @notice Another number of tensors was asked for.
    error TensorCountWrong(uint256 count, uint256 expected);

    /// @notice The values given are not as many as the shape has elements.
    error TensorValueCountWrong(uint256 count, uint256 expected);

    /// @notice Encodes `tensors`; reverts where one of them is not valid.
    function encode(Tensor[] memory tensors) internal pure returns (bytes memory) {
        TensorRules.requireCount(tensors.length);
        for (uint256 i; i < tensors.length; ++i) TensorRules.requireValid(tensors[i]);
        return abi.encode(tensors);
    }

    /// @notice Encodes a list of one tensor.
    function encode(Tensor memory tensor) internal pure returns (bytes memory) {
        Tensor[] memory tensors = new Tensor[](1);
        tensors[0] = tensor;
        return encode(tensors);
    }

    /// @notice Decodes a canonical encoding and reverts for any other bytes.
    function decode(bytes memory encoded) internal pure returns (Tensor[] memory) {
        return TensorDecoder.decode(encoded);
    }

    /// @notice Decodes a list that must hold exactly one tensor.
    function decodeSingle(bytes memory encoded) internal pure returns (Tensor memory) {
        Tensor[] memory tensors = TensorDecoder.decode(encoded);
        require(tensors.length == 1, TensorCountWrong(tensors.length, 1));
        return tensors[0];
    }

    /// @notice The shape of a scalar.
    function shapeOf() internal pure returns (uint32[] memory) {
        return new uint32[](0);
    }

    /// @notice The shape of a vector.
    function shapeOf(uint32 a) internal pure returns (uint32[] memory shape) {
        shape = new uint32[](1);
        shape[0] = a;
    }

    /// @notice The shape of a matrix of `a` rows and `b` columns.
    function shapeOf(uint32 a, uint32 b) internal pure returns (uint32[] memory shape) {
        shape = new uint32[](2);
        (shape[0], shape[1]) = (a, b);
    }

    /// @notice A shape of three dimensions, outermost first.
    function shapeOf(uint32 a, uint32 b, uint32 c) internal pure returns (uint32[] memory shape) {
        shape = new uint32[](3);
        (shape[0], shape[1], shape[2]) = (a, b, c);
    }

    /// @notice A tensor of zeros.
    function zeros(uint32[] memory shape, uint8 dtype) internal pure returns (Tensor memory) {
        return Tensor(dtype, shape, new bytes(TensorRules.elementsOf(shape) * Dtype.widthOf(dtype)));
    }

    /// @notice A float tensor of `values / 10^decimals`, each rounded to nearest, ties to even.
    function fromFixed(
        int256[] memory values,
        uint8 decimals,
        uint32[] memory shape,
        uint8 dtype
    ) internal pure returns (Tensor memory) {
        return _tensorOf(FixedFloat.toFloats(values, decimals, dtype), shape, dtype);
    }

    /// @notice The elements of a float tensor times `10^decimals`, each rounded to nearest, ties to even.
    function toFixed(Tensor memory tensor, uint8 decimals) internal pure returns (int256[] memory) {
        return FixedFloat.toFixeds(_elementsOf(tensor), decimals, tensor.dtype);
    }

    /// @notice An integer or bool tensor; reverts where a value does not fit the dtype.
    function fromInts(
        int256[] memory values,
        uint32[] memory shape,
        uint8 dtype
    ) internal pure returns (Tensor memory) {
        return _tensorOf(Integers.toElements(values, dtype), shape, dtype);
    }

    /// @notice The elements of an integer or bool tensor.
    function toInts(Tensor memory tensor) internal pure returns (int256[] memory) {
        return Integers.toInts(_elementsOf(tensor), tensor.dtype);
    }

    /// @notice One element of a float tensor times `10^decimals`.
    function fixedAt(Tensor memory tensor, uint256 index, uint8 decimals) internal pure returns (int256) {
        FloatFormat memory format = FixedFloat.formatOf(tensor.dtype);
        uint256 bits = Lanes.load(tensor.data, index, Dtype.widthOf(tensor.dtype));
        return FixedFloat.toFixed(bits, FixedFloat.scaleOf(decimals), format);
    }

    /// @notice Sets one element of a float tensor to `value / 10^decimals`.
    function setFixed(Tensor memory tensor, uint256 index, int256 value, uint8 decimals) internal pure {
        FloatFormat memory format = FixedFloat.formatOf(tensor.dtype);
        uint256 bits = FixedFloat.toFloat(value, FixedFloat.scaleOf(decimals), format);
        Lanes.store(tensor.data, index, Dtype.widthOf(tensor.dtype), bits);
    }

    /// @notice One element of an integer or bool tensor.
    function intAt(Tensor memory tensor, uint256 index) internal pure returns (int256) {
        IntFormat memory format = Integers.formatOf(tensor.dtype);
        return Integers.toInt(Lanes.load(tensor.data, index, Dtype.widthOf(tensor.dtype)), format);
    }

    /// @notice Sets one element of an integer or bool tensor.
    function setInt(Tensor memory tensor, uint256 index, int256 value) internal pure {
        uint256 element = Integers.toElement(value, Integers.formatOf(tensor.dtype));
        Lanes.store(tensor.data, index, Dtype.widthOf(tensor.dtype), element);
    }

    function _tensorOf(
        uint256[] memory elements,
        uint32[] memory shape,
        uint8 dtype
    ) private pure returns (Tensor memory) {
        uint256 expected = TensorRules.elementsOf(shape);
        require(elements.length == expected, TensorValueCountWrong(elements.length, expected));
        return Tensor(dtype, shape, Lanes.pack(elements, Dtype.widthOf(dtype)));
    }

    function _elementsOf(Tensor memory tensor) private pure returns (uint256[] memory) {
        TensorRules.requireValid(tensor);
        return Lanes.unpack(tensor.data, Dtype.widthOf(tensor.dtype));
    }
}
