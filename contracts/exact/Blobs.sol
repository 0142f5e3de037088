// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Data of a full blob: contract code has at most 24,576 bytes (EIP-170), and its first is STOP.
uint256 constant BLOB_BYTES = 24_575;

/// @title Blobs
/// @notice Where blobs are.
library Blobs {
    /// @notice The CREATE2 address, with salt 0, of the blob whose creation code hashes to `digest`.
    function addressOf(address store, bytes32 digest) internal pure returns (address blob) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", store, bytes32(0), digest)))));
    }
}
