// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PipeConsumer} from "../consumer/PipeConsumer.sol";
import {IPipe, InferenceQuery} from "../interfaces/IPipe.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {NO_COVER} from "../types/Cover.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @notice Asks a model twice in one transaction, the second time about its first answer, and keeps what it said.
contract ChainedConsumer is PipeConsumer {
    ReleaseId public immutable RELEASE;
    mapping(bytes32 inputHash => bytes answer) public answers;
    uint256 public answered;

    constructor(IPipe pipe, ReleaseId release) PipeConsumer(pipe) {
        RELEASE = release;
    }

    /// @notice Two inferences, the second on the first one's output.
    function ask(bytes calldata input) external {
        bytes memory first = _infer(_query(input));
        answers[keccak256(input)] = _infer(_query(first));
        ++answered;
    }

    /// @notice One unpaid inference.
    function peek(bytes calldata input) external view returns (bytes memory) {
        return _read(_query(input)).output;
    }

    function _query(bytes memory input) private view returns (InferenceQuery memory) {
        return InferenceQuery(RELEASE, CODEC_TENSORS, NO_COVER, 1, 0, type(uint256).max, 0, input);
    }
}
