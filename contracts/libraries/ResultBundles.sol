// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPipe} from "../interfaces/IPipe.sol";
import {CarriedResult} from "../types/CarriedResult.sol";
import {INFERENCE_RESULT_TYPEHASH} from "../types/InferenceResult.sol";
import {ResultHead} from "../types/ResultHead.sol";

/// @title ResultBundles
/// @notice Reads the bundles that a transaction carries, as `IPipe` lays them out. Places are offsets in calldata.
/// Every length is checked once, by `leavesAt`; what reads a single result relies on that.
library ResultBundles {
    uint256 internal constant BUNDLE_HEAD_LENGTH = 26;
    uint256 internal constant SIGNATURE_LENGTH = 65;

    /// @notice Where bundles begin and end.
    function boundsOf(bytes calldata results) internal pure returns (uint256 place, uint256 end) {
        assembly ("memory-safe") {
            place := results.offset
            end := add(place, results.length)
        }
    }

    /// @param place where the bundle begins, at most the end of `results`
    /// @return count of results, at least one
    /// @return consumer whom they are for; zero = any
    /// @return validUntil timestamp, seconds
    /// @return first result; what stands there is not checked
    function headAt(
        bytes calldata results,
        uint256 place
    ) internal pure returns (uint256 count, address consumer, uint40 validUntil, CarriedResult first) {
        uint256 word;
        assembly ("memory-safe") {
            word := calldataload(place)
        }
        (count, consumer, validUntil) = (word >> 248, address(uint160(word >> 88)), uint40(word >> 48));
        unchecked {
            (, uint256 end) = boundsOf(results);
            first = CarriedResult.wrap(place + BUNDLE_HEAD_LENGTH);
            if (count == 0) _revertMalformed(results, place);
            if (first.place() > end) _revertMalformed(results, place);
        }
    }

    /// @notice Struct hashes of the results of a bundle, in order. Checks their form.
    /// @return leaves as `ResultSignatures` wants them
    /// @return signature 65 bytes
    /// @return next place behind the bundle
    function leavesAt(
        bytes calldata results,
        CarriedResult first,
        uint256 count,
        bytes32 context,
        uint40 validUntil
    ) internal pure returns (bytes32[] memory leaves, bytes calldata signature, uint256 next) {
        // Without the zeros of Solidity: every place is written below.
        assembly ("memory-safe") {
            leaves := mload(64)
            mstore(leaves, count)
            mstore(64, add(leaves, shl(5, add(count, 1))))
        }
        _prepareStructs(context, validUntil);
        CarriedResult result = first;
        (, uint256 end) = boundsOf(results);
        for (uint256 i; i < count; ++i) {
            ResultHead head = result.head();
            CarriedResult following = result.next(head);
            // What ends within the bytes begins there.
            if (following.place() > end) _revertMalformed(results, result.place());
            if (!head.isWellFormed()) _revertMalformed(results, result.place());
            bytes32 leaf = _structHash(result, head);
            assembly ("memory-safe") {
                mstore(add(add(leaves, 32), shl(5, i)), leaf)
            }
            result = following;
        }
        unchecked {
            next = result.place() + SIGNATURE_LENGTH;
        }
        if (next > end) _revertMalformed(results, result.place());
        assembly ("memory-safe") {
            signature.offset := result
            signature.length := SIGNATURE_LENGTH
        }
    }

    /// @notice Struct hash of one result, whose form was checked.
    /// @dev Apart from `_structHash`, which stands in the way of every result and is fastest where it is used once.
    function structHashOf(
        CarriedResult result,
        bytes32 context,
        uint40 validUntil
    ) internal pure returns (bytes32 leaf) {
        ResultHead head = result.head();
        _prepareStructs(context, validUntil);
        bytes calldata output = result.output(head);
        (uint256 fee, uint256 maxCover) = (head.fee(), head.maxCover());
        assembly ("memory-safe") {
            let free := mload(64)
            calldatacopy(add(free, 320), output.offset, output.length)
            let outputHash := keccak256(add(free, 320), output.length)
            mstore(add(free, 64), calldataload(result))
            mstore(add(free, 96), shr(248, head))
            mstore(add(free, 128), and(shr(240, head), 0xff))
            mstore(add(free, 160), calldataload(add(result, 32)))
            mstore(add(free, 192), outputHash)
            mstore(add(free, 224), fee)
            mstore(add(free, 256), maxCover)
            leaf := keccak256(free, 320)
        }
    }

    /// @notice Until when the results of a bundle can be used.
    /// @param first result of the bundle
    function validUntilOf(CarriedResult first) internal pure returns (uint40 validUntil) {
        // It stands right before.
        assembly ("memory-safe") {
            validUntil := shr(216, calldataload(sub(first, 5)))
        }
    }

    /// @notice The bytes from one place to another, without the check that a slice of Solidity repeats.
    function between(uint256 place, uint256 end) internal pure returns (bytes calldata slice) {
        assembly ("memory-safe") {
            slice.offset := place
            slice.length := sub(end, place)
        }
    }

    /// @dev Writes into free memory what the structs of a bundle have in common, for `_structHash`.
    function _prepareStructs(bytes32 context, uint40 validUntil) private pure {
        bytes32 typehash = INFERENCE_RESULT_TYPEHASH;
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, typehash)
            mstore(add(free, 32), context)
            mstore(add(free, 288), validUntil)
        }
    }

    /// @dev `InferenceResult.structHash`, with words that do not stay in memory.
    function _structHash(CarriedResult result, ResultHead head) private pure returns (bytes32 leaf) {
        bytes calldata output = result.output(head);
        (uint256 fee, uint256 maxCover) = (head.fee(), head.maxCover());
        assembly ("memory-safe") {
            let free := mload(64)
            // Solidity would keep a copy of every output in memory, whose price grows with the square.
            calldatacopy(add(free, 320), output.offset, output.length)
            let outputHash := keccak256(add(free, 320), output.length)
            mstore(add(free, 64), calldataload(result))
            mstore(add(free, 96), shr(248, head))
            mstore(add(free, 128), and(shr(240, head), 0xff))
            mstore(add(free, 160), calldataload(add(result, 32)))
            mstore(add(free, 192), outputHash)
            mstore(add(free, 224), fee)
            mstore(add(free, 256), maxCover)
            leaf := keccak256(free, 320)
        }
    }

    function _revertMalformed(bytes calldata results, uint256 place) private pure {
        (uint256 start, ) = boundsOf(results);
        revert IPipe.BundleMalformed(place - start);
    }
}
