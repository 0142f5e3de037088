// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "./ReleaseId.sol";

/// @notice What an operator answers for: that this is the release's output for this input.
struct Claim {
    uint32 operatorId;
    ReleaseId release;
    uint8 codec;
    /// keccak256 of the encoded input.
    bytes32 inputHash;
    /// keccak256 of the output that was signed.
    bytes32 outputHash;
}

using {keyOf, withOutput, commitmentOf} for Claim global;

/// @notice A claim is punished once under its key, however often it was signed.
function keyOf(Claim memory self) pure returns (bytes32 key) {
    // Bounds: five words in memory, which are `abi.encode(self)` already.
    assembly ("memory-safe") {
        key := keccak256(self, 160)
    }
}

/// @notice The same question with another answer.
function withOutput(Claim memory self, bytes32 outputHash) pure returns (Claim memory) {
    return Claim(self.operatorId, self.release, self.codec, self.inputHash, outputHash);
}

/// @notice What `challenger` commits to before it accuses. The output is left out: an equivocation and a wrong output
/// are two proofs of one fault.
function commitmentOf(Claim memory self, address challenger, bytes32 salt) pure returns (bytes32) {
    return keccak256(abi.encode(self.operatorId, self.release, self.codec, self.inputHash, challenger, salt));
}
