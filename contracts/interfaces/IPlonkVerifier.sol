// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "../types/ReleaseId.sol";
import {IKeyedVerifier} from "./IKeyedVerifier.sol";

/// @title IPlonkVerifier
/// @notice Checks PLONK proofs over BN254 (eprint 2019/953), whose keys need no secret of their own: that of the powers
/// of tau is the only one. Keys on powers that this contract was not deployed with are not admitted.
/// @dev A proof is nine commitments and six values of 32 bytes each. Admitting a key takes some 200,000 gas.
/// Assumption: nobody knows the secret of any of the accepted powers of tau. On a local chain everybody does.
interface IPlonkVerifier is IKeyedVerifier {
    /// @param powers keccak256 of the powers' point of the second group, as the precompile takes it
    event PowersAccepted(bytes32 indexed powers);

    /// The key rests on powers of tau that this contract was not deployed with: whoever made them may prove anything.
    error PowersNotAccepted(ReleaseId release, bytes32 powers);
    /// No rows of a number that the field has a root of unity for.
    error KeyPowerInvalid(uint256 power);
    /// No root of unity of the order that the key names.
    error KeyRootInvalid(uint256 root);

    /// @notice Whether keys on these powers of tau are admitted; settled at deployment.
    function isAccepted(bytes32 powers) external view returns (bool);
}
