// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {
    IInferenceRequests,
    LaneRecord,
    RequestDescription,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {IModelHub, ReleaseContent, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {IProofSettlement} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Delivery, Request} from "../../../contracts/types/Request.sol";
import {RequestId} from "../../../contracts/types/RequestId.sol";
import {RequestsFixture} from "./RequestsFixture.sol";

contract RequestTest is RequestsFixture {
    bytes internal constant INPUT = "canonical input";

    function setUp() public override {
        super.setUp();
        _deposit(user, 100 ether);
    }

    function test_revertsWhenNewWorkIsPaused() public {
        vm.prank(guardian);
        ITimedPause(address(requests)).pause(1 days);
        uint40 until = uint40(block.timestamp) + 1 days;
        _expectRefused(_terms(1), abi.encodeWithSelector(ITimedPause.NewWorkPaused.selector, until));
    }

    function test_revertsWhenTheReleaseIsUnknown() public {
        RequestTerms memory terms = _terms(1);
        terms.release = ReleaseId.wrap(keccak256("nowhere"));
        _expectRefused(terms, abi.encodeWithSelector(IModelHub.ReleaseUnknown.selector, terms.release));
    }

    function test_revertsWhenTheReleaseWasYankedSevenDaysAgo() public {
        uint40 since = uint40(block.timestamp);
        vm.prank(publisher);
        hub.setStatus(release, ReleaseStatus.Yanked);
        skip(7 days - 1);
        _request(_terms(1));
        skip(1);
        _expectRefused(_terms(2), abi.encodeWithSelector(IModelHub.ReleaseYanked.selector, release, since));
    }

    function test_revertsWhenTheLaneIsBusy() public {
        RequestTerms memory terms = _callbackTerms(1);
        Request memory opened = _open(user, terms, INPUT);
        _expectRefused(terms, _laneBusy(RequestState.Open));
        _accept(operator, opened);
        _expectRefused(terms, _laneBusy(RequestState.Accepted));
    }

    function test_revertsWhenTheLaneWaitsForItsCallback() public {
        RequestTerms memory terms = _callbackTerms(1);
        terms.delivery = Delivery.AfterWindow;
        _fulfil(operator, _open(user, terms, INPUT), OUTPUT);
        _expectRefused(terms, _laneBusy(RequestState.Undelivered));
    }

    function test_revertsWhenTheModeIsNotOffered() public {
        RequestTerms memory terms = _terms(1);
        terms.mode = uint8(Mode.ZK);
        _expectRefused(terms, abi.encodeWithSelector(IInferenceRequests.ModeNotOffered.selector, release, Mode.ZK));
    }

    function test_revertsWhenTheModeHasNoVerifier() public {
        RequestTerms memory terms = _terms(1);
        terms.release = _publish(_content(), ROYALTY, 0, Mode.TEE.bit());
        terms.mode = uint8(Mode.TEE);
        _expectRefused(terms, abi.encodeWithSelector(IProofSettlement.ModeNotSupported.selector, Mode.TEE));
    }

    function testFuzz_revertsWhenTheModeIsUnknown(uint8 mode) public {
        RequestTerms memory terms = _terms(1);
        terms.mode = uint8(bound(mode, uint8(type(Mode).max) + 1, 63));
        _expectRefused(terms, abi.encodeWithSelector(IInferenceRequests.ModeUnknown.selector, terms.mode));
    }

    function testFuzz_rule32_aDemandForKeysIsMet(uint8 seed) public {
        vm.mockCall(address(settlement), abi.encodeCall(settlement.isSupported, (Mode.ZK)), abi.encode(true));
        (KeyOrigin origin, KeyOrigin least) = (KeyOrigin(1 + (seed & 3) % 3), KeyOrigin((seed >> 2) & 3));
        RequestTerms memory terms = _terms(1);
        terms.release = _publishProved(origin);
        terms.mode = uint8(Mode.ZK) | least.demand();
        if (origin < least) {
            _expectRefused(
                terms,
                abi.encodeWithSelector(IModelHub.KeyOriginTooLow.selector, terms.release, origin, least)
            );
            terms.mode = uint8(Mode.ZK);
        }
        RequestDescription memory opened = requests.describe(_open(user, terms, INPUT));
        assertEq(uint8(opened.mode), uint8(Mode.ZK));
    }

    function test_rule32_aDemandForKeysIsNotMetByAReleaseWithoutAny() public {
        RequestTerms memory terms = _terms(1);
        terms.mode = uint8(Mode.VANILLA) | KeyOrigin.Single.demand();
        _expectRefused(
            terms,
            abi.encodeWithSelector(IModelHub.KeyOriginTooLow.selector, release, KeyOrigin.None, KeyOrigin.Single)
        );
    }

    function _publishProved(KeyOrigin origin) private returns (ReleaseId) {
        ReleaseContent memory content = _content();
        content.exact.zkVerifier = address(this);
        content.exact.zkKeyDigest = keccak256("key");
        content.exact.zkKeyOrigin = origin;
        return _publish(content, ROYALTY, 0, Mode.ZK.bit());
    }

    function test_revertsWhenTheCodecIsUnknown() public {
        RequestTerms memory terms = _terms(1);
        terms.codec = 2;
        _expectRefused(terms, abi.encodeWithSelector(IInferenceRequests.CodecUnknown.selector, 2));
    }

    function test_revertsWhenTheDeadlineIsOutOfBounds() public {
        RequestTerms memory terms = _terms(1);
        terms.fullFeeUntil = uint40(block.timestamp);
        terms.deadline = uint40(block.timestamp);
        _expectRefused(terms, _deadlineOutOfBounds(terms.deadline));
        terms.deadline = uint40(block.timestamp + 30 days + 1);
        _expectRefused(terms, _deadlineOutOfBounds(terms.deadline));
        terms.deadline = type(uint40).max;
        _expectRefused(terms, _deadlineOutOfBounds(terms.deadline));
        terms.deadline = uint40(block.timestamp + 30 days);
        _request(terms);
    }

    function test_revertsWhenTheFeeCurveIsInvalid() public {
        RequestTerms memory terms = _terms(1);
        terms.fullFeeUntil = uint40(block.timestamp - 1);
        _expectRefused(terms, _feeCurveInvalid(terms));
        terms.fullFeeUntil = terms.deadline + 1;
        _expectRefused(terms, _feeCurveInvalid(terms));
        terms.fullFeeUntil = terms.deadline;
        _request(terms);
    }

    function test_revertsWhenTheAcceptPeriodIsTooLong() public {
        RequestTerms memory terms = _terms(1);
        terms.acceptPeriod = 1 days + 1;
        _expectRefused(
            terms,
            abi.encodeWithSelector(IInferenceRequests.AcceptPeriodOutOfBounds.selector, terms.acceptPeriod, 1 days)
        );
    }

    function test_revertsWhenTheCallbackTakesTooMuchGas() public {
        RequestTerms memory terms = _terms(1);
        terms.callbackGas = 2_000_001;
        _expectRefused(
            terms,
            abi.encodeWithSelector(IInferenceRequests.CallbackGasOutOfBounds.selector, 2_000_001, 2_000_000)
        );
    }

    function test_revertsWhenDeliveryIsToWaitAndThereIsNoCallback() public {
        RequestTerms memory terms = _terms(1);
        terms.delivery = Delivery.AfterWindow;
        _expectRefused(terms, abi.encodeWithSelector(IInferenceRequests.DeliveryWithoutCallback.selector));
    }

    function test_revertsWhenTheInputIsTooLarge() public {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.InputTooLarge.selector, 65_537, 65_536));
        vm.prank(user);
        requests.request(_terms(1), new bytes(65_537));
        vm.prank(user);
        requests.request(_terms(1), new bytes(65_536));
    }

    function test_revertsWhenAnAmountIsNotInWholeGrains() public {
        RequestTerms memory terms = _terms(1);
        terms.fee = FEE + 1;
        _expectRefused(terms, abi.encodeWithSelector(NotWholeGrains.selector, terms.fee));
        terms.fee = type(uint256).max;
        _expectRefused(terms, abi.encodeWithSelector(NotWholeGrains.selector, terms.fee));
        terms.fee = FEE;
        terms.minStake = type(uint256).max;
        _expectRefused(terms, abi.encodeWithSelector(NotWholeGrains.selector, terms.minStake));
    }

    function test_revertsWhenTheBalanceIsTooLow() public {
        RequestTerms memory terms = _terms(1);
        terms.fee = 100 ether + GRAIN;
        _expectRefused(
            terms,
            abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, user, 100 ether, 100 ether + GRAIN)
        );
    }

    function test_opensARequest() public {
        RequestTerms memory terms = _callbackTerms(7);
        terms.operatorId = operator.id;
        Request memory opened = _open(user, terms, INPUT);

        assertState(opened, RequestState.Open);
        assertEq(requests.balanceOf(user), 100 ether - FEE);
        assertEq(opened.inputHash, keccak256(INPUT));
        assertEq(opened.release, release);
        RequestDescription memory told = requests.describe(opened);
        assertEq(told.requester, user);
        assertEq(told.lane, 7);
        assertEq(told.nonce, 0);
        assertEq(told.fee, FEE);
        assertEq(told.royalty, ROYALTY);
        assertEq(told.minStake, RELEASE_MIN_STAKE);
        assertEq(told.operatorId, operator.id);
        assertEq(told.openedAt, block.timestamp);
        LaneRecord memory record = requests.laneOf(user, 7);
        assertEq(record.commitment, uint208(uint256(RequestId.unwrap(requests.idOf(opened)))));
        assertEq(record.nonce, 0);
    }

    function test_emitsAndReturnsTheId() public {
        RequestTerms memory terms = _terms(7);
        uint256 snapshot = vm.snapshotState();
        Request memory opened = _open(user, terms, INPUT);
        vm.revertToState(snapshot);

        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestOpened(requests.idOf(opened), user, release, opened, INPUT);
        vm.prank(user);
        assertEq(requests.request(terms, INPUT), requests.idOf(opened));
    }

    function test_countsTheRequestsOfALane() public {
        for (uint40 nonce; nonce < 4; ++nonce) {
            Request memory opened = _open(user, _terms(1), INPUT);
            assertEq(opened.origin.nonce(), nonce);
            if (nonce % 2 == 0) {
                _fulfil(operator, opened, OUTPUT);
            } else {
                skip(MIN_OPEN_TIME);
                vm.prank(user);
                requests.cancel(opened);
            }
        }
        assertEq(uint256(requests.stateOf(user, 1, 2)), uint256(RequestState.None));
    }

    function test_takesTheHighestMinimumStake() public {
        RequestTerms memory terms = _terms(1);
        terms.minStake = RELEASE_MIN_STAKE + GRAIN;
        assertEq(_request(terms).price.minStake(), terms.minStake);
        terms = _terms(2);
        terms.release = _publish(ROYALTY, 0);
        assertEq(_request(terms).price.minStake(), MINIMUM_STAKE);
    }

    function test_opensWithoutAFeeWhereNoRoyaltyIsAsked() public {
        RequestTerms memory terms = _terms(1);
        terms.release = _publish(0, 0);
        terms.fee = 0;
        Request memory opened = _request(terms);
        _fulfil(operator, opened, OUTPUT);
        assertState(opened, RequestState.Fulfilled);
        assertEq(requests.earningsOf(operator.id, terms.release).unripe, 0);
    }

    /// Whose lane it is decides, so nobody can block another's.
    function test_rule11_lanesOfOthersAreApart() public {
        _request(_terms(1));
        Request memory other = _openFor(stranger, _terms(1));
        assertState(other, RequestState.Open);
        assertEq(requests.balanceOf(user), 100 ether - FEE);
    }

    function test_rule13_feeCoversRoyaltyAndProtocolFee() public {
        RequestTerms memory terms = _terms(1);
        // 5 % of the fee and a royalty of 0.01 OPG: 10,527 grains leave 10,000.65.
        terms.fee = 10_526 * GRAIN;
        _expectRefused(
            terms,
            abi.encodeWithSelector(IInferenceRequests.FeeTooLow.selector, terms.fee, ROYALTY, 526_300_000_000_000)
        );
        terms.fee = 10_527 * GRAIN;
        _request(terms);
    }

    function testFuzz_rule13_feeCoversRoyaltyAndProtocolFee(uint256 fee, uint256 royalty) public {
        fee = bound(fee, 0, 1e9) * GRAIN;
        royalty = bound(royalty, 0, 1e9) * GRAIN;
        RequestTerms memory terms = _terms(1);
        terms.release = _publish(royalty, 0);
        terms.fee = fee;
        _deposit(user, fee + GRAIN);
        uint256 protocolFee = (fee * PROTOCOL_FEE_BPS) / 10_000;
        if (fee < royalty + protocolFee) {
            _expectRefused(
                terms,
                abi.encodeWithSelector(IInferenceRequests.FeeTooLow.selector, fee, royalty, protocolFee)
            );
        } else {
            _request(terms);
        }
    }

    function testFuzz_describesWhatWasAskedFor(
        uint32 lane,
        uint32 operatorId,
        uint256 amounts,
        uint256 times,
        uint32 callbackGas,
        bool waits,
        bytes memory input
    ) public {
        RequestTerms memory terms = _terms(lane);
        terms.operatorId = operatorId;
        terms.fee = bound(amounts >> 128, 11_000, 1e8) * GRAIN;
        terms.minStake = bound(uint128(amounts), 0, 1e15) * GRAIN;
        terms.deadline = uint40(bound(uint40(times), block.timestamp + 1, block.timestamp + 30 days));
        terms.fullFeeUntil = uint40(bound(uint40(times >> 40), block.timestamp, terms.deadline));
        terms.acceptPeriod = uint32(bound(uint40(times >> 80), 0, 1 days));
        terms.callbackGas = uint32(bound(callbackGas, 1, 2_000_000));
        terms.delivery = waits ? Delivery.AfterWindow : Delivery.AtFulfilment;
        RequestDescription memory told = requests.describe(_open(user, terms, input));

        assertEq(told.requester, user);
        assertEq(told.lane, terms.lane);
        assertEq(uint256(told.mode), uint256(terms.mode));
        assertEq(told.codec, terms.codec);
        assertEq(told.inputHash, keccak256(input));
        assertEq(told.fee, terms.fee);
        assertEq(told.royalty, ROYALTY);
        assertEq(told.minStake, terms.minStake > RELEASE_MIN_STAKE ? terms.minStake : RELEASE_MIN_STAKE);
        assertEq(told.operatorId, terms.operatorId);
        assertEq(told.openedAt, block.timestamp);
        assertEq(told.fullFeeUntil, terms.fullFeeUntil);
        assertEq(told.deadline, terms.deadline);
        assertEq(told.acceptPeriod, terms.acceptPeriod);
        assertEq(told.callbackGas, terms.callbackGas);
        assertEq(uint256(told.delivery), uint256(terms.delivery));
    }

    function _request(RequestTerms memory terms) private returns (Request memory) {
        return _open(user, terms, INPUT);
    }

    function _expectRefused(RequestTerms memory terms, bytes memory problem) private {
        vm.expectRevert(problem);
        vm.prank(user);
        requests.request(terms, INPUT);
    }

    function _laneBusy(RequestState state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IInferenceRequests.LaneBusy.selector, user, 1, state);
    }

    function _deadlineOutOfBounds(uint40 deadline) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IInferenceRequests.DeadlineOutOfBounds.selector,
                deadline,
                block.timestamp + 1,
                block.timestamp + 30 days
            );
    }

    function _feeCurveInvalid(RequestTerms memory terms) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IInferenceRequests.FeeCurveInvalid.selector, terms.fullFeeUntil, terms.deadline);
    }
}
