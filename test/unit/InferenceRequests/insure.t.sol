// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICoverClaims} from "../../../contracts/interfaces/ICoverClaims.sol";
import {ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {
    Fulfilment,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {Cover, coverOf} from "../../../contracts/types/Cover.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

contract InsureRequestTest is CoverFixture {
    bytes private constant INPUT_WORD = abi.encode(bytes32("one word of input"));
    bytes private constant WRONG = "what the release does not give";

    function setUp() public override {
        super.setUp();
        _setAside(address(pipe), 10);
        _setAside(address(requests), 40);
        _deposit(user, 100 * FEE);
    }

    function test_revertsWhenTheReleaseIsApproximate() public {
        release = approximate;
        _expectRefused(
            coverOf(COVER, insured),
            abi.encodeWithSelector(IInferenceRequests.CoverNeedsExact.selector, approximate)
        );
    }

    function test_revertsWhenTheBeneficiaryCannotUseTheMoney() public {
        address[4] memory useless = [address(0), address(operators), address(requests), address(opg)];
        for (uint256 i; i < useless.length; ++i) {
            _expectRefused(
                coverOf(COVER, useless[i]),
                abi.encodeWithSelector(ICovers.BeneficiaryUnusable.selector, useless[i])
            );
        }
    }

    function test_revertsWhenTheAmountIsNone() public {
        _expectRefused(coverOf(0, insured), abi.encodeWithSelector(ICovers.CoverZero.selector));
        Cover beyond = Cover.wrap(((1e15 + 1) << 160) | uint160(insured));
        _expectRefused(beyond, abi.encodeWithSelector(NotWholeGrains.selector, (1e15 + 1) * GRAIN));
    }

    function test_reservesAtFulfilmentThroughTheSignedResult() public {
        Request memory opened = _openInsured(1, coverOf(COVER, insured));
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestInsured(requests.idOf(opened), insured, COVER);
        _fulfil(operator, opened, WRONG);
        bytes32 hash = _signedFor(opened).structHash();
        assertEq(operators.coverOf(operator.id, address(requests), hash).amount, COVER);
        assertEq(requests.describe(opened).cover, COVER);
        assertEq(requests.describe(opened).beneficiary, insured);
    }

    function test_paysALieToTheBeneficiary() public {
        Request memory opened = _openInsured(1, coverOf(COVER, insured));
        InferenceResult memory result = _signedFor(opened);
        _fulfil(operator, opened, WRONG);
        vm.expectPartialRevert(ICoverClaims.NotProvedWrong.selector);
        disputes.claimCover(operator.id, address(requests), result);
        SignedResult memory signed = _sign(operator.signerKey, result);
        disputes.proveWrongOutput(signed, INPUT_WORD);
        bytes32 key = disputes.claimCover(operator.id, address(requests), result);
        skip(UNBONDING_PERIOD);
        operators.payCover(key);
        assertEq(opg.balanceOf(insured), COVER);
    }

    function test_skipsInABatchWhatCannotBeInsured() public {
        uint256 most = (STAKE * 40 * 3) / 1000;
        Fulfilment[] memory items = new Fulfilment[](3);
        items[0] = _answer(_openInsured(1, coverOf(most, insured)), WRONG);
        items[1] = _answer(_openInsured(2, coverOf(COVER, insured)), WRONG);
        items[2] = _answer(_openInsured(3, Cover.wrap(0)), WRONG);
        _fulfil(operator, items);
        assertEq(uint8(_stateOf(items[0].request)), uint8(RequestState.Fulfilled));
        assertEq(uint8(_stateOf(items[1].request)), uint8(RequestState.Open));
        assertEq(uint8(_stateOf(items[2].request)), uint8(RequestState.Fulfilled));
        assertEq(operators.lockedBy(operator.id, address(requests)), (STAKE * 40) / 100);
    }

    function test_revertsWhenTheOnlyAnswerCannotBeInsured() public {
        _setAside(address(requests), 0);
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = _answer(_openInsured(1, coverOf(COVER, insured)), WRONG);
        uint40 validUntil = uint40(vm.getBlockTimestamp()) + MAX_VALIDITY;
        bytes memory signature = _signAnswers(operator.signerKey, items, validUntil);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.NothingFulfilled.selector, ICovers.CovererNotAllowed.selector)
        );
        requests.fulfil(items, signature, validUntil);
        assertEq(uint8(_stateOf(items[0].request)), uint8(RequestState.Open));
    }

    /// Gas is no reason to skip an answer: with any, it is fulfilled with its cover, or nothing happened.
    function testFuzz_gasThatRunsOutSkipsNothing(uint256 gas_) public {
        gas_ = bound(gas_, 60_000, 400_000);
        Fulfilment[] memory items = new Fulfilment[](2);
        items[0] = _answer(_openInsured(1, Cover.wrap(0)), WRONG);
        items[1] = _answer(_openInsured(2, coverOf(COVER, insured)), WRONG);
        uint40 validUntil = uint40(vm.getBlockTimestamp()) + MAX_VALIDITY;
        bytes memory signature = _signAnswers(operator.signerKey, items, validUntil);
        bytes memory callData = abi.encodeCall(IInferenceRequests.fulfil, (items, signature, validUntil));
        (bool success, ) = address(requests).call{gas: gas_}(callData);
        RequestState expected = success ? RequestState.Fulfilled : RequestState.Open;
        assertEq(uint8(_stateOf(items[0].request)), uint8(expected));
        assertEq(uint8(_stateOf(items[1].request)), uint8(expected));
    }

    function _openInsured(uint32 lane, Cover cover) private returns (Request memory) {
        RequestTerms memory terms = _terms(lane);
        terms.cover = cover;
        return _open(user, terms, INPUT_WORD);
    }

    function _signedFor(Request memory opened) private view returns (InferenceResult memory) {
        return _resultFor(opened, WRONG, uint40(vm.getBlockTimestamp()) + MAX_VALIDITY);
    }

    function _stateOf(Request memory opened) private view returns (RequestState) {
        return requests.stateOf(opened.origin.requester(), opened.origin.lane(), opened.origin.nonce());
    }

    function _expectRefused(Cover cover, bytes memory problem) private {
        RequestTerms memory terms = _terms(1);
        terms.cover = cover;
        vm.expectRevert(problem);
        vm.prank(user);
        requests.request(terms, INPUT_WORD);
    }
}
