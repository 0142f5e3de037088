// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

contract InferTest is PipeFixture {
    function test_answersAndChargesTheBudget() public {
        bytes memory results = _usual();
        vm.expectEmit(address(pipe));
        emit IPipe.ResultsLoaded(operator.signer, user, results);
        vm.expectEmit(address(pipe));
        emit IPipe.Inferred(address(consumer), release, INPUT);
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), results));

        assertTrue(success);
        assertEq(consumer.answers(0), ANSWER);
        assertEq(pipe.budgetOf(user, address(consumer)).balance, 10 ether - FEE);
        assertEq(money.earningsOf(operator.id, release).unripe, FEE);
    }

    function test_revertsWithTheQueryWhenNothingIsCarried() public {
        _expectFailure(user, address(consumer), _ask(), _missing(user, address(consumer), INPUT));
    }

    function test_takesAChainInTwoBundles() public {
        bytes memory results = bytes.concat(
            _usual(),
            _bundle(user, address(consumer), _item(abi.encode(ANSWER), keccak256("second")))
        );
        (bool success, ) = _send(
            user,
            address(consumer),
            _carry(abi.encodeCall(CarryingConsumer.askChain, (release, INPUT)), results)
        );
        assertTrue(success);
        assertEq(consumer.answers(0), keccak256("second"));
    }

    function testFuzz_keepsOutputsOfAnyLength(uint16 length) public {
        bytes memory output = new bytes(bound(length, 0, 3000));
        for (uint256 i; i < output.length; ++i) output[i] = bytes1(uint8(i + 1));
        Item[] memory items = _items(_itemOf(INPUT, output));
        bytes memory callData = abi.encodeCall(CarryingConsumer.askAny, (consumer.queryOf(release, INPUT)));
        (bool success, bytes memory data) = _send(
            user,
            address(consumer),
            _carry(callData, _bundle(user, address(consumer), items))
        );
        assertTrue(success);
        assertEq(data, abi.encode(output));
    }

    function test_revertsWhenFeeIsAboveTheMaximum() public {
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].fee = 1 ether + GRAIN;
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), _bundle(user, address(consumer), items)),
            abi.encodeWithSelector(IPipe.FeeAboveMaximum.selector, 1 ether + GRAIN, 1 ether)
        );
    }

    function test_revertsWhenFeeDoesNotCoverTheRoyalty() public {
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].fee = ROYALTY;
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), _bundle(user, address(consumer), items)),
            abi.encodeWithSelector(IPipe.ResultFeeTooLow.selector, ROYALTY, ROYALTY, ROYALTY / 20)
        );
    }

    function test_revertsWhenStakeModeOrOperatorWillNotDo() public {
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        query.minStake = STAKE + GRAIN;
        _refused(query, abi.encodeWithSelector(IPipe.StakeBelowMinimum.selector, STAKE, query.minStake));
        query.minStake = STAKE;
        query.modes = 6;
        _refused(query, abi.encodeWithSelector(IPipe.ModeNotAllowed.selector, 0, 6));
        query.modes = 1;
        query.operatorId = operator.id + 1;
        _refused(query, abi.encodeWithSelector(IPipe.OperatorNotChosen.selector, operator.id, operator.id + 1));
    }

    function test_revertsWhenPaused() public {
        vm.prank(guardian);
        ITimedPause(address(pipe)).pause(1 hours);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), _usual()),
            abi.encodeWithSelector(ITimedPause.NewWorkPaused.selector, block.timestamp + 1 hours)
        );
    }

    function test_revertsWhenBudgetIsTooLow() public {
        vm.prank(user);
        pipe.drainBudget(address(consumer), 10 ether);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), _usual()),
            abi.encodeWithSelector(IPipe.BudgetTooLow.selector, user, consumer, 0, FEE)
        );
    }

    function test_revertsWhenMoreThanABlockMayCostIsSpent() public {
        vm.prank(user);
        pipe.fundBudget(address(consumer), 0, FEE);
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), _usual()));
        assertTrue(success);
        bytes memory other = abi.encodeCall(CarryingConsumer.ask, (release, 0, "other"));
        bytes memory results = _bundle(user, address(consumer), _item("other", ANSWER));
        _expectFailure(
            user,
            address(consumer),
            _carry(other, results),
            abi.encodeWithSelector(IPipe.BlockLimitReached.selector, user, consumer, 0, FEE)
        );
        vm.roll(block.number + 1);
        (success, ) = _send(user, address(consumer), _carry(other, results));
        assertTrue(success);
    }

    /// A loaded result answers, whatever else is carried, and that is not even looked at.
    function test_takesALoadedResultBeforeACarriedOne() public {
        _preload(user, _bundle(user, address(consumer), _item(INPUT, ANSWER)));
        uint256 before = _spendable(user);
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), "noise"));
        assertTrue(success);
        assertEq(consumer.answers(0), ANSWER);
        assertEq(_spendable(user), before);
    }

    /// The result for the consumer goes before the one for any consumer.
    function test_takesItsOwnResultBeforeASharedOne() public {
        _preload(user, _bundle(user, address(0), _item(INPUT, keccak256("shared"))));
        _preload(user, _bundle(user, address(consumer), _item(INPUT, ANSWER)));
        _send(user, address(consumer), _ask());
        assertEq(consumer.answers(0), ANSWER);
    }

    function test_logsItsInputOnce() public {
        _send(user, address(consumer), _carry(_ask(), _usual()));
        vm.recordLogs();
        _send(user, address(consumer), _ask());
        assertEq(consumer.answers(0), ANSWER);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_revertsWhenTheCodecIsUnknown() public {
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        query.codec = 2;
        bytes memory callData = abi.encodeCall(CarryingConsumer.askAny, (query));
        bytes memory problem = abi.encodeWithSelector(IPipe.CodecUnknown.selector, 2);
        _expectFailure(user, address(consumer), callData, problem);
        _expectFailure(user, address(consumer), _carry(callData, _usual()), problem);
    }

    /// Free results, where a release asks nothing, need no budget and take none.
    function test_chargesNothingForAFreeResult() public {
        Item[] memory items = _item(INPUT, ANSWER);
        (items[0].release, items[0].fee) = (_publish(0, RELEASE_MIN_STAKE), 0);
        InferenceQuery memory query = consumer.queryOf(items[0].release, INPUT);
        query.maxFee = 0;
        bytes memory callData = abi.encodeCall(CarryingConsumer.askAny, (query));
        bytes memory results = _bundle(stranger, address(consumer), items);
        (bool success, ) = _send(stranger, address(consumer), _carry(callData, results));
        assertTrue(success);
        assertEq(_spendable(stranger), 0);
    }

    function _refused(InferenceQuery memory query, bytes memory problem) private {
        bytes memory callData = abi.encodeCall(CarryingConsumer.askAny, (query));
        _expectFailure(user, address(consumer), _carry(callData, _usual()), problem);
    }
}
