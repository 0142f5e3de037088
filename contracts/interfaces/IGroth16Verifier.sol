// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "../types/ReleaseId.sol";
import {IModelHub, KeyOrigin} from "./IModelHub.sol";
import {IProofVerifier, ProofStatement} from "./IProofVerifier.sol";

/// @title IGroth16Verifier
/// @notice Checks Groth16 proofs over BN254 for all releases. A release's verifying key is a blob, stored once, that
/// its publisher committed to; here it is checked once and read from then on.
/// @dev Public signals are computed here from the bytes of input and output; a proof is its three points and nothing
/// else. What they mean, and the format of a key, is in `docs/zk.md`.
/// Assumptions: the key is of a circuit that says what the release's graph gives, which nobody can check on chain
/// (nodes make the circuit again); the secret behind the key is known to nobody; the chain has the precompiles of
/// EIP-196 and EIP-197.
/// @dev Warning: a valid proof can be changed into others of the same statement. Its bytes identify nothing.
interface IGroth16Verifier is IProofVerifier {
    event KeyAdmitted(ReleaseId indexed release, bytes32 indexed keyDigest, KeyOrigin origin);

    /// Call `admitKey` first.
    error KeyNotAdmitted(ReleaseId release);
    error KeyAlreadyAdmitted(ReleaseId release);
    /// The release has no circuit, or one for another contract.
    error KeyNotCommitted(ReleaseId release, address zkVerifier);
    /// Too few people would have to collude, or no key of this proof system can be made so.
    error KeyOriginRefused(ReleaseId release, KeyOrigin origin, KeyOrigin least);
    error KeyNotStored(ReleaseId release, bytes32 keyDigest);
    error KeyFormatUnknown(uint256 format);
    error KeyLengthInvalid(uint256 length, uint256 expected);
    /// The key is of another graph than the release, or the release has none.
    error KeyGraphMismatch(bytes32 graphRoot, bytes32 committed);
    /// Elements that lie outside the encoding, or before those of the part before; parts count on from input to output.
    error KeyPartInvalid(uint256 part);
    /// Elements and binding do not fill as many signals as the key has.
    error KeySignalsInvalid(uint256 signals, uint256 elementBytes);
    /// Zero, not on the curve, or with a coordinate beyond the field; `position` in bytes of the key.
    error KeyPointInvalid(uint256 position);
    /// Among beta, gamma and delta one is not a point of the right group.
    error KeyPairingInvalid();
    /// gamma is delta, or its opposite: such a key, which nobody contributed to, proves everything.
    error KeyForgeable();
    error ProofLengthInvalid(uint256 length, uint256 expected);
    /// Input or output is not the encoding of tensors of the types and shapes that the key is of.
    error StatementFormInvalid(ReleaseId release);

    /// @notice Takes the key that `release` committed to, once it is stored. Anyone; all that decides is committed.
    /// @dev Some 220,000 gas, and 520 for each signal.
    function admitKey(ReleaseId release) external;

    /// @notice Where the key of `release` is stored; zero until it is admitted.
    function keyOf(ReleaseId release) external view returns (address blob);

    /// @notice The public signals of `statement`, in the order of the key.
    function signalsOf(ProofStatement calldata statement) external view returns (uint256[] memory);

    function HUB() external view returns (IModelHub);

    /// @notice Keys that came about more easily are not admitted.
    function LEAST_ORIGIN() external view returns (KeyOrigin);
}
