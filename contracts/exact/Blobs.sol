// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Data of a full blob: contract code has at most 24,576 bytes (EIP-170), and its first is STOP.
uint256 constant BLOB_BYTES = 24_575;

/// @title Blobs
/// @notice Where blobs are.
library Blobs {
    /// @notice The CREATE2 address, with salt 0, of the blob whose creation code hashes to `digest`.
    function addressOf(address store, bytes32 digest) internal pure returns (address blob) {
        // The last word reaches into the free memory pointer, the first 21 bytes of which are zero before and after.
        assembly ("memory-safe") {
            mstore(0, or(shl(248, 0xff), shl(88, store)))
            mstore(21, 0)
            mstore(53, digest)
            blob := and(keccak256(0, 85), 0xffffffffffffffffffffffffffffffffffffffff)
            mstore(53, 0)
        }
    }
}
