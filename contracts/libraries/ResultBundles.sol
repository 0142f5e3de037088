// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPipe} from "../interfaces/IPipe.sol";
import {INFERENCE_RESULT_TYPEHASH} from "../types/InferenceResult.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {ResultHead} from "../types/ResultHead.sol";

/// @title ResultBundles
/// @notice Reads the bundles that a transaction carries, as `IPipe` lays them out. Every length is checked once, by
/// `leavesAt`; what reads a single result relies on that.
/// @dev Offsets are sums of places in calldata and lengths of 24 bits, so none wraps around.
library ResultBundles {
    uint256 internal constant BUNDLE_HEAD_LENGTH = 26;
    uint256 internal constant RESULT_HEAD_LENGTH = 86;
    uint256 internal constant SIGNATURE_LENGTH = 65;

    /// @param offset where the bundle begins, at most `results.length`
    function headAt(
        bytes calldata results,
        uint256 offset
    ) internal pure returns (uint256 count, address consumer, uint40 validUntil) {
        uint256 word = _wordAt(results, offset);
        (count, consumer, validUntil) = (word >> 248, address(uint160(word >> 88)), uint40(word >> 48));
        unchecked {
            if (count == 0) revert IPipe.BundleMalformed(offset);
            if (results.length - offset < BUNDLE_HEAD_LENGTH) revert IPipe.BundleMalformed(offset);
        }
    }

    /// @notice Struct hashes of the results of a bundle, in order. Checks their form.
    /// @return leaves as `ResultSignatures` wants them
    /// @return end where the signature stands
    function leavesAt(
        bytes calldata results,
        uint256 offset,
        uint256 count,
        bytes32 context,
        uint40 validUntil
    ) internal pure returns (bytes32[] memory leaves, uint256 end) {
        // Without the zeros of Solidity: every place is written below.
        assembly ("memory-safe") {
            leaves := mload(64)
            mstore(leaves, count)
            mstore(64, add(leaves, shl(5, add(count, 1))))
        }
        end = firstOf(offset);
        for (uint256 i; i < count; ++i) {
            ResultHead head = resultAt(results, end);
            uint256 next = endOf(end, head);
            // What ends within the bytes begins there.
            if (next > results.length) revert IPipe.BundleMalformed(end);
            if (!head.isWellFormed()) revert IPipe.BundleMalformed(end);
            bytes32 leaf = _structHash(results, end, head, context, validUntil);
            assembly ("memory-safe") {
                mstore(add(add(leaves, 32), shl(5, i)), leaf)
            }
            end = next;
        }
        unchecked {
            if (results.length - end < SIGNATURE_LENGTH) revert IPipe.BundleMalformed(end);
        }
    }

    /// @notice Where the first result of the bundle at `offset` begins.
    function firstOf(uint256 offset) internal pure returns (uint256) {
        unchecked {
            return offset + BUNDLE_HEAD_LENGTH;
        }
    }

    /// @notice Where a bundle ends whose signature stands at `offset`.
    function endOfBundle(uint256 offset) internal pure returns (uint256) {
        unchecked {
            return offset + SIGNATURE_LENGTH;
        }
    }

    function resultAt(bytes calldata results, uint256 offset) internal pure returns (ResultHead) {
        unchecked {
            return ResultHead.wrap(_wordAt(results, offset + 64));
        }
    }

    function releaseAt(bytes calldata results, uint256 offset) internal pure returns (ReleaseId) {
        return ReleaseId.wrap(bytes32(_wordAt(results, offset)));
    }

    function inputHashAt(bytes calldata results, uint256 offset) internal pure returns (bytes32) {
        unchecked {
            return bytes32(_wordAt(results, offset + 32));
        }
    }

    function outputAt(
        bytes calldata results,
        uint256 offset,
        ResultHead head
    ) internal pure returns (bytes calldata output) {
        unchecked {
            return _slice(results, offset + RESULT_HEAD_LENGTH, head.outputLength());
        }
    }

    function proofAt(
        bytes calldata results,
        uint256 offset,
        ResultHead head
    ) internal pure returns (bytes calldata proof) {
        unchecked {
            return _slice(results, offset + RESULT_HEAD_LENGTH + head.outputLength(), head.proofLength());
        }
    }

    function endOf(uint256 offset, ResultHead head) internal pure returns (uint256) {
        unchecked {
            return offset + RESULT_HEAD_LENGTH + head.outputLength() + head.proofLength();
        }
    }

    function bundleAt(bytes calldata results, uint256 offset, uint256 end) internal pure returns (bytes calldata) {
        unchecked {
            return _slice(results, offset, end - offset);
        }
    }

    function signatureAt(bytes calldata results, uint256 offset) internal pure returns (bytes calldata) {
        return _slice(results, offset, SIGNATURE_LENGTH);
    }

    /// @dev `InferenceResult.structHash`, with words that do not stay in memory.
    function _structHash(
        bytes calldata results,
        uint256 offset,
        ResultHead head,
        bytes32 context,
        uint40 validUntil
    ) private pure returns (bytes32 leaf) {
        bytes32 typehash = INFERENCE_RESULT_TYPEHASH;
        bytes32 outputHash = _hash(outputAt(results, offset, head));
        (uint256 fee, uint256 maxCover) = (head.fee(), head.maxCover());
        assembly ("memory-safe") {
            let free := mload(64)
            let place := add(results.offset, offset)
            mstore(free, typehash)
            mstore(add(free, 32), context)
            mstore(add(free, 64), calldataload(place))
            mstore(add(free, 96), shr(248, head))
            mstore(add(free, 128), and(shr(240, head), 0xff))
            mstore(add(free, 160), calldataload(add(place, 32)))
            mstore(add(free, 192), outputHash)
            mstore(add(free, 224), fee)
            mstore(add(free, 256), maxCover)
            mstore(add(free, 288), validUntil)
            leaf := keccak256(free, 320)
        }
    }

    function _wordAt(bytes calldata results, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(results.offset, offset))
        }
    }

    /// @dev Without the check that a slice of Solidity repeats.
    function _slice(
        bytes calldata results,
        uint256 offset,
        uint256 length
    ) private pure returns (bytes calldata slice) {
        assembly ("memory-safe") {
            slice.offset := add(results.offset, offset)
            slice.length := length
        }
    }

    /// @dev Solidity would keep a copy of every output in memory, whose price grows with the square.
    function _hash(bytes calldata data) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(64)
            calldatacopy(free, data.offset, data.length)
            hash := keccak256(free, data.length)
        }
    }
}
