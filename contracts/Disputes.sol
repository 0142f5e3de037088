// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenges} from "./disputes/Challenges.sol";
import {CoverClaims} from "./disputes/CoverClaims.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IModelHub} from "./interfaces/IModelHub.sol";
import {IOperators, Offence} from "./interfaces/IOperators.sol";
import {SignedResult} from "./interfaces/IProofSettlement.sol";
import {Claim} from "./types/Claim.sol";
import {CODEC_TENSORS} from "./types/Codec.sol";
import {InferenceResult} from "./types/InferenceResult.sol";

/// @title Disputes
/// @notice What one transaction proves; what takes several is in `Challenges`. Anyone proves; the verdict follows from
/// signatures and computation alone. The only holder of the power to slash. Trusts `Operators`, `ModelHub` and its
/// machine.
contract Disputes is IDisputes, CoverClaims {
    constructor(IOperators operators, IModelHub hub, uint256 baseFeeCap) Challenges(operators, hub, baseFeeCap) {}

    /// @inheritdoc IDisputes
    function proveEquivocation(
        SignedResult calldata a,
        SignedResult calldata b
    ) external override returns (uint256 slashed) {
        _requireConflict(a.result, b.result);
        address signer = _signerOf(a);
        _requireOneOperator(signer, _signerOf(b));

        // First, because it says whose signer it was; `Operators` calls nobody.
        address bountyTo = _bountyOfContradictionTo();
        uint32 operatorId;
        uint16 era;
        (operatorId, era, slashed) = OPERATORS.slash(Offence.Equivocation, signer, bountyTo, address(0));
        (bytes32 key, bool isChallenged) = _markContradiction(_claimOf(operatorId, era, a.result), b.result.outputHash);
        if (bountyTo == address(this)) _holdBounty(key, isChallenged ? uint40(block.timestamp) + CHALLENGE_PERIOD : 0);
        emit EquivocationProved(
            operatorId,
            a.result.release,
            key,
            a.result.outputHash,
            b.result.outputHash,
            msg.sender,
            slashed
        );
    }

    /// @inheritdoc IDisputes
    function proveWrongOutput(
        SignedResult calldata signed,
        bytes calldata input
    ) external override returns (uint256 slashed) {
        _requireLive(signed.result.validUntil);
        bytes32 graphRoot = _requireExact(signed.result);
        bytes32 inputHash = keccak256(input);
        require(inputHash == signed.result.inputHash, InputsDiffer(signed.result.inputHash, inputHash));
        address signer = _signerOf(signed);
        (uint32 operatorId, uint16 era) = OPERATORS.slashableOperatorOf(signer);
        Claim memory claim = _claimOf(operatorId, era, signed.result);
        uint256 gasAtStart = gasleft();
        bytes32 rightOutputHash = _rightOutputHash(graphRoot, claim.codec, input);
        require(!_isRight(claim.outputHash, rightOutputHash), OutputRight(rightOutputHash));

        bytes32 key = claim.keyOf();
        if (_isChallenged(key)) {
            uint256 gasUsed = gasAtStart - gasleft();
            gasAtStart += CALLDATA_GAS * input.length;
            slashed = _overtake(key, claim, rightOutputHash, gasUsed, gasAtStart);
        } else slashed = _punish(key, _rightKeyOf(claim, rightOutputHash), signer);
        emit WrongOutputProved(
            claim.operatorId,
            claim.release,
            key,
            claim.outputHash,
            rightOutputHash,
            msg.sender,
            slashed
        );
    }

    /// @inheritdoc IDisputes
    function isPunished(bytes32 key) external view override returns (bool) {
        return _isPunished(key);
    }

    /// @inheritdoc IDisputes
    function isProvedWrong(bytes32 key) external view override returns (bool) {
        return _isProvedWrong(key);
    }

    /// @dev A contradiction that punished this lie already had its bounty; where that waits, it waits under the lie's
    /// key as well from here on.
    function _punish(bytes32 key, bytes32 rightKey, address signer) private returns (uint256 slashed) {
        Finding finding = _markWrong(key, rightKey);
        require(finding != Finding.Known, AlreadyPunished(key));
        if (finding == Finding.Owed) _shareBounty(rightKey, key);
        if (finding != Finding.New) return 0;
        address bountyTo = _bountyTo();
        (, , slashed) = OPERATORS.slash(Offence.WrongOutput, signer, bountyTo, address(0));
        if (bountyTo == address(this)) _holdBounty(key, 0);
    }

    /// @return zero where no output is right
    function _rightOutputHash(bytes32 graphRoot, uint8 codec, bytes calldata input) private view returns (bytes32) {
        if (codec != CODEC_TENSORS) return 0;
        try MACHINE.evaluate(graphRoot, input) returns (bytes memory output) {
            return keccak256(output);
        } catch (bytes memory reason) {
            _requireInputInvalid(reason);
            return 0;
        }
    }

    /// @dev Exact arithmetic leaves one right output; floats need one context besides, since honest machines may
    /// differ.
    function _requireConflict(InferenceResult calldata a, InferenceResult calldata b) private view {
        // Once each, since what an error would carry is read whether it occurs or not. 250 gas.
        uint40 validUntil = a.validUntil;
        uint40 otherUntil = b.validUntil;
        if (otherUntil < validUntil) validUntil = otherUntil;
        (uint8 codec, uint8 otherCodec) = (a.codec, b.codec);
        _requireLive(validUntil);
        require(a.release == b.release, ReleasesDiffer(a.release, b.release));
        require(codec == otherCodec, CodecsDiffer(codec, otherCodec));
        require(a.inputHash == b.inputHash, InputsDiffer(a.inputHash, b.inputHash));
        require(a.outputHash != b.outputHash, OutputsSame(a.outputHash));
        require(
            (a.context == b.context && a.context != 0) || _isExact(a.release, validUntil),
            ContextsDiffer(a.context, b.context)
        );
    }

    /// @dev Two signers of one operator, before and after a rotation, are one author; each must still be slashable, or
    /// an old stolen key could contradict what the present one signs.
    function _requireOneOperator(address a, address b) private view {
        if (a == b) return;
        (uint32 operatorId, ) = OPERATORS.slashableOperatorOf(a);
        (uint32 other, ) = OPERATORS.slashableOperatorOf(b);
        require(operatorId == other, OperatorsDiffer(operatorId, other));
    }
}
