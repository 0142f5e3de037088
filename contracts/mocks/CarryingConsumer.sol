// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PipeConsumer} from "../consumer/PipeConsumer.sol";
import {IPipe, InferenceAnswer, InferenceQuery} from "../interfaces/IPipe.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {Cover, NO_COVER, coverOf} from "../types/Cover.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @title CarryingConsumer
/// @notice The workload that gas is measured on, and that tests attack: stores the 32-byte answer to its input.
contract CarryingConsumer is PipeConsumer {
    uint256 public constant MAX_FEE = 1 ether;
    uint256 public constant COVER = 100 ether;

    /// Whether it pays for its callers.
    bool public immutable PAYS;
    mapping(uint256 slot => bytes32 answer) public answers;

    constructor(IPipe pipe, bool pays) PipeConsumer(pipe) {
        PAYS = pays;
    }

    function ask(ReleaseId release, uint256 slot, bytes calldata input) external payable {
        answers[slot] = bytes32(_infer(InferenceQuery(release, CODEC_TENSORS, NO_COVER, 1, 0, MAX_FEE, 0, input)));
    }

    /// @notice The same, insured for the caller.
    function askInsured(ReleaseId release, uint256 slot, bytes calldata input) external {
        Cover cover = coverOf(COVER, msg.sender);
        answers[slot] = bytes32(_infer(InferenceQuery(release, CODEC_TENSORS, cover, 1, 0, MAX_FEE, 0, input)));
    }

    function askAny(InferenceQuery calldata query) external returns (bytes memory) {
        return _infer(query);
    }

    function askBatch(ReleaseId release, bytes[] calldata inputs) external {
        InferenceQuery[] memory queries = new InferenceQuery[](inputs.length);
        for (uint256 i; i < inputs.length; ++i) queries[i] = queryOf(release, inputs[i]);
        bytes[] memory outputs = _inferBatch(queries);
        for (uint256 i; i < inputs.length; ++i) answers[i] = bytes32(outputs[i]);
    }

    /// @notice All inferences in one go, the last of them of another release.
    function askTogether(ReleaseId release, bytes[] calldata inputs, ReleaseId last) external {
        InferenceQuery[] memory queries = new InferenceQuery[](inputs.length);
        for (uint256 i; i < inputs.length; ++i) {
            queries[i] = InferenceQuery(release, CODEC_TENSORS, NO_COVER, 1, 0, MAX_FEE, 0, inputs[i]);
        }
        queries[inputs.length - 1].release = last;
        bytes[] memory outputs = _inferBatch(queries);
        for (uint256 i; i < inputs.length; ++i) answers[i] = bytes32(outputs[i]);
    }

    /// @notice One inference after the other, the last of them of another release.
    function askEach(ReleaseId release, bytes[] calldata inputs, ReleaseId last) external {
        for (uint256 i; i < inputs.length; ++i) {
            answers[i] = bytes32(_infer(queryOf(i + 1 == inputs.length ? last : release, inputs[i])));
        }
    }

    /// @notice The second input is the first output.
    function askChain(ReleaseId release, bytes calldata input) external {
        answers[0] = bytes32(_infer(queryOf(release, _infer(queryOf(release, input)))));
    }

    /// @notice All ones stand for an answer that it did without.
    function tryAsk(ReleaseId release, uint256 slot, bytes calldata input) external {
        (bool answered, bytes memory output) = _tryInfer(queryOf(release, input));
        answers[slot] = answered ? bytes32(output) : bytes32(type(uint256).max);
    }

    function readBoth(
        ReleaseId release,
        bytes calldata input
    ) external view returns (bytes memory first, bytes memory second) {
        InferenceAnswer memory answer = _read(queryOf(release, input));
        first = answer.output;
        second = _read(queryOf(release, first)).output;
    }

    function queryOf(ReleaseId release, bytes memory input) public pure returns (InferenceQuery memory) {
        return InferenceQuery(release, CODEC_TENSORS, NO_COVER, 1, 0, MAX_FEE, 0, input);
    }

    function _account() internal view override returns (address) {
        return PAYS ? address(this) : msg.sender;
    }
}
