// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PipeConsumer} from "../consumer/PipeConsumer.sol";
import {IPipe, InferenceQuery} from "../interfaces/IPipe.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @title MeteredPipeConsumer
/// @notice The workload that gas is measured on: asks inside the call, and writes the 32-byte answer to a slot.
contract MeteredPipeConsumer is PipeConsumer {
    uint256 public immutable MAX_FEE;
    mapping(uint256 slot => bytes32 answer) public answers;

    constructor(IPipe pipe, uint256 maxFee) PipeConsumer(pipe) {
        MAX_FEE = maxFee;
    }

    function ask(ReleaseId release, bytes calldata input, uint256 slot) external {
        answers[slot] = bytes32(_infer(_query(release, input)));
    }

    /// @notice Several answers, folded into one word, so that what more of them cost is their own.
    function askMany(ReleaseId[] calldata releases, bytes[] calldata inputs, uint256 slot) external {
        bytes32 folded;
        for (uint256 i; i < inputs.length; ++i) folded ^= bytes32(_infer(_query(releases[i], inputs[i])));
        answers[slot] = folded;
    }

    function _query(ReleaseId release, bytes calldata input) private view returns (InferenceQuery memory) {
        return InferenceQuery(release, CODEC_TENSORS, 1, 0, MAX_FEE, 0, input);
    }
}
