// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IKeyedVerifier} from "./IKeyedVerifier.sol";
import {KeyOrigin} from "./IModelHub.sol";
import {IProofVerifier} from "./IProofVerifier.sol";

/// @title IGroth16Verifier
/// @notice Checks Groth16 proofs over BN254: three points and nothing else. The verifier of mode ZK: it hands proofs of
/// the other system on.
/// @dev Admitting a key takes some 220,000 gas, and 520 for each signal.
/// Assumption: the secret behind the key is known to nobody.
/// @dev Warning: that a ceremony took place is what the publisher says. The key names its transcript, which nothing
/// here has read: whoever relies on it does.
/// @dev Warning: a valid proof can be changed into others of the same statement. Its bytes identify nothing.
interface IGroth16Verifier is IKeyedVerifier {
    /// gamma is delta, or its opposite: such a key, which nobody contributed to, proves everything.
    error KeyForgeable();
    /// A key of origin `Ceremony` names its transcript, by the first 16 bytes of its digest; no other key names one.
    error KeyTranscriptInvalid(bytes16 transcript, KeyOrigin origin);

    /// @notice Keys that came about more easily are not admitted.
    function LEAST_ORIGIN() external view returns (KeyOrigin);

    /// @notice What checks proofs of releases whose key needs no secret of its own; they have another length.
    function PLONK() external view returns (IProofVerifier);
}
