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
import {Mark, QuestionWord} from "../types/QuestionWord.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @title Verdicts
/// @notice Owns which claims were punished. Every lie about an input is punished once an era, whatever it was proved
/// with. Trusts `Operators` and `ModelHub`.
/// @dev A contradiction punishes the higher of its two outputs, so of n outputs n − 1, in whatever pairs and order they
/// are proved. Where the right one is among them, its slash is owed to an output that is not, and the next that is
/// computed gets it: there are never more slashes than wrong outputs, and one for each in the end.
abstract contract Verdicts is Bounties, ResultDomain {
    /// What a computed verdict finds about the claim.
    enum Finding {
        New,
        /// Punished in place of the right output.
        Owed,
        /// Punished for a contradiction.
        Contradicted,
        Known
    }

    IModelHub public immutable HUB;
    uint256 private immutable _window;

    /// @dev By the upper 152 bits of a key.
    mapping(uint256 question => QuestionWord word) private _questions;
    /// @dev Of all answers but the first that was punished.
    mapping(bytes32 key => Mark mark) private _laterMarks;

    constructor(IOperators operators, IModelHub hub) Bounties(operators) ResultDomain(operators) {
        HUB = hub;
        _window = operators.disputeWindow();
    }

    function _isPunished(bytes32 key) internal view returns (bool) {
        QuestionWord word = _wordOf(key);
        return _isComputedRight(word, key) ? word.isOwing() : _markOf(word, key) != Mark.None;
    }

    function _isProvedWrong(bytes32 key) internal view returns (bool) {
        return _markOf(_wordOf(key), key) == Mark.Wrong;
    }

    /// @return true while a challenge of any answer to the question may be open
    function _isQuestionChallenged(bytes32 key) internal view returns (bool) {
        return block.timestamp < _wordOf(key).challengedUntil();
    }

    /// @param until timestamp from which the challenge is over
    /// @return key of the claim
    /// @return isContradicted true where a contradiction punished it
    function _markChallenge(Claim memory claim, uint40 until) internal returns (bytes32 key, bool isContradicted) {
        key = claim.keyOf();
        QuestionWord word = _wordOf(key);
        require(!_isComputedRight(word, key), IDisputes.OutputRight(claim.outputHash));
        Mark mark = _markOf(word, key);
        require(mark != Mark.Wrong, IDisputes.AlreadyPunished(key));
        isContradicted = mark == Mark.Contradicted;
        _questions[_questionOf(key)] = word.withChallenge(until);
    }

    /// @param claim with either output
    /// @return key of the claim that is punished: with the higher output, unless that is known to be right
    /// @return isChallenged as `_isQuestionChallenged`
    function _markContradiction(
        Claim memory claim,
        bytes32 otherOutputHash
    ) internal returns (bytes32 key, bool isChallenged) {
        bool isHigher = claim.outputHash > otherOutputHash;
        key = claim.keyWith(isHigher ? claim.outputHash : otherOutputHash);
        QuestionWord word = _wordOf(key);
        // Nothing is known, as mostly. 200 gas.
        if (QuestionWord.unwrap(word) == 0) {
            _questions[_questionOf(key)] = word.withFirst(_answerOf(key), Mark.Contradicted);
            return (key, false);
        }
        if (_isComputedRight(word, key)) key = claim.keyWith(isHigher ? otherOutputHash : claim.outputHash);
        // Owing: the slash for the right output stands for this one.
        bool isKnown = word.isOwing() || _markOf(word, key) != Mark.None;
        require(!isKnown, IDisputes.AlreadyPunished(key));
        _questions[_questionOf(key)] = _withMark(word, key, word.isDecided() ? Mark.Wrong : Mark.Contradicted);
        isChallenged = block.timestamp < word.challengedUntil();
    }

    /// @param key of the claim
    /// @param rightKey of the right one; zero where none is
    function _markWrong(bytes32 key, bytes32 rightKey) internal returns (Finding finding) {
        QuestionWord word = _wordOf(key);
        if (!word.isDecided()) {
            bool isOwing = rightKey != 0 && _markOf(word, rightKey) != Mark.None;
            word = word.decide(_answerOf(rightKey)).withOwing(isOwing);
        }
        Mark mark = _markOf(word, key);
        if (mark != Mark.None) finding = mark == Mark.Wrong ? Finding.Known : Finding.Contradicted;
        else if (word.isOwing()) (finding, word) = (Finding.Owed, word.withOwing(false));
        _questions[_questionOf(key)] = _withMark(word, key, Mark.Wrong);
    }

    /// @dev Follows `_markWrong`, where there was nothing to slash.
    function _unmark(bytes32 key) internal {
        _questions[_questionOf(key)] = _withMark(_wordOf(key), key, Mark.None);
    }

    /// @param rightOutputHash zero where no output is right
    function _rightKeyOf(Claim memory claim, bytes32 rightOutputHash) internal pure returns (bytes32) {
        return rightOutputHash == 0 ? bytes32(0) : claim.keyWith(rightOutputHash);
    }

    /// @dev Anything can be signed for a hash, also the zero that stands for no right output.
    function _isRight(bytes32 outputHash, bytes32 rightOutputHash) internal pure returns (bool) {
        return rightOutputHash != 0 && outputHash == rightOutputHash;
    }

    function _requireLive(uint256 validUntil) internal view {
        uint256 endedAt = validUntil + _window;
        require(block.timestamp <= endedAt, IDisputes.EvidenceExpired(endedAt));
    }

    /// @dev What was signed while a release counted as approximate is never measured by exact arithmetic.
    function _isExact(ReleaseId release, uint40 validUntil) internal view returns (bool) {
        (, uint40 exactFrom) = HUB.exactGraphOf(release);
        return exactFrom != 0 && validUntil > exactFrom;
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

    /// @dev Field by field, since a struct that is put together elsewhere is allocated twice. 130 gas.
    function _claimOf(
        uint32 operatorId,
        uint16 era,
        InferenceResult calldata result
    ) internal pure returns (Claim memory claim) {
        (claim.operatorId, claim.era, claim.release) = (operatorId, era, result.release);
        (claim.codec, claim.inputHash, claim.outputHash) = (result.codec, result.inputHash, result.outputHash);
    }

    function _wordOf(bytes32 key) private view returns (QuestionWord) {
        return _questions[_questionOf(key)];
    }

    /// @dev Without a first mark there is no later one.
    function _markOf(QuestionWord word, bytes32 key) private view returns (Mark) {
        uint104 first = word.first();
        if (first == 0) return Mark.None;
        return first == _answerOf(key) ? word.mark() : _laterMarks[key];
    }

    function _withMark(QuestionWord word, bytes32 key, Mark mark) private returns (QuestionWord) {
        uint104 first = word.first();
        if (first == 0 || first == _answerOf(key)) return word.withFirst(_answerOf(key), mark);
        _laterMarks[key] = mark;
        return word;
    }

    function _isComputedRight(QuestionWord word, bytes32 key) private pure returns (bool) {
        return word.isDecided() && word.right() == _answerOf(key);
    }

    function _questionOf(bytes32 key) private pure returns (uint256) {
        return uint256(key) >> 104;
    }

    function _answerOf(bytes32 key) private pure returns (uint104) {
        return uint104(uint256(key));
    }
}
