// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";

import {MockAnswer, MockPipe} from "../../../contracts/consumer/MockPipe.sol";
import {ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {Cover, coverOf} from "../../../contracts/types/Cover.sol";
import {GRAIN} from "../../../contracts/types/Grain.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

/// The same insured queries to `MockPipe` and to `Pipe`: each ends in the same return data, the same error, the same
/// event, and insures as much for the same beneficiary.
contract MockPipeCoversTest is CoverFixture {
    MockPipe private mock;

    function setUp() public override {
        super.setUp();
        mock = MockPipe(deployCode("contracts/consumer/MockPipe.sol:MockPipe"));
    }

    function test_insuresAsPipeDoes() public {
        _answerBoth(address(consumer), 2 * COVER);
        assertTrue(_compare(coverOf(COVER, insured)));
        _assertInsured(COVER, insured);
        assertTrue(_compare(coverOf(COVER, insured)));
        _assertInsured(2 * COVER, insured);
        assertFalse(_compare(coverOf(GRAIN, insured)));
        _assertInsured(2 * COVER, insured);
    }

    function test_refusesAsPipeDoes() public {
        _answerBoth(address(consumer), COVER);
        assertFalse(_compare(coverOf(COVER + GRAIN, insured)));
        assertFalse(_compare(coverOf(0, insured)));
        assertFalse(_compare(coverOf(COVER, address(0))));
        assertTrue(_compare(coverOf(COVER, insured)));
    }

    /// Its amounts differ as the hash does that each knows the result by.
    function test_insuresOneBeneficiaryAsPipeDoes() public {
        _answerBoth(address(consumer), 2 * COVER);
        assertTrue(_compare(coverOf(COVER, insured)));
        InferenceQuery memory query = _insuredQuery(INPUT, coverOf(COVER, user));
        bytes memory callData = abi.encodeCall(IPipe.infer, (query, user, ""));
        (bool success, bytes memory data) = _send(address(consumer), address(pipe), callData);
        (bool mockSuccess, bytes memory mockData) = _send(address(consumer), address(mock), callData);
        assertFalse(success || mockSuccess);
        assertEq(bytes4(data), ICovers.CoverOfAnother.selector);
        assertEq(bytes4(mockData), ICovers.CoverOfAnother.selector);
        _assertInsured(COVER, insured);
    }

    function test_insuresNothingThatIsSignedForNoConsumer() public {
        _answerBoth(address(0), 0);
        assertFalse(_compare(coverOf(COVER, insured)));
    }

    function test_insuresNothingThatWasSignedWithoutCover() public {
        _answerBoth(address(consumer), 0);
        assertFalse(_compare(coverOf(COVER, insured)));
        assertFalse(_compare(coverOf(0, insured)));
    }

    function test_refusesItselfAsBeneficiary() public {
        _answerBoth(address(consumer), COVER);
        InferenceQuery memory query = _insuredQuery(INPUT, coverOf(COVER, address(mock)));
        vm.expectRevert(abi.encodeWithSelector(ICovers.BeneficiaryUnusable.selector, address(mock)));
        vm.prank(address(consumer));
        mock.infer(query, user, "");
    }

    function test_refusesUnpaidReadsAsPipeDoes() public {
        vm.txGasPrice(0);
        InferenceQuery memory query = _insuredQuery(INPUT, coverOf(COVER, insured));
        assertFalse(_compareCalls(abi.encodeCall(IPipe.read, (query, ""))));
        assertFalse(_compareCalls(abi.encodeCall(IPipe.query, (query))));
    }

    function test_forgetsCoversWithTheirAnswers() public {
        _answerBoth(address(consumer), COVER);
        assertTrue(_compare(coverOf(COVER, insured)));
        mock.forget();
        (uint256 amount, ) = mock.coverOf(user, address(consumer), release, INPUT);
        assertEq(amount, 0);
    }

    function testFuzz_insuresAsPipeDoes(uint64[4] memory amounts, uint8 zero) public {
        _answerBoth(address(consumer), 2 * COVER);
        for (uint256 i; i < amounts.length; ++i) {
            uint256 amount = (uint256(amounts[i]) * GRAIN) % (2 * COVER);
            amount -= amount % GRAIN;
            _compare(coverOf(zero % 4 == i ? 0 : amount, insured));
        }
    }

    function _answerBoth(address forWhom, uint256 maxCover) private {
        _preload(user, _bundle(user, forWhom, _items(_insurable(INPUT, ANSWER, maxCover))));
        MockAnswer memory given = MockAnswer(abi.encode(ANSWER), Mode.VANILLA, operator.id, FEE, STAKE, maxCover);
        mock.answer(user, forWhom, release, INPUT, given);
    }

    function _assertInsured(uint256 amount, address beneficiary) private view {
        (uint256 covered, address whom) = mock.coverOf(user, address(consumer), release, INPUT);
        assertEq(covered, amount);
        assertEq(whom, beneficiary);
        assertEq(_locked(), (amount * 10) / 3);
    }

    function _compare(Cover cover) private returns (bool) {
        return _compareCalls(abi.encodeCall(IPipe.infer, (_insuredQuery(INPUT, cover), user, "")));
    }

    /// @return success of both
    function _compareCalls(bytes memory callData) private returns (bool success) {
        bytes memory data;
        vm.recordLogs();
        (success, data) = _send(address(consumer), address(pipe), callData);
        (bytes32 topics, bytes memory told) = _insuredIn(vm.getRecordedLogs());
        (bool mockSuccess, bytes memory mockData) = _send(address(consumer), address(mock), callData);
        (bytes32 mockTopics, bytes memory mockTold) = _insuredIn(vm.getRecordedLogs());
        assertEq(mockSuccess, success, "one goes through");
        assertEq(mockData, data, "what they say differs");
        assertEq(mockTopics, topics);
        assertEq(mockTold, told, "what they log differs");
    }

    function _insuredIn(Vm.Log[] memory logs) private pure returns (bytes32 topics, bytes memory data) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IPipe.Insured.selector) continue;
            (topics, data) = (keccak256(abi.encode(logs[i].topics)), logs[i].data);
        }
    }
}
