// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceResult} from "../types/InferenceResult.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {Standing} from "./IOperators.sol";

/// @notice A signed result with what proves its signature.
struct SignedResult {
    InferenceResult result;
    /// Merkle path inside the signed bundle; empty when the result was signed alone.
    bytes32[] path;
    /// 65 bytes, r ‖ s ‖ v, low s.
    bytes signature;
}

/// @title Is this result backed as its mode says
/// @notice VANILLA is backed by the operator's signature; ZK and TEE by the signature and what the mode's verifier
/// accepts. Digests are computed here, never taken from whoever proves.
/// @dev A verifier is set once per mode; another verifier means another `ProofSettlement`.
interface IProofSettlement {
    event VerifierSet(Mode indexed mode, IProofVerifier verifier);

    error ModeNotSupported(Mode mode);
    error VerifierAlreadySet(Mode mode, IProofVerifier verifier);
    error VerifierInvalid(Mode mode, address verifier);
    error InputMismatch(bytes32 expected, bytes32 actual);
    error OutputMismatch(bytes32 expected, bytes32 actual);
    error ResultNotValid(uint40 validUntil, uint256 latest);
    error SignerWithoutStanding(address signer);
    error ProofRejected(Mode mode, ReleaseId release);
    /// Not the encoding of an input and a proof.
    error ProofEncodingInvalid(uint256 length);

    /// @notice Sets the verifier of ZK or TEE, once.
    function setVerifier(Mode mode, IProofVerifier verifier) external;

    function verifierOf(Mode mode) external view returns (IProofVerifier);

    /// @notice True when results of this mode can be backed.
    function isSupported(Mode mode) external view returns (bool);

    /// @notice Reverts unless `proof` proves that `release` gave the output for the input. Not for VANILLA, which has
    /// nothing beyond the signature.
    /// @param proof abi.encode(bytes input, bytes modeProof)
    function requireProof(
        Mode mode,
        ReleaseId release,
        uint32 operatorId,
        address signer,
        bytes32 inputHash,
        bytes calldata output,
        bytes calldata proof
    ) external view;

    /// @notice Who signed a result; reverts on a bad signature. Says nothing about the signer's standing.
    function signerOf(SignedResult calldata signed) external view returns (address);

    /// @notice Whether a result is backed now: signature, standing of its signer, and the proof of its mode.
    /// @param output must hash to the result's `outputHash`
    /// @param proof as for `requireProof`; empty for VANILLA
    function verify(
        SignedResult calldata signed,
        bytes calldata output,
        bytes calldata proof
    ) external view returns (address signer, Standing memory standing);
}
