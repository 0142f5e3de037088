// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";

import {LoadedResult} from "../types/LoadedResult.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @notice Where a loaded result stands in transient storage: its `LoadedResult`, then the words of its output.
type ResultSlot is bytes32;

/// @notice Where an owner's result for any consumer stands; those for one consumer are found from it.
type SharedSlot is bytes32;

/// @title LoadedResults
/// @notice Results that were paid for in this transaction, in transient storage.
library LoadedResults {
    using TransientSlot for bytes32;
    using TransientSlot for TransientSlot.Uint256Slot;

    /// @notice Place of an owner's results for any consumer.
    /// @param owner the account, and for the executor the number of the execution above it
    function sharedSlot(
        uint256 owner,
        ReleaseId release,
        uint8 codec,
        bytes32 inputHash
    ) internal pure returns (SharedSlot slot) {
        // As `keccak256(abi.encode(…))`, without leaving the words in memory.
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, owner)
            mstore(add(free, 32), release)
            mstore(add(free, 64), and(codec, 0xff))
            mstore(add(free, 96), inputHash)
            slot := keccak256(free, 128)
        }
    }

    /// @notice Place of an owner's results for one consumer; zero = any.
    function slotFor(SharedSlot shared, address consumer) internal pure returns (ResultSlot) {
        return consumer == address(0) ? ResultSlot.wrap(SharedSlot.unwrap(shared)) : _ownSlot(shared, consumer);
    }

    function _ownSlot(SharedSlot shared, address consumer) private pure returns (ResultSlot slot) {
        assembly ("memory-safe") {
            mstore(0, shared)
            mstore(32, shr(96, shl(96, consumer)))
            slot := keccak256(0, 64)
        }
    }

    /// @notice What answers the consumer: a result for it first, then one for any.
    /// @return slot where it stands; where one for the consumer would, when there is none
    function find(SharedSlot shared, address consumer) internal view returns (ResultSlot slot, LoadedResult result) {
        slot = _ownSlot(shared, consumer);
        result = load(slot);
        if (result.isLoaded()) return (slot, result);
        ResultSlot anyones = ResultSlot.wrap(SharedSlot.unwrap(shared));
        result = load(anyones);
        if (result.isLoaded()) slot = anyones;
    }

    function load(ResultSlot slot) internal view returns (LoadedResult) {
        return LoadedResult.wrap(ResultSlot.unwrap(slot).asUint256().tload());
    }

    function set(ResultSlot slot, LoadedResult result) internal {
        ResultSlot.unwrap(slot).asUint256().tstore(LoadedResult.unwrap(result));
    }

    /// @param output as long as `result` says
    function store(ResultSlot slot, LoadedResult result, bytes calldata output) internal {
        set(slot, result);
        // The last word may take in what follows the output; `outputOf` cuts it off. A place is a hash, so that one
        // more than 2^19 words never wraps around.
        unchecked {
            uint256 place = uint256(ResultSlot.unwrap(slot));
            for (uint256 i; i < output.length; i += 32) {
                uint256 word;
                assembly ("memory-safe") {
                    word := calldataload(add(output.offset, i))
                }
                bytes32(++place).asUint256().tstore(word);
            }
        }
    }

    /// @notice Keeps what a cover needs to know of a result, below it.
    /// @param resultHash struct hash
    function keepForCover(ResultSlot slot, bytes32 resultHash, address signer) internal {
        unchecked {
            uint256 place = uint256(ResultSlot.unwrap(slot));
            bytes32(place - 1).asUint256().tstore(uint256(resultHash));
            bytes32(place - 2).asUint256().tstore(uint160(signer));
        }
    }

    /// @return resultHash zero where nothing was kept
    function keptForCover(ResultSlot slot) internal view returns (bytes32 resultHash, address signer) {
        unchecked {
            uint256 place = uint256(ResultSlot.unwrap(slot));
            resultHash = bytes32(bytes32(place - 1).asUint256().tload());
            signer = address(uint160(bytes32(place - 2).asUint256().tload()));
        }
    }

    function outputOf(ResultSlot slot, LoadedResult result) internal view returns (bytes memory output) {
        uint256 length = result.outputLength();
        // Without the zeros of Solidity: every word is written, and what follows the output then made zero, since byte
        // strings are padded with zeros.
        assembly ("memory-safe") {
            output := mload(64)
            mstore(output, length)
            let place := add(output, 32)
            let end := add(place, length)
            mstore(64, and(add(end, 31), not(31)))
            for {
                let word := add(slot, 1)
            } lt(place, end) {
                word := add(word, 1)
                place := add(place, 32)
            } {
                mstore(place, tload(word))
            }
            mstore(end, 0)
        }
    }
}
