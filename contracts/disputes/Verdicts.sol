// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bounties} from "./Bounties.sol";
import {ResultDomain} from "../ResultDomain.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {IModelHub} from "../interfaces/IModelHub.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {SignedResult} from "../interfaces/IProofSettlement.sol";
import {ResultSignatures} from "../libraries/ResultSignatures.sol";
import {Claim} from "../types/Claim.sol";
import {InferenceResult} from "../types/InferenceResult.sol";

/// @title Verdicts
/// @notice Owns which claims were punished. Every lie about an input is punished once, whatever it was proved with.
/// Trusts `Operators` and `ModelHub`.
abstract contract Verdicts is Bounties, ResultDomain {
    /// Proved wrong by computation.
    bytes32 private constant WRONG = bytes32(uint256(1));
    /// Proved right by computation, where a lower output was proved wrong.
    bytes32 private constant RIGHT = bytes32(uint256(2));

    IModelHub public immutable HUB;
    uint256 private immutable _window;

    /// @dev Of an equivocation the higher output is marked, with the hash of the lower: one of them is wrong, and
    /// should the higher turn out to be right, then it was the lower that was punished.
    mapping(bytes32 key => bytes32 mark) private _marks;

    constructor(IOperators operators, IModelHub hub) Bounties(operators) ResultDomain(operators) {
        HUB = hub;
        _window = operators.disputeWindow();
    }

    function _isPunished(bytes32 key) internal view returns (bool) {
        bytes32 mark = _marks[key];
        return mark != 0 && mark != RIGHT;
    }

    function _requireUnjudged(Claim memory claim) internal view returns (bytes32 key) {
        key = claim.keyOf();
        require(_marks[key] != RIGHT, IDisputes.OutputRight(claim.outputHash));
        require(_marks[key] == 0, IDisputes.AlreadyPunished(key));
    }

    /// @dev Of n different outputs n − 1 are wrong at the least. Marking the higher of a pair punishes all but the
    /// lowest once each, in whatever pairs and order they are proved. An output that was proved right is no longer
    /// marked: who contradicts it is proved wrong by computation.
    /// @param claim with either output
    /// @return key of the claim with the higher output
    function _markEquivocation(Claim memory claim, bytes32 otherOutputHash) internal returns (bytes32 key) {
        bytes32 lower = otherOutputHash;
        if (claim.outputHash < lower) (claim.outputHash, lower) = (lower, claim.outputHash);
        key = claim.keyOf();
        require(_marks[key] == 0, IDisputes.AlreadyPunished(key));
        // Anything can be signed for a hash, also what has a meaning here.
        _marks[key] = uint256(lower) > uint256(RIGHT) ? lower : WRONG;
    }

    /// @dev Anything can be signed for a hash, also the zero that stands for no right output.
    function _isRight(bytes32 outputHash, bytes32 rightOutputHash) internal pure returns (bool) {
        return rightOutputHash != 0 && outputHash == rightOutputHash;
    }

    /// @param rightOutputHash zero where no output is right
    /// @return key of the claim
    /// @return isNew false when the lie was punished before
    function _markWrong(Claim memory claim, bytes32 rightOutputHash) internal returns (bytes32 key, bool isNew) {
        if (rightOutputHash != 0) _markRight(claim, rightOutputHash);
        key = claim.keyOf();
        isNew = _marks[key] == 0;
        if (isNew) _marks[key] = WRONG;
    }

    function _unmark(bytes32 key) internal {
        delete _marks[key];
    }

    function _requireLive(InferenceResult calldata result) internal view {
        uint256 endedAt = result.validUntil + _window;
        require(block.timestamp <= endedAt, IDisputes.EvidenceExpired(endedAt));
    }

    /// @dev What was signed while a release counted as approximate is never measured by exact arithmetic.
    function _isExact(InferenceResult calldata result) internal view returns (bool) {
        (, uint40 exactFrom) = HUB.exactGraphOf(result.release);
        return exactFrom != 0 && result.validUntil > exactFrom;
    }

    function _requireExact(InferenceResult calldata result) internal view returns (bytes32 graphRoot) {
        uint40 exactFrom;
        (graphRoot, exactFrom) = HUB.exactGraphOf(result.release);
        require(exactFrom != 0 && result.validUntil > exactFrom, IDisputes.ResultNotExact(result.release, exactFrom));
    }

    function _signerOf(SignedResult calldata signed) internal view returns (address) {
        bytes32 digest = ResultSignatures.memberDigest(_domainSeparator(), signed.result.calldataHash(), signed.path);
        return ResultSignatures.recover(digest, signed.signature);
    }

    function _claimOf(uint32 operatorId, InferenceResult calldata result) internal pure returns (Claim memory) {
        return Claim(operatorId, result.release, result.codec, result.inputHash, result.outputHash);
    }

    /// @dev Down the chain of equivocations from the right output, each marked output answers for itself; what the mark
    /// on the right one punished is the first without a mark.
    function _markRight(Claim memory claim, bytes32 rightOutputHash) private {
        bytes32 key = claim.withOutput(rightOutputHash).keyOf();
        bytes32 mark = _marks[key];
        if (mark == RIGHT) return;
        if (uint256(mark) <= uint256(RIGHT)) {
            // A lower output alone could have the right one marked in its place. 22,000 gas.
            if (claim.outputHash < rightOutputHash) _marks[key] = RIGHT;
            return;
        }
        _marks[key] = RIGHT;
        do {
            key = claim.withOutput(mark).keyOf();
            mark = _marks[key];
        } while (uint256(mark) > uint256(RIGHT));
        if (mark == 0) _marks[key] = WRONG;
    }
}
