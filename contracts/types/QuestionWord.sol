// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What is proved of an answer.
enum Mark {
    None,
    /// Punished for contradicting another answer; should it be right, in place of one that is not.
    Contradicted,
    /// Computed to be wrong, and punished.
    Wrong
}

/// @notice All that is known of a question to one operator, in the slot that a proof writes anyway: owing 1 | decided 1
/// | mark 2 | challengedUntil 40 | right 104 | first 104, from bit 251 down. `first` is the first answer that was
/// punished, with its mark; `right` the computed one. Both are the lower 104 bits of their claims' keys.
type QuestionWord is uint256;

using {
    first,
    mark,
    right,
    challengedUntil,
    isDecided,
    isOwing,
    withFirst,
    decide,
    withOwing,
    withChallenge
} for QuestionWord global;

function first(QuestionWord self) pure returns (uint104) {
    return uint104(QuestionWord.unwrap(self));
}

function right(QuestionWord self) pure returns (uint104) {
    return uint104(QuestionWord.unwrap(self) >> 104);
}

/// @notice Timestamp from which no challenge of any answer is open.
function challengedUntil(QuestionWord self) pure returns (uint40) {
    return uint40(QuestionWord.unwrap(self) >> 208);
}

function mark(QuestionWord self) pure returns (Mark) {
    return Mark((QuestionWord.unwrap(self) >> 248) & 3);
}

/// @notice True once the right answer was computed, or that there is none.
function isDecided(QuestionWord self) pure returns (bool) {
    return QuestionWord.unwrap(self) & (1 << 250) != 0;
}

/// @notice True while the slash that a contradiction brought upon the right answer stands for no wrong one.
function isOwing(QuestionWord self) pure returns (bool) {
    return QuestionWord.unwrap(self) & (1 << 251) != 0;
}

function withFirst(QuestionWord self, uint104 answer, Mark mark_) pure returns (QuestionWord) {
    uint256 others = QuestionWord.unwrap(self) & ~((3 << 248) | uint256(type(uint104).max));
    return QuestionWord.wrap(others | (uint256(mark_) << 248) | answer);
}

/// @notice Once.
/// @param answer zero where none is right
function decide(QuestionWord self, uint104 answer) pure returns (QuestionWord) {
    return QuestionWord.wrap(QuestionWord.unwrap(self) | (1 << 250) | (uint256(answer) << 104));
}

function withOwing(QuestionWord self, bool isOwing_) pure returns (QuestionWord) {
    uint256 others = QuestionWord.unwrap(self) & ~uint256(1 << 251);
    return QuestionWord.wrap(isOwing_ ? others | (1 << 251) : others);
}

function withChallenge(QuestionWord self, uint40 until) pure returns (QuestionWord) {
    uint256 others = QuestionWord.unwrap(self) & ~(uint256(type(uint40).max) << 208);
    return QuestionWord.wrap(others | (uint256(until) << 208));
}
