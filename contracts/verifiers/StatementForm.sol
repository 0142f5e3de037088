// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {ProofStatement} from "../interfaces/IProofVerifier.sol";

/// @notice What statements a key is of, in memory: where the key's first byte is.
/// @dev Sums of places and 16-bit counts do not overflow: such arithmetic is unchecked, some 500 gas a proof.
/// Every key begins so: graphRoot 32 | digest of the input's frame 32 | of the output's 32 | head 32.
/// Head, from the high end: the key's own 16 | format 2 | signals 2 | length of the input 4 | of the output 4 | parts
/// of the input 2 | of the output 2. Parts, wherever the key has them, are 8 bytes each: place 4, bytes 4.
type StatementForm is uint256;

using {chunks, prefix, partsEnd, requireGraph, requireParts, pack, signalsIn} for StatementForm global;

uint256 constant CHUNK_BYTES = 31;
// Of the digest that says whose proof it is.
uint256 constant BINDING_BYTES = 16;
uint256 constant FORM_BYTES = 128;
uint256 constant PART_BYTES = 8;

/// @notice Copies a key out of its blob, whose first byte is no part of it.
/// @return form where it is; 32 bytes behind it are allocated, too
/// @return length its bytes
function loadKey(address blob) view returns (StatementForm form, uint256 length) {
    assembly ("memory-safe") {
        form := mload(0x40)
        length := extcodesize(blob)
        length := sub(length, iszero(iszero(length)))
        mstore(0x40, add(form, and(add(length, 63), not(31))))
        extcodecopy(blob, form, 1, length)
    }
}

/// @notice Public signals.
function chunks(StatementForm self) pure returns (uint256) {
    return uint16(_head(self) >> 96);
}

/// @notice The format, with the 16 bytes before it that are the key's own.
function prefix(StatementForm self) pure returns (uint256) {
    return _head(self) >> 112;
}

/// @param parts where in memory the parts of the input begin; those of the output follow
function partsEnd(StatementForm self, uint256 parts) pure returns (uint256 end) {
    (, end) = _partPlaces(self, parts);
}

function requireGraph(StatementForm self, bytes32 graphRoot) pure {
    bytes32 actual = bytes32(_word(self, 0));
    require(actual == graphRoot && graphRoot != 0, IKeyedVerifier.KeyGraphMismatch(actual, graphRoot));
}

/// @notice Reverts unless all elements lie inside their encodings, one behind the other, and fill the signals.
function requireParts(StatementForm self, uint256 parts) pure {
    uint256 elementBytes;
    uint256 end;
    (uint256 first, uint256 count) = (_inputParts(self), _inputParts(self) + _outputParts(self));
    for (uint256 i; i < count; ++i) {
        if (i == first) end = 0;
        uint256 part = _part(parts, i);
        (uint256 start, uint256 size) = (part >> 32, uint32(part));
        bool isInside = start + size <= (i < first ? _inputLength(self) : _outputLength(self));
        require(start >= end && size != 0 && isInside, IKeyedVerifier.KeyPartInvalid(i));
        end = start + size;
        elementBytes += size;
    }
    bool isOfBoth = first != 0 && _outputParts(self) != 0;
    bool isFull = (elementBytes + BINDING_BYTES + CHUNK_BYTES - 1) / CHUNK_BYTES == chunks(self);
    require(isOfBoth && isFull, IKeyedVerifier.KeySignalsInvalid(chunks(self), elementBytes));
}

/// @notice Packs a statement, bound to `verifier`; reverts with `StatementFormInvalid` unless it is of this form.
/// @dev Elements lie inside the encoding, and their sum inside the signals: `requireParts` was passed.
/// @return data where all elements are in memory without gaps, then the binding, then zeros: 31 bytes to a signal
function pack(
    StatementForm self,
    uint256 parts,
    ProofStatement calldata statement,
    address verifier
) view returns (uint256 data) {
    bytes32 digest = keccak256(abi.encode(statement.operatorId, block.chainid, verifier, statement.release));
    uint256 length;
    // No more than the key's blob is long, times 31.
    unchecked {
        length = chunks(self) * CHUNK_BYTES;
    }
    assembly ("memory-safe") {
        data := mload(0x40)
        mstore(0x40, add(data, and(add(length, 63), not(31))))
    }
    bytes calldata input = statement.input;
    bytes calldata output = statement.output;
    bool hasForm = input.length == _inputLength(self) && output.length == _outputLength(self);
    require(hasForm, IKeyedVerifier.StatementFormInvalid(statement.release));
    (uint256 outputParts, uint256 lastPart) = _partPlaces(self, parts);
    (bytes32 inputFrame, uint256 end) = _moveElements(input, parts, outputParts, data);
    bytes32 outputFrame;
    (outputFrame, end) = _moveElements(output, outputParts, lastPart, end);
    assembly ("memory-safe") {
        // Behind the part of the digest that counts, the last chunk has at most 30 bytes more.
        mstore(end, digest)
        mstore(add(end, BINDING_BYTES), 0)
    }
    hasForm = inputFrame == bytes32(_word(self, 32)) && outputFrame == bytes32(_word(self, 64));
    require(hasForm, IKeyedVerifier.StatementFormInvalid(statement.release));
}

/// @param data as `pack` gives it
function signalsIn(StatementForm self, uint256 data) pure returns (uint256[] memory signals) {
    uint256 count = chunks(self);
    signals = new uint256[](count);
    assembly ("memory-safe") {
        for {
            let to := add(signals, 32)
            let last := add(to, mul(32, count))
        } lt(to, last) {
            to := add(to, 32)
        } {
            mstore(to, shr(8, mload(data)))
            data := add(data, CHUNK_BYTES)
        }
    }
}

/// @return frame digest of the encoding with zeros for elements
/// @return end where the next elements go
function _moveElements(
    bytes calldata encoding,
    uint256 part,
    uint256 lastPart,
    uint256 to
) pure returns (bytes32 frame, uint256 end) {
    assembly ("memory-safe") {
        let copy := mload(0x40)
        calldatacopy(copy, encoding.offset, encoding.length)
        for {} lt(part, lastPart) {
            part := add(part, PART_BYTES)
        } {
            let start := shr(224, mload(part))
            let size := and(shr(192, mload(part)), 0xffffffff)
            calldatacopy(to, add(encoding.offset, start), size)
            calldatacopy(add(copy, start), calldatasize(), size)
            to := add(to, size)
        }
        frame := keccak256(copy, encoding.length)
        end := to
    }
}

/// @return outputParts where in memory the parts of the output begin
/// @return end where they end
function _partPlaces(StatementForm self, uint256 parts) pure returns (uint256 outputParts, uint256 end) {
    unchecked {
        outputParts = parts + PART_BYTES * _inputParts(self);
        end = outputParts + PART_BYTES * _outputParts(self);
    }
}

function _inputLength(StatementForm self) pure returns (uint256) {
    return uint32(_head(self) >> 64);
}

function _outputLength(StatementForm self) pure returns (uint256) {
    return uint32(_head(self) >> 32);
}

function _inputParts(StatementForm self) pure returns (uint256) {
    return uint16(_head(self) >> 16);
}

function _outputParts(StatementForm self) pure returns (uint256) {
    return uint16(_head(self));
}

function _part(uint256 parts, uint256 index) pure returns (uint256 part) {
    assembly ("memory-safe") {
        part := shr(192, mload(add(parts, mul(index, PART_BYTES))))
    }
}

function _head(StatementForm self) pure returns (uint256) {
    return _word(self, 96);
}

function _word(StatementForm self, uint256 position) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := mload(add(self, position))
    }
}
