// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IProofSettlement} from "../interfaces/IProofSettlement.sol";
import {IProofVerifier} from "../interfaces/IProofVerifier.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @title ModeProofs
/// @notice Takes a proof apart and asks a verifier about it, with each byte copied once, from calldata into the call.
/// By way of structs in memory it costs 2,500 gas more.
library ModeProofs {
    /// @notice `abi.decode(proof, (bytes, bytes))`.
    function split(bytes calldata proof) internal pure returns (bytes calldata input, bytes calldata modeProof) {
        input = _partAt(proof, 0);
        modeProof = _partAt(proof, 32);
    }

    /// @notice `verifier.verify(ProofStatement(release, operatorId, signer, input, output), modeProof)`. What it
    /// reverts with comes through, and anything but the word 1 is false.
    function isProved(
        IProofVerifier verifier,
        ReleaseId release,
        uint32 operatorId,
        address signer,
        bytes calldata input,
        bytes calldata output,
        bytes calldata modeProof
    ) internal view returns (bool isTrue) {
        bytes4 selector = IProofVerifier.verify.selector;
        assembly ("memory-safe") {
            // What fills a string up to whole words is not read.
            function put(to, offset, length) -> end {
                mstore(to, length)
                calldatacopy(add(to, 32), offset, length)
                end := add(to, and(add(length, 63), not(31)))
            }
            let data := mload(64)
            mstore(data, selector)
            let arguments := add(data, 4)
            let statement := add(arguments, 64)
            mstore(arguments, 64)
            mstore(statement, release)
            mstore(add(statement, 32), and(operatorId, 0xffffffff))
            mstore(add(statement, 64), shr(96, shl(96, signer)))
            mstore(add(statement, 96), 160)
            let next := put(add(statement, 160), input.offset, input.length)
            mstore(add(statement, 128), sub(next, statement))
            next := put(next, output.offset, output.length)
            mstore(add(arguments, 32), sub(next, arguments))
            next := put(next, modeProof.offset, modeProof.length)
            if iszero(staticcall(gas(), verifier, data, sub(next, data), 0, 32)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
            isTrue := and(gt(returndatasize(), 31), eq(mload(0), 1))
        }
    }

    /// @dev No sum or difference wraps around where the proof has two words, and the first lies within.
    function _partAt(bytes calldata proof, uint256 head) private pure returns (bytes calldata part) {
        bool isOutside;
        assembly ("memory-safe") {
            let start := calldataload(add(proof.offset, head))
            let last := sub(proof.length, 32)
            part.offset := add(add(proof.offset, start), 32)
            part.length := calldataload(add(proof.offset, start))
            isOutside := or(lt(proof.length, 64), or(gt(start, last), gt(part.length, sub(last, start))))
        }
        require(!isOutside, IProofSettlement.ProofEncodingInvalid(proof.length));
    }
}
