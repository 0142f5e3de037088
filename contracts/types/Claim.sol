// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "./ReleaseId.sol";

/// @notice What an operator answers for: that this is the release's output for this input.
struct Claim {
    uint32 operatorId;
    /// The operator's when it was accused: what was punished in one era can be punished again in the next.
    uint16 era;
    ReleaseId release;
    uint8 codec;
    /// keccak256 of the encoded input.
    bytes32 inputHash;
    /// keccak256 of the output that was signed.
    bytes32 outputHash;
}

using {keyOf, keyWith, commitmentOf} for Claim global;

/// @notice A claim is punished once under its key, however often it was signed. The upper 152 bits are the question's,
/// the lower 104 the answer's, so that all answers to one question are found in one place.
/// @dev With question = keccak256(abi.encode(operatorId, era, release, codec, inputHash)), they are those of the
/// question and of keccak256(abi.encode(question, outputHash)). An output that passes for another takes 2^104 hashes; a
/// pair of lies that pass for each other 2^52, and all they gain is to be punished as one.
function keyOf(Claim memory self) pure returns (bytes32 key) {
    key = self.keyWith(self.outputHash);
}

/// @notice The key of the same question with another answer.
function keyWith(Claim memory self, bytes32 outputHash) pure returns (bytes32 key) {
    // Bounds: five words in memory, which are `abi.encode` of the question already, and scratch space.
    assembly ("memory-safe") {
        let question := keccak256(self, 160)
        mstore(0, question)
        mstore(32, outputHash)
        key := or(shl(104, shr(104, question)), shr(152, shl(152, keccak256(0, 64))))
    }
}

/// @notice What `challenger` commits to before it accuses. Names the answer, so that nobody can commit to a question in
/// the hope of a lie.
function commitmentOf(Claim memory self, address challenger, bytes32 salt) pure returns (bytes32) {
    return keccak256(abi.encode(self.keyOf(), challenger, salt));
}
