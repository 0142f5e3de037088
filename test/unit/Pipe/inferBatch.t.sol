// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

contract InferBatchTest is PipeFixture {
    function test_answersABatchAndReportsAllThatIsMissing() public {
        bytes[] memory inputs = new bytes[](3);
        Item[] memory items = new Item[](3);
        InferenceQuery[] memory queries = new InferenceQuery[](3);
        for (uint256 i; i < 3; ++i) {
            inputs[i] = abi.encode(i);
            items[i] = _itemOf(inputs[i], abi.encode(i + 7));
            queries[i] = consumer.queryOf(release, inputs[i]);
        }
        bytes memory ask = abi.encodeCall(CarryingConsumer.askBatch, (release, inputs));
        _expectFailure(
            user,
            address(consumer),
            ask,
            abi.encodeWithSelector(IPipe.InferenceRequired.selector, user, address(consumer), queries)
        );
        (bool success, ) = _send(user, address(consumer), _carry(ask, _bundle(user, address(consumer), items)));
        assertTrue(success);
        for (uint256 i; i < 3; ++i) assertEq(consumer.answers(i), bytes32(i + 7));
        assertEq(pipe.budgetOf(user, address(consumer)).balance, 10 ether - 3 * FEE);
    }

    /// What is loaded is not asked for again.
    function test_reportsOnlyWhatIsMissing() public {
        _preload(user, _bundle(user, address(consumer), _item("a", ANSWER)));
        bytes[] memory inputs = new bytes[](3);
        (inputs[0], inputs[1], inputs[2]) = (bytes("b"), "a", "c");
        InferenceQuery[] memory missing = new InferenceQuery[](2);
        (missing[0], missing[1]) = (consumer.queryOf(release, "b"), consumer.queryOf(release, "c"));
        _expectFailure(
            user,
            address(consumer),
            abi.encodeCall(CarryingConsumer.askBatch, (release, inputs)),
            abi.encodeWithSelector(IPipe.InferenceRequired.selector, user, address(consumer), missing)
        );
    }

    function test_chargesARepeatedQueryOnce() public {
        bytes[] memory inputs = new bytes[](3);
        (inputs[0], inputs[1], inputs[2]) = (INPUT, INPUT, INPUT);
        bytes memory ask = abi.encodeCall(CarryingConsumer.askBatch, (release, inputs));
        (bool success, ) = _send(user, address(consumer), _carry(ask, _usual()));
        assertTrue(success);
        for (uint256 i; i < 3; ++i) assertEq(consumer.answers(i), ANSWER);
        assertEq(_spendable(user), 100 ether - FEE);
    }

    /// One that does not do undoes the whole batch.
    function test_revertsWholeWhenOneResultCostsTooMuch() public {
        bytes[] memory inputs = new bytes[](2);
        (inputs[0], inputs[1]) = (bytes("a"), "b");
        Item[] memory items = new Item[](2);
        (items[0], items[1]) = (_itemOf("a", abi.encode(ANSWER)), _itemOf("b", abi.encode(ANSWER)));
        items[1].fee = 1 ether + GRAIN;
        bytes memory ask = abi.encodeCall(CarryingConsumer.askBatch, (release, inputs));
        _expectFailure(
            user,
            address(consumer),
            _carry(ask, _bundle(user, address(consumer), items)),
            abi.encodeWithSelector(IPipe.FeeAboveMaximum.selector, 1 ether + GRAIN, 1 ether)
        );
        _expectFailure(user, address(consumer), _ask(), _missing(user, address(consumer), INPUT));
    }

    function test_answersNothingWithNothing() public {
        vm.prank(address(consumer));
        assertEq(pipe.inferBatch(new InferenceQuery[](0), user, "").length, 0);
    }

    function test_revertsWhenACodecIsUnknown() public {
        InferenceQuery[] memory queries = new InferenceQuery[](2);
        (queries[0], queries[1]) = (consumer.queryOf(release, "a"), consumer.queryOf(release, "b"));
        queries[1].codec = 0;
        vm.expectRevert(abi.encodeWithSelector(IPipe.CodecUnknown.selector, 0));
        vm.prank(address(consumer));
        pipe.inferBatch(queries, user, "");
    }
}
