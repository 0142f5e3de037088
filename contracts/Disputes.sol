// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ResultDomain} from "./ResultDomain.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IModelHub} from "./interfaces/IModelHub.sol";
import {IOperators, Offence} from "./interfaces/IOperators.sol";
import {SignedResult} from "./interfaces/IProofSettlement.sol";
import {ResultSignatures} from "./libraries/ResultSignatures.sol";
import {InferenceResult} from "./types/InferenceResult.sol";

/// @title Disputes
/// @notice Owns what was punished already. Anyone proves; the verdict follows from signatures alone. The only holder
/// of the power to slash. Trusts `Operators` and `ModelHub`.
contract Disputes is IDisputes, ResultDomain {
    IOperators public immutable OPERATORS;
    IModelHub public immutable HUB;
    uint256 private immutable _window;

    mapping(bytes32 key => bool punished) public override isPunished;

    constructor(IOperators operators, IModelHub hub) ResultDomain(operators) {
        OPERATORS = operators;
        HUB = hub;
        _window = operators.disputeWindow();
    }

    /// @inheritdoc IDisputes
    function proveEquivocation(
        SignedResult calldata a,
        SignedResult calldata b
    ) external override returns (uint256 slashed) {
        _requireConflict(a.result, b.result);
        address signer = _signerOf(a);
        uint32 operatorId = _requireOneOperator(signer, _signerOf(b));
        bytes32 key = _keyOf(operatorId, a.result, b.result.outputHash);
        require(!isPunished[key], AlreadyPunished(key));

        isPunished[key] = true;
        slashed = OPERATORS.slash(signer, Offence.Equivocation, msg.sender, address(0));
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

    /// @dev Exact arithmetic leaves one right output; floats need one context besides, since honest machines may
    /// differ.
    function _requireConflict(InferenceResult calldata a, InferenceResult calldata b) private view {
        uint256 endedAt = (a.validUntil < b.validUntil ? a.validUntil : b.validUntil) + _window;
        require(block.timestamp <= endedAt, EvidenceExpired(endedAt));
        require(a.release == b.release, ReleasesDiffer(a.release, b.release));
        require(a.codec == b.codec, CodecsDiffer(a.codec, b.codec));
        require(a.inputHash == b.inputHash, InputsDiffer(a.inputHash, b.inputHash));
        require(a.outputHash != b.outputHash, OutputsSame(a.outputHash));
        require(
            (a.context == b.context && a.context != 0) || HUB.isExact(a.release),
            ContextsDiffer(a.context, b.context)
        );
    }

    /// @dev Two signers of one operator, before and after a rotation, are one author; each must still be slashable, or
    /// an old stolen key could contradict what the present one signs.
    function _requireOneOperator(address a, address b) private view returns (uint32 operatorId) {
        operatorId = OPERATORS.slashableOperatorOf(a);
        if (a == b) return operatorId;
        uint32 other = OPERATORS.slashableOperatorOf(b);
        require(operatorId == other, OperatorsDiffer(operatorId, other));
    }

    /// @dev Of n different outputs n − 1 are wrong at the least. Marking the higher of a pair punishes all but the
    /// lowest once each, in whatever pairs and order they are proved.
    function _keyOf(uint32 operatorId, InferenceResult calldata a, bytes32 outputHashB) private pure returns (bytes32) {
        bytes32 marked = a.outputHash > outputHashB ? a.outputHash : outputHashB;
        return keccak256(abi.encode(operatorId, a.release, a.codec, a.inputHash, marked));
    }

    function _signerOf(SignedResult calldata signed) private view returns (address) {
        bytes32 digest = ResultSignatures.memberDigest(_domainSeparator(), signed.result.structHash(), signed.path);
        return ResultSignatures.recover(digest, signed.signature);
    }
}
