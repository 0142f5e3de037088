// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {ResultDomain} from "./ResultDomain.sol";
import {IOperators, SignerStatus, Standing} from "./interfaces/IOperators.sol";
import {IProofSettlement, SignedResult} from "./interfaces/IProofSettlement.sol";
import {IProofVerifier} from "./interfaces/IProofVerifier.sol";
import {ModeProofs} from "./libraries/ModeProofs.sol";
import {ResultSignatures} from "./libraries/ResultSignatures.sol";
import {InferenceResult} from "./types/InferenceResult.sol";
import {Mode} from "./types/Mode.sol";
import {ReleaseId} from "./types/ReleaseId.sol";

/// @title ProofSettlement
/// @notice Owns one verifier per mode, each written once by governance. Holds no money. Trusts its verifiers with
/// yes or no, and nothing else: digests and statements are made here.
contract ProofSettlement is IProofSettlement, AccessManaged, ResultDomain {
    using ModeProofs for bytes;
    using ModeProofs for IProofVerifier;

    IOperators public immutable OPERATORS;

    mapping(Mode mode => IProofVerifier verifier) public override verifierOf;

    constructor(IOperators operators, address authority) AccessManaged(authority) ResultDomain(operators) {
        OPERATORS = operators;
    }

    /// @inheritdoc IProofSettlement
    function setVerifier(Mode mode, IProofVerifier verifier) external override restricted {
        require(mode != Mode.VANILLA && address(verifier).code.length != 0, VerifierInvalid(mode, address(verifier)));
        require(address(verifierOf[mode]) == address(0), VerifierAlreadySet(mode, verifierOf[mode]));
        verifierOf[mode] = verifier;
        emit VerifierSet(mode, verifier);
    }

    /// @inheritdoc IProofSettlement
    function isSupported(Mode mode) public view override returns (bool) {
        return mode == Mode.VANILLA || address(verifierOf[mode]) != address(0);
    }

    /// @inheritdoc IProofSettlement
    function requireProof(
        Mode mode,
        ReleaseId release,
        uint32 operatorId,
        address signer,
        bytes32 inputHash,
        bytes calldata output,
        bytes calldata proof
    ) public view override {
        IProofVerifier verifier = verifierOf[mode];
        require(address(verifier) != address(0), ModeNotSupported(mode));
        (bytes calldata input, bytes calldata modeProof) = proof.split();
        bytes32 actual = _hash(input);
        require(actual == inputHash, InputMismatch(inputHash, actual));
        require(verifier.isProved(release, operatorId, signer, input, output, modeProof), ProofRejected(mode, release));
    }

    /// @inheritdoc IProofSettlement
    function signerOf(SignedResult calldata signed) public view override returns (address) {
        bytes32 digest = ResultSignatures.memberDigest(_domainSeparator(), signed.result.structHash(), signed.path);
        return ResultSignatures.recover(digest, signed.signature);
    }

    /// @inheritdoc IProofSettlement
    function verify(
        SignedResult calldata signed,
        bytes calldata output,
        bytes calldata proof
    ) external view override returns (address signer, Standing memory standing) {
        InferenceResult calldata result = signed.result;
        bytes32 outputHash = keccak256(output);
        require(outputHash == result.outputHash, OutputMismatch(result.outputHash, outputHash));
        uint256 latest = block.timestamp + OPERATORS.maxValidity();
        require(
            block.timestamp <= result.validUntil && result.validUntil <= latest,
            ResultNotValid(result.validUntil, latest)
        );
        signer = signerOf(signed);
        standing = OPERATORS.standingOf(signer);
        require(standing.status == SignerStatus.Active && !standing.jailed, SignerWithoutStanding(signer));
        if (result.mode != Mode.VANILLA) {
            requireProof(result.mode, result.release, standing.operatorId, signer, result.inputHash, output, proof);
        }
    }

    /// @dev Solidity would keep a copy of the input in memory.
    function _hash(bytes calldata data) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(64)
            calldatacopy(free, data.offset, data.length)
            hash := keccak256(free, data.length)
        }
    }
}
