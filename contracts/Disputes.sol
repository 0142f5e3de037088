// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenges} from "./disputes/Challenges.sol";
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
contract Disputes is IDisputes, Challenges {
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
        address bountyTo = _bountyTo();
        uint32 operatorId;
        (operatorId, slashed) = OPERATORS.slash(Offence.Equivocation, signer, bountyTo, address(0));
        bytes32 key = _markEquivocation(_claimOf(operatorId, a.result), b.result.outputHash);
        _keepBounty(key, bountyTo);
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
        _requireLive(signed.result);
        bytes32 graphRoot = _requireExact(signed.result);
        bytes32 inputHash = keccak256(input);
        require(inputHash == signed.result.inputHash, InputsDiffer(signed.result.inputHash, inputHash));
        address signer = _signerOf(signed);
        Claim memory claim = _claimOf(OPERATORS.slashableOperatorOf(signer), signed.result);
        bytes32 rightOutputHash = _rightOutputHash(graphRoot, claim.codec, input);
        require(!_isRight(claim.outputHash, rightOutputHash), OutputRight(rightOutputHash));

        (bytes32 key, bool isNew) = _markWrong(claim, rightOutputHash);
        require(isNew, AlreadyPunished(key));
        address bountyTo = _bountyTo();
        (, slashed) = OPERATORS.slash(Offence.WrongOutput, signer, bountyTo, address(0));
        _keepBounty(key, bountyTo);
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
        _requireLive(a.validUntil < b.validUntil ? a : b);
        require(a.release == b.release, ReleasesDiffer(a.release, b.release));
        require(a.codec == b.codec, CodecsDiffer(a.codec, b.codec));
        require(a.inputHash == b.inputHash, InputsDiffer(a.inputHash, b.inputHash));
        require(a.outputHash != b.outputHash, OutputsSame(a.outputHash));
        require(
            (a.context == b.context && a.context != 0) || _isExact(a.validUntil < b.validUntil ? a : b),
            ContextsDiffer(a.context, b.context)
        );
    }

    /// @dev Two signers of one operator, before and after a rotation, are one author; each must still be slashable, or
    /// an old stolen key could contradict what the present one signs.
    function _requireOneOperator(address a, address b) private view {
        if (a == b) return;
        uint32 operatorId = OPERATORS.slashableOperatorOf(a);
        uint32 other = OPERATORS.slashableOperatorOf(b);
        require(operatorId == other, OperatorsDiffer(operatorId, other));
    }
}
