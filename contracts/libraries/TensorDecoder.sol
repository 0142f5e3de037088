// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dtype} from "../types/Dtype.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";

/// @title TensorDecoder
/// @notice Reads the one canonical ABI encoding of a `Tensor[]` and refuses all others.
/// @dev Solidity's own decoder follows any offset, ignores gaps and trailing bytes, and reverts without a reason.
/// This one knows where every part must be: each offset is compared with the only value it can have.
library TensorDecoder {
    /// @notice The encoding ends before what it announces.
    error TensorEncodingTruncated(uint256 length, uint256 needed);

    /// @notice The encoding goes on after its last tensor.
    error TensorEncodingTooLong(uint256 length, uint256 end);

    /// @notice The word at this byte position is not what the canonical encoding has there: an offset that leaves a
    /// gap or overlaps, a number too wide for its type, padding that is not zero.
    error TensorEncodingNotCanonical(uint256 position);

    /// @notice The tensors of `encoded`; they share no memory with it.
    function decode(bytes memory encoded) internal pure returns (Tensor[] memory tensors) {
        _requireLength(encoded, 64);
        _requireWord(encoded, 0, 32);
        uint256 count = _word(encoded, 32);
        TensorRules.requireCount(count);
        uint256 end = 64 + 32 * count;
        _requireLength(encoded, end);
        tensors = new Tensor[](count);
        for (uint256 i; i < count; ++i) {
            _requireWord(encoded, 64 + 32 * i, end - 64);
            (tensors[i], end) = _decodeTensor(encoded, end);
        }
        require(encoded.length == end, TensorEncodingTooLong(encoded.length, end));
    }

    /// @dev A tensor is its dtype, the offsets of shape and data, then shape and data, each as length and contents.
    function _decodeTensor(
        bytes memory encoded,
        uint256 start
    ) private pure returns (Tensor memory tensor, uint256 end) {
        _requireLength(encoded, start + 128);
        uint256 dtype = _word(encoded, start);
        require(dtype <= type(uint8).max, TensorEncodingNotCanonical(start));
        uint256 width = Dtype.widthOf(uint8(dtype));
        _requireWord(encoded, start + 32, 96);
        uint256 rank = _word(encoded, start + 96);
        TensorRules.requireRank(rank);
        uint256 dataAt = start + 128 + 32 * rank;
        _requireWord(encoded, start + 64, dataAt - start);
        _requireLength(encoded, dataAt + 32);
        for (uint256 position = start + 128; position < dataAt; position += 32) {
            require(_word(encoded, position) <= type(uint32).max, TensorEncodingNotCanonical(position));
        }

        uint32[] memory shape = _shapeAt(encoded, start + 96);
        uint256 length = _word(encoded, dataAt);
        uint256 expected = TensorRules.elementsOf(shape) * width;
        require(length == expected, TensorRules.TensorLengthWrong(length, expected));
        end = dataAt + 32 + ((length + 31) / 32) * 32;
        _requireLength(encoded, end);
        uint256 used = length % 32;
        if (used != 0) {
            require(_word(encoded, end - 32) << (8 * used) == 0, TensorEncodingNotCanonical(end - 32));
        }
        tensor.dtype = uint8(dtype);
        (tensor.shape, tensor.data) = _copy(encoded, start + 96, dataAt, end);
        TensorRules.requireBools(tensor);
    }

    function _requireLength(bytes memory encoded, uint256 needed) private pure {
        require(encoded.length >= needed, TensorEncodingTruncated(encoded.length, needed));
    }

    function _requireWord(bytes memory encoded, uint256 position, uint256 expected) private pure {
        require(_word(encoded, position) == expected, TensorEncodingNotCanonical(position));
    }

    /// @dev Callers have checked that the word lies within `encoded`.
    function _word(bytes memory encoded, uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(encoded, 32), position))
        }
    }

    /// @dev A checked `uint32[]` of the encoding is laid out as Solidity keeps one in memory. Only for reading.
    function _shapeAt(bytes memory encoded, uint256 position) private pure returns (uint32[] memory shape) {
        assembly ("memory-safe") {
            shape := add(add(encoded, 32), position)
        }
    }

    /// @dev Shape and data lie side by side and in Solidity's memory layout, so one copy takes both.
    function _copy(
        bytes memory encoded,
        uint256 shapeAt,
        uint256 dataAt,
        uint256 end
    ) private pure returns (uint32[] memory shape, bytes memory data) {
        assembly ("memory-safe") {
            shape := mload(0x40)
            data := add(shape, sub(dataAt, shapeAt))
            mstore(0x40, add(shape, sub(end, shapeAt)))
            mcopy(shape, add(add(encoded, 32), shapeAt), sub(end, shapeAt))
        }
    }
}
