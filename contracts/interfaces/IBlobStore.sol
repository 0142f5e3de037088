// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBlobStore
/// @notice Keeps data as contract code, under its digest. Anyone may store; nothing can be changed or removed.
/// @dev A blob is the code `0x00 ‖ data`, deployed by CREATE2 with salt 0. Its digest is the hash of its creation code,
/// so the address follows from the digest alone, and code at that address can only be that blob.
interface IBlobStore {
    /// @notice A blob is stored, for the first time.
    event BlobStored(bytes32 indexed digest, address blob, uint256 length);

    /// The data is longer than contract code may be, less one byte.
    error BlobTooLarge(uint256 length, uint256 max);
    /// The chain refused to deploy the blob, mostly for want of gas.
    error BlobNotDeployed(bytes32 digest);

    /// @notice Bytes that one blob can hold.
    function MAX_BLOB_BYTES() external view returns (uint256);

    /// @notice Stores `data`. Storing the same again changes nothing and returns the same digest.
    function put(bytes calldata data) external returns (bytes32 digest);

    /// @notice The digest under which `data` is stored or would be.
    function digestOf(bytes calldata data) external pure returns (bytes32);

    /// @notice Where the blob of that digest is, or would be.
    function addressOf(bytes32 digest) external view returns (address);

    /// @notice Whether the blob of that digest is stored.
    function isStored(bytes32 digest) external view returns (bool);
}
