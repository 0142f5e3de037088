// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPipe, InferenceAnswer, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {PipeConsumer} from "../../../contracts/consumer/PipeConsumer.sol";
import {PipeFixture} from "./PipeFixture.sol";

contract QueryTest is PipeFixture {
    string internal constant URL = "https://node.example/v1/gateway";

    function setUp() public override {
        super.setUp();
        vm.prank(operator.owner);
        gateways.setGateway(operator.id, URL);
        vm.txGasPrice(0);
    }

    function test_looksUpAtTheGatewaysThatCouldServe() public {
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        bytes memory encoded = abi.encode(query);
        vm.expectRevert(_lookup(address(pipe), encoded, IPipe.queryCallback.selector, encoded));
        pipe.query(query);
    }

    function test_answersFromAResultOfNoContext() public view {
        bytes memory response = _bundle(address(0), address(0), _item(INPUT, ANSWER));
        InferenceAnswer memory answer = pipe.queryCallback(response, abi.encode(consumer.queryOf(release, INPUT)));
        assertEq(answer.output, abi.encode(ANSWER));
        assertEq(answer.operatorId, operator.id);
        assertEq(answer.stake, STAKE);
    }

    function test_rule34_rethrowsTheLookupAsTheConsumerAndResumes() public {
        bytes memory call_ = abi.encodeCall(CarryingConsumer.readBoth, (release, INPUT));
        bytes memory encoded = abi.encode(consumer.queryOf(release, INPUT));
        vm.expectRevert(_lookup(address(consumer), encoded, PipeConsumer.resumeRead.selector, call_));
        consumer.readBoth(release, INPUT);

        bytes memory first = _bundle(address(0), address(0), _item(INPUT, ANSWER));
        bytes memory next = abi.encode(consumer.queryOf(release, abi.encode(ANSWER)));
        vm.expectRevert(_lookup(address(consumer), next, PipeConsumer.resumeRead.selector, _carry(call_, first)));
        consumer.resumeRead(first, call_);

        bytes memory second = _bundle(address(0), address(0), _item(abi.encode(ANSWER), keccak256("second")));
        bytes memory resume = abi.encodeCall(PipeConsumer.resumeRead, (second, _carry(call_, first)));
        (bool success, bytes memory data) = address(consumer).staticcall(resume);
        assertTrue(success);
        assertEq(data, abi.encode(abi.encode(ANSWER), abi.encode(keccak256("second"))));
    }

    function test_revertsWhenReadInATransaction() public {
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        vm.txGasPrice(1);
        vm.expectRevert(IPipe.ReadInTransaction.selector);
        pipe.read(query, "");
        vm.expectRevert(IPipe.ReadInTransaction.selector);
        pipe.query(query);
    }

    function test_revertsWhenTheResultIsBoundToAConsumer() public {
        bytes memory response = _bundle(address(0), address(consumer), _item(INPUT, ANSWER));
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        vm.expectRevert(abi.encodeWithSelector(IPipe.ConsumerMismatch.selector, consumer, address(0)));
        pipe.read(query, response);
    }

    function test_revertsWhenNobodyServes() public {
        vm.prank(operator.owner);
        gateways.setGateway(operator.id, "");
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        vm.expectRevert(abi.encodeWithSelector(IPipe.NobodyServes.selector, release));
        pipe.query(query);
    }

    function _lookup(
        address sender,
        bytes memory data,
        bytes4 callback,
        bytes memory extra
    ) private pure returns (bytes memory) {
        string[] memory urls = new string[](1);
        urls[0] = URL;
        return abi.encodeWithSelector(IPipe.OffchainLookup.selector, sender, urls, data, callback, extra);
    }
}
