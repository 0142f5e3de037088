// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofVerifier, ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";

/// Takes the hash of a statement for its proof: yes to that, no to anything else, and a revert when there is nothing.
contract StatementVerifier is IProofVerifier {
    error ProofMissing();

    function verify(ProofStatement calldata statement, bytes calldata proof) external pure override returns (bool) {
        require(proof.length != 0, ProofMissing());
        return keccak256(proof) == keccak256(abi.encode(keccak256(abi.encode(statement))));
    }
}
