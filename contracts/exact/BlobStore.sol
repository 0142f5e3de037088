// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBlobStore} from "../interfaces/IBlobStore.sol";
import {BLOB_BYTES, Blobs} from "./Blobs.sol";

/// @title BlobStore
/// @notice Owns nothing but the code that it deploys. Anyone may store; it trusts and calls nobody.
contract BlobStore is IBlobStore {
    /// @inheritdoc IBlobStore
    uint256 public constant MAX_BLOB_BYTES = BLOB_BYTES;

    /// @inheritdoc IBlobStore
    function put(bytes calldata data) external returns (bytes32 digest) {
        bytes memory creationCode = _creationCodeOf(data);
        digest = keccak256(creationCode);
        address blob = addressOf(digest);
        if (blob.code.length != 0) return digest;

        address created;
        assembly ("memory-safe") {
            created := create2(0, add(creationCode, 32), mload(creationCode), 0)
        }
        require(created == blob, BlobNotDeployed(digest));
        emit BlobStored(digest, blob, data.length);
    }

    /// @inheritdoc IBlobStore
    function digestOf(bytes calldata data) external pure returns (bytes32) {
        return keccak256(_creationCodeOf(data));
    }

    /// @inheritdoc IBlobStore
    function addressOf(bytes32 digest) public view returns (address) {
        return Blobs.addressOf(address(this), digest);
    }

    /// @inheritdoc IBlobStore
    function isStored(bytes32 digest) external view returns (bool) {
        return addressOf(digest).code.length != 0;
    }

    /// @dev PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN; then the code: STOP and the data.
    function _creationCodeOf(bytes calldata data) private pure returns (bytes memory) {
        require(data.length <= BLOB_BYTES, BlobTooLarge(data.length, BLOB_BYTES));
        return abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a5f395ff300", data);
    }
}
