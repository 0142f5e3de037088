// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";

import {MockAnswer, MockPipe} from "../../../contracts/consumer/MockPipe.sol";
import {ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {Call, IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {KeyOrigin, demandedBy} from "../../../contracts/types/KeyOrigin.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Item, PipeFixture} from "../Pipe/PipeFixture.sol";

/// The same calls to `MockPipe` and to `Pipe`: each ends in the same return data, the same error, the same log.
contract MockPipeTest is PipeFixture {
    MockPipe private mock;

    receive() external payable {}

    function setUp() public override {
        super.setUp();
        mock = MockPipe(deployCode("contracts/consumer/MockPipe.sol:MockPipe"));
        vm.txGasPrice(0);
    }

    /// What is asked and what is there vary by every part of a key and by all that a query demands.
    function testFuzz_infersAsPipeDoes(uint256 seed) public {
        _answerBoth(_oneOf(seed, "bound") ? address(consumer) : address(0));
        InferenceQuery[] memory queries = new InferenceQuery[](2);
        (queries[0], queries[1]) = (_drawQuery(seed), _drawQuery(~seed));
        address account = _oneOf(seed, "account") ? user : stranger;
        address asker = _oneOf(seed, "asker") ? address(consumer) : publisher;
        _compare(asker, abi.encodeCall(IPipe.infer, (queries[0], account, "")));
        _compare(asker, abi.encodeCall(IPipe.infer, (queries[1], account, "")));
        _compare(asker, abi.encodeCall(IPipe.inferBatch, (queries, account, "")));
    }

    /// Most draws above miss something; these all hit, and then miss in one point at a time.
    function test_infersAsPipeDoesAtEachBound() public {
        _answerBoth(address(consumer));
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        (query.maxFee, query.minStake, query.operatorId) = (FEE, STAKE, operator.id);
        assertTrue(_compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, ""))));
        query.maxFee = FEE - 1;
        assertFalse(_compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, ""))));
        (query.maxFee, query.minStake) = (FEE, STAKE + 1);
        assertFalse(_compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, ""))));
        (query.minStake, query.operatorId) = (STAKE, operator.id + 1);
        assertFalse(_compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, ""))));
        (query.operatorId, query.modes) = (0, 6);
        assertFalse(_compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, ""))));
        (query.modes, query.codec) = (7, 2);
        assertFalse(_compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, ""))));
        (query.codec, query.release) = (1, ReleaseId.wrap(keccak256("another")));
        assertFalse(_compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, ""))));
    }

    /// Proofs, with every demand for keys that a query can make of them.
    function test_rule32_meetsADemandForKeysAsPipeDoes() public {
        ReleaseId proven = _answerBothWithAProof(KeyOrigin.Ceremony);
        InferenceQuery memory query = consumer.queryOf(proven, INPUT);
        for (uint256 modes; modes < 256; ++modes) {
            query.modes = uint8(modes);
            bool success = _compare(address(consumer), abi.encodeCall(IPipe.infer, (query, user, "")));
            assertEq(success, modes & 2 != 0 && demandedBy(uint8(modes)) <= KeyOrigin.Ceremony);
        }
    }

    function testFuzz_readsAsPipeDoes(uint256 seed) public {
        mock.answer(address(0), address(0), release, INPUT, _mockAnswer());
        bytes memory carried = _bundle(address(0), address(0), _item(INPUT, ANSWER));
        InferenceQuery memory query = _drawQuery(seed);
        vm.txGasPrice(_oneOf(seed, "free") ? 0 : 1);
        _compare(stranger, abi.encodeCall(IPipe.read, (query, carried)));
        _compare(stranger, abi.encodeCall(IPipe.queryCallback, (carried, abi.encode(query))));
    }

    function test_looksUpAsPipeDoes() public {
        vm.prank(operator.owner);
        gateways.setGateway(operator.id, "https://gateway.invalid");
        bytes memory callData = abi.encodeCall(IPipe.query, (consumer.queryOf(release, INPUT)));
        (bool success, bytes memory data) = address(pipe).call(callData);
        (bool mockSuccess, bytes memory mockData) = address(mock).call(callData);
        assertFalse(success || mockSuccess);
        assertEq(_replace(mockData, address(mock), address(pipe)), data);
        vm.txGasPrice(1);
        _compare(stranger, callData);
    }

    /// A consumer's own view: no tail, no answer, no fallback.
    function test_aConsumerMissesTheSameResult() public {
        CarryingConsumer mocked = CarryingConsumer(
            deployCode("contracts/mocks/CarryingConsumer.sol:CarryingConsumer", abi.encode(address(mock), false))
        );
        (, bytes memory data) = _send(user, address(mocked), _ask());
        assertEq(data, _missing(user, address(mocked), INPUT));
        mock.answer(user, address(mocked), release, INPUT, _mockAnswer());
        (bool success, ) = _send(user, address(mocked), _ask());
        assertTrue(success);
        assertEq(mocked.answers(0), ANSWER);
        mock.forget();
        (success, data) = _send(user, address(mocked), _ask());
        assertEq(data, _missing(user, address(mocked), INPUT));
    }

    function test_keepsTheFirstAnswer() public {
        _answerBoth(address(consumer));
        MockAnswer memory another = _mockAnswer();
        another.output = "another";
        mock.answer(user, address(consumer), release, INPUT, another);
        _preload(user, _bundle(user, address(consumer), _items(_itemOf(INPUT, "another"))));
        bytes memory infer = abi.encodeCall(IPipe.infer, (consumer.queryOf(release, INPUT), user, ""));
        assertTrue(_compare(address(consumer), infer));
    }

    function testFuzz_keepsBudgetsAsPipeDoes(uint256 amount, uint256 limit, uint256 back) public {
        amount = bound(amount, 0, 50e6) * GRAIN + (amount % 3 == 0 ? 1 : 0);
        limit = bound(limit, 0, SUPPLY / GRAIN + 1) * GRAIN + (limit % 5 == 0 ? 1 : 0);
        back = bound(back, 0, 60e6) * GRAIN + (back % 3 == 0 ? 1 : 0);
        _compare(user, abi.encodeCall(IPipe.fundBudget, (stranger, amount, limit)));
        _compare(user, abi.encodeCall(IPipe.drainBudget, (stranger, back)));
        _compare(user, abi.encodeCall(IPipe.budgetOf, (user, stranger)));
        _compare(user, abi.encodeCall(IPipe.contextOf, (user, stranger)));
    }

    function test_executesAsPipeDoes() public {
        Call[] memory calls = new Call[](2);
        calls[0] = Call(stranger, 2 ether, "");
        calls[1] = Call(address(opg), 0, abi.encodeCall(opg.totalSupply, ()));
        vm.deal(address(this), 20 ether);
        bytes[] memory returned = pipe.execute{value: 5 ether}("", calls);
        bytes[] memory mockReturned = mock.execute{value: 5 ether}("", calls);
        assertEq(abi.encode(mockReturned), abi.encode(returned));
        assertEq(address(this).balance, 16 ether, "what the calls leave comes back");
        assertFalse(mock.isExecuting());
    }

    function test_refusesExecutionsAsPipeDoes() public {
        Call[] memory calls = new Call[](1);
        calls[0] = Call(stranger, 0, hex"01");
        assertFalse(_compare(user, abi.encodeCall(IPipe.execute, ("", calls))), "nothing is there");
        calls[0] = Call(address(opg), 0, abi.encodeCall(opg.transfer, (stranger, 1)));
        (bool success, ) = _send(user, address(mock), abi.encodeCall(IPipe.execute, ("", calls)));
        assertFalse(success, "the executor holds nothing");
        calls[0] = Call(address(mock), 0, abi.encodeCall(IPipe.execute, ("", new Call[](0))));
        vm.expectRevert(abi.encodeWithSelector(IPipe.ExecutionNested.selector));
        mock.execute("", calls);
        assertFalse(mock.isExecuting());
    }

    function test_takesNoBundles() public {
        bytes memory results = _usual();
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        vm.expectRevert(abi.encodeWithSelector(MockPipe.MockTakesNoBundles.selector));
        mock.preload(results);
        vm.expectRevert(abi.encodeWithSelector(MockPipe.MockTakesNoBundles.selector));
        mock.infer(query, user, results);
        vm.expectRevert(abi.encodeWithSelector(MockPipe.MockTakesNoBundles.selector));
        mock.inferBatch(new InferenceQuery[](0), user, results);
        vm.expectRevert(abi.encodeWithSelector(MockPipe.MockTakesNoBundles.selector));
        mock.execute(results, new Call[](0));
        MockAnswer memory nobodys = _mockAnswer();
        nobodys.operatorId = 0;
        vm.expectRevert(abi.encodeWithSelector(MockPipe.MockAnswerInvalid.selector));
        mock.answer(user, address(0), release, INPUT, nobodys);
    }

    function _answerBoth(address forWhom) private {
        _preload(user, _bundle(user, forWhom, _item(INPUT, ANSWER)));
        mock.answer(user, forWhom, release, INPUT, _mockAnswer());
    }

    function _answerBothWithAProof(KeyOrigin origin) private returns (ReleaseId proven) {
        ReleaseContent memory content = _content();
        (content.exact.zkVerifier, content.exact.zkKeyDigest) = (address(this), keccak256("key"));
        content.exact.zkKeyOrigin = origin;
        proven = _publish(content, ROYALTY, RELEASE_MIN_STAKE, Mode.ZK.bit());
        Item memory item = _itemOf(INPUT, abi.encode(ANSWER));
        (item.release, item.mode, item.proof) = (proven, Mode.ZK, "a proof");
        vm.mockCall(address(settlement), abi.encodeWithSelector(settlement.requireProof.selector), "");
        _preload(user, _bundle(user, address(consumer), _items(item)));
        MockAnswer memory given = _mockAnswer();
        given.mode = Mode.ZK;
        mock.answer(user, address(consumer), proven, INPUT, given);
        mock.setKeyOrigin(proven, origin);
    }

    function _mockAnswer() private view returns (MockAnswer memory) {
        return MockAnswer(abi.encode(ANSWER), Mode.VANILLA, operator.id, FEE, STAKE, 0);
    }

    function _oneOf(uint256 seed, string memory what) private pure returns (bool) {
        return uint256(keccak256(abi.encode(seed, what))) % 4 != 0;
    }

    function _drawQuery(uint256 seed) private view returns (InferenceQuery memory query) {
        query = consumer.queryOf(release, _oneOf(seed, "input") ? INPUT : bytes("another"));
        if (!_oneOf(seed, "release")) query.release = ReleaseId.wrap(bytes32(seed));
        if (!_oneOf(seed, "codec")) query.codec = uint8(seed);
        if (!_oneOf(seed, "modes")) query.modes = uint8(seed >> 8);
        if (!_oneOf(seed, "operator")) query.operatorId = uint32(seed >> 16) % 3;
        if (!_oneOf(seed, "fee")) query.maxFee = FEE - (seed % 2);
        if (!_oneOf(seed, "stake")) query.minStake = STAKE + (seed % 3) - 1;
    }

    /// @return success of both
    function _compare(address caller, bytes memory callData) private returns (bool success) {
        bytes memory data;
        bytes memory mockData;
        bool mockSuccess;
        vm.recordLogs();
        (success, data) = _send(caller, address(pipe), callData);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (mockSuccess, mockData) = _send(caller, address(mock), callData);
        Vm.Log[] memory mockLogs = vm.getRecordedLogs();
        assertEq(mockSuccess, success, "one goes through");
        assertEq(mockData, data, "what they say differs");
        assertEq(mockLogs.length, logs.length, "what they log differs");
        for (uint256 i; i < logs.length; ++i) {
            assertEq(abi.encode(mockLogs[i].topics), abi.encode(logs[i].topics));
            assertEq(mockLogs[i].data, logs[i].data);
        }
    }

    function _replace(bytes memory data, address from, address to) private pure returns (bytes memory) {
        for (uint256 i; i + 20 <= data.length; ++i) {
            bytes20 word;
            assembly ("memory-safe") {
                word := mload(add(add(data, 32), i))
            }
            if (address(word) != from) continue;
            for (uint256 j; j < 20; ++j) data[i + j] = bytes20(to)[j];
        }
        return data;
    }
}
