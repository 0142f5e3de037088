// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {RequestState} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {LaneWord, packLane} from "../../../contracts/types/LaneWord.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {
    Delivery,
    RequestOrigin,
    RequestPrice,
    RequestTimes,
    packOrigin,
    packPrice,
    packTimes
} from "../../../contracts/types/Request.sol";

/// Words hold what was put into them, whatever stands beside it.
contract PackingTest is Test {
    uint256 private constant GRAIN = 1e12;
    uint256 private constant MAX_GRAINS = 1e15;

    function testFuzz_origin(
        address requester,
        uint32 lane,
        uint40 nonce,
        uint8 mode,
        uint8 codec,
        bool waits
    ) public pure {
        mode = uint8(bound(mode, 0, 2));
        Delivery delivery = waits ? Delivery.AfterWindow : Delivery.AtFulfilment;
        RequestOrigin origin = packOrigin(requester, lane, nonce, Mode(mode), codec, delivery);
        assertEq(origin.requester(), requester);
        assertEq(origin.lane(), lane);
        assertEq(origin.laneKey(), (uint256(uint160(requester)) << 32) | lane);
        assertEq(origin.nonce(), nonce);
        assertEq(uint8(origin.mode()), mode);
        assertEq(origin.codec(), codec);
        assertEq(uint256(origin.delivery()), uint256(delivery));
    }

    function testFuzz_price(
        uint256 fee,
        uint256 royalty,
        uint256 minStake,
        uint32 operatorId,
        uint32 callbackGas
    ) public pure {
        fee = bound(fee, 0, MAX_GRAINS);
        royalty = bound(royalty, 0, MAX_GRAINS);
        minStake = bound(minStake, 0, MAX_GRAINS);
        RequestPrice price = packPrice(fee, royalty, minStake, operatorId, callbackGas);
        assertEq(price.feeGrains(), fee);
        assertEq(price.fee(), fee * GRAIN);
        assertEq(price.royaltyGrains(), royalty);
        assertEq(price.royalty(), royalty * GRAIN);
        assertEq(price.minStakeGrains(), minStake);
        assertEq(price.minStake(), minStake * GRAIN);
        assertEq(price.operatorId(), operatorId);
        assertEq(price.callbackGas(), callbackGas);
    }

    function testFuzz_times(uint40 openedAt, uint40 fullFeeUntil, uint40 deadline, uint32 acceptPeriod) public pure {
        RequestTimes times = packTimes(openedAt, fullFeeUntil, deadline, acceptPeriod);
        assertEq(times.openedAt(), openedAt);
        assertEq(times.fullFeeUntil(), fullFeeUntil);
        assertEq(times.deadline(), deadline);
        assertEq(times.acceptPeriod(), acceptPeriod);
    }

    function testFuzz_lane(bytes32 commitment, uint40 nonce, uint8 state) public pure {
        state = uint8(bound(state, 0, uint8(type(RequestState).max)));
        LaneWord lane = packLane(commitment, nonce, RequestState(state));
        assertEq(lane.commitment(), uint208(uint256(commitment)));
        assertEq(lane.nonce(), nonce);
        assertEq(uint8(lane.state()), state);
        assertTrue(lane == packLane(commitment, nonce, RequestState(state)));
        assertTrue(lane != packLane(~commitment, nonce, RequestState(state)));
    }
}
