// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceCallback} from "../interfaces/IInferenceCallback.sol";
import {IInferenceRequests, RequestTerms} from "../interfaces/IInferenceRequests.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {NO_COVER} from "../types/Cover.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {Delivery} from "../types/Request.sol";
import {RequestId} from "../types/RequestId.sol";

/// @title MeteredConsumer
/// @notice The workload that gas is measured on: asks with fixed terms, and its callback writes the 32-byte answer to
/// a slot that the answer's last two bytes name.
contract MeteredConsumer is IInferenceCallback {
    IInferenceRequests public immutable REQUESTS;
    ReleaseId public immutable RELEASE;
    uint256 public immutable FEE;
    mapping(uint256 slot => bytes32 answer) public answers;

    error NotRequests(address caller);

    constructor(IInferenceRequests requests, ReleaseId release, uint256 fee) {
        (REQUESTS, RELEASE, FEE) = (requests, release, fee);
    }

    function ask(uint32 lane, uint32 acceptPeriod, bytes calldata input) external {
        REQUESTS.request(
            RequestTerms({
                lane: lane,
                release: RELEASE,
                mode: uint8(Mode.VANILLA),
                codec: CODEC_TENSORS,
                fee: FEE,
                fullFeeUntil: uint40(block.timestamp + 30 minutes),
                deadline: uint40(block.timestamp + 1 hours),
                acceptPeriod: acceptPeriod,
                minStake: 0,
                operatorId: 0,
                callbackGas: 60_000,
                delivery: Delivery.AtFulfilment,
                cover: NO_COVER
            }),
            input
        );
    }

    function onInference(RequestId, bytes calldata output) external override {
        require(msg.sender == address(REQUESTS), NotRequests(msg.sender));
        answers[uint16(uint256(bytes32(output)))] = bytes32(output);
    }
}
