// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TensorSpec} from "../interfaces/IModelHub.sol";

/// @title SchemaCode
/// @notice A schema kept as the code of a contract that nobody can call, so that an inference reads it at once.
/// @dev code = 0x00 ‖ inputs (1) ‖ outputs (1) ‖ spec …, spec = dtype (1) ‖ rank (1) ‖ nameLength (1) ‖ name ‖
/// dimension (4, two's complement) × rank. What the hub admits (64 specs a side, names of 128 bytes, rank 8) takes at
/// most 20,867 bytes, below the limit for code (24,576).
library SchemaCode {
    uint256 private constant SPEC_HEAD = 3;
    uint256 private constant DIMENSION = 4;

    /// @notice The schema could not be written as code.
    error SchemaNotWritten();

    /// @notice Writes a schema that the hub has admitted.
    function write(TensorSpec[] calldata inputs, TensorSpec[] calldata outputs) internal returns (address holder) {
        bytes memory code = bytes.concat(
            hex"00",
            bytes1(uint8(inputs.length)),
            bytes1(uint8(outputs.length)),
            _pack(inputs),
            _pack(outputs)
        );
        // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: returns all that follows these ten bytes.
        bytes memory creation = bytes.concat(hex"61", bytes2(uint16(code.length)), hex"80600a5f395ff3", code);
        assembly ("memory-safe") {
            holder := create(0, add(creation, 32), mload(creation))
        }
        require(holder != address(0), SchemaNotWritten());
    }

    /// @notice The schema that `holder`, written by `write`, keeps.
    function read(address holder) internal view returns (TensorSpec[] memory inputs, TensorSpec[] memory outputs) {
        bytes memory code = holder.code;
        uint256 cursor = 3;
        (inputs, cursor) = _unpack(code, cursor, uint8(code[1]));
        (outputs, ) = _unpack(code, cursor, uint8(code[2]));
    }

    function _pack(TensorSpec[] calldata specs) private pure returns (bytes memory packed) {
        for (uint256 i; i < specs.length; ++i) {
            TensorSpec calldata spec = specs[i];
            bytes memory head = abi.encodePacked(spec.dtype, uint8(spec.shape.length), uint8(bytes(spec.name).length));
            packed = bytes.concat(packed, head, bytes(spec.name));
            for (uint256 axis; axis < spec.shape.length; ++axis) {
                packed = bytes.concat(packed, bytes4(uint32(spec.shape[axis])));
            }
        }
    }

    function _unpack(
        bytes memory code,
        uint256 cursor,
        uint256 count
    ) private pure returns (TensorSpec[] memory specs, uint256) {
        specs = new TensorSpec[](count);
        for (uint256 i; i < count; ++i) {
            TensorSpec memory spec = specs[i];
            uint256 word = _wordAt(code, cursor);
            spec.dtype = uint8(word >> 248);
            uint256 rank = uint8(word >> 240);
            uint256 nameLength = uint8(word >> 232);
            cursor += SPEC_HEAD;
            spec.name = _text(code, cursor, nameLength);
            cursor += nameLength;
            spec.shape = new int32[](rank);
            for (uint256 axis; axis < rank; ++axis) {
                spec.shape[axis] = int32(uint32(_wordAt(code, cursor) >> 224));
                cursor += DIMENSION;
            }
        }
        return (specs, cursor);
    }

    /// @dev May read past the end of `code`; callers use what lies within.
    function _wordAt(bytes memory code, uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(code, 32), position))
        }
    }

    function _text(bytes memory code, uint256 position, uint256 length) private pure returns (string memory text) {
        text = new string(length);
        assembly ("memory-safe") {
            mcopy(add(text, 32), add(add(code, 32), position), length)
        }
    }
}
