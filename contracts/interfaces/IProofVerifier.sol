// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "../types/ReleaseId.sol";

/// @notice What a proof must show: this release gave this output for this input, said by this operator.
/// Made by `ProofSettlement` from data whose hashes it checked; the verifier chooses none of it.
struct ProofStatement {
    ReleaseId release;
    uint32 operatorId;
    address signer;
    bytes input;
    bytes output;
}

/// @title The seam for a proof system
interface IProofVerifier {
    /// @notice True when `proof` proves `statement`. Reverts or false otherwise.
    function verify(ProofStatement calldata statement, bytes calldata proof) external view returns (bool);
}
