// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title ResultSignatures
/// @notice One signature over one result or over a bundle of one operator's results.
/// @dev A single result is signed as it is (`InferenceResult`, readable in any EIP-712 tool). Several are signed as
/// `InferenceBundle(bytes32 root)`: `root` is the Merkle root of the struct hashes in order, pairs hashed
/// commutatively, an odd last node promoted unchanged. Leaves are hashes of 320 bytes and inner nodes of 64, so one
/// cannot pass for the other.
library ResultSignatures {
    bytes32 internal constant BUNDLE_TYPEHASH = keccak256("InferenceBundle(bytes32 root)");

    /// @notice The bundle is empty.
    error BundleEmpty();

    /// @notice The digest that the operator signs for these results. Destroys `leaves`.
    /// @param leaves struct hashes of the results, in bundle order; at least one
    function bundleDigest(bytes32 domainSeparator, bytes32[] memory leaves) internal pure returns (bytes32) {
        uint256 count = leaves.length;
        require(count != 0, BundleEmpty());
        if (count == 1) return MessageHashUtils.toTypedDataHash(domainSeparator, leaves[0]);
        while (count > 1) {
            // `Hashes.commutativeKeccak256` of each pair in place, without checks of the bounds that the level gives:
            // 450 gas less a leaf. Writes never overtake reads.
            assembly ("memory-safe") {
                let target := add(leaves, 32)
                let source := target
                for {
                    let end := add(target, shl(5, shr(1, count)))
                } lt(target, end) {
                    target := add(target, 32)
                    source := add(source, 64)
                } {
                    let a := mload(source)
                    let b := mload(add(source, 32))
                    let side := shl(5, gt(a, b))
                    mstore(side, a)
                    mstore(xor(side, 32), b)
                    mstore(target, keccak256(0, 64))
                }
                if and(count, 1) {
                    mstore(target, mload(source))
                }
                count := shr(1, add(count, 1))
            }
        }
        return _rootDigest(domainSeparator, leaves[0]);
    }

    /// @notice The digest under which `leaf` was signed, alone (`proof` empty) or as a member of a bundle.
    function memberDigest(
        bytes32 domainSeparator,
        bytes32 leaf,
        bytes32[] calldata proof
    ) internal pure returns (bytes32) {
        if (proof.length == 0) return MessageHashUtils.toTypedDataHash(domainSeparator, leaf);
        return _rootDigest(domainSeparator, MerkleProof.processProofCalldata(proof, leaf));
    }

    /// @notice The signer of `digest`; malleable and malformed signatures revert (ECDSA errors of OpenZeppelin).
    /// @param signature 65 bytes, r ‖ s ‖ v
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        return ECDSA.recoverCalldata(digest, signature);
    }

    function _rootDigest(bytes32 domainSeparator, bytes32 root) private pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator, keccak256(abi.encode(BUNDLE_TYPEHASH, root)));
    }
}
