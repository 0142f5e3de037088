// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";

import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {Bundles} from "../support/Bundles.sol";
import {EvidenceFixture} from "../support/EvidenceFixture.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

/// RULE 9: what a transaction used can be proved from its logs alone. Nothing here looks at calldata or traces.
contract PipeEvidenceTest is PipeFixture, EvidenceFixture {
    /// Of the results in the logs: by input hash, what was answered.
    mapping(bytes32 inputHash => bytes output) private _outputs;
    mapping(bytes32 inputHash => bool isEmpty) private _isEmpty;
    uint256 private _results;
    uint256 private _bundles;
    /// Inputs that the logs give for results in them.
    uint256 private _inputs;

    function setUp() public override(PipeFixture, NetworkFixture) {
        super.setUp();
    }

    function test_rule09_provesASingleResult() public {
        vm.recordLogs();
        _send(user, address(consumer), _carry(_ask(), _usual()));
        _rebuild();
        _expectRebuilt(1, 1, 1);
        assertEq(_outputs[keccak256(INPUT)], abi.encode(ANSWER));
    }

    function test_rule09_provesAPreloadedResult() public {
        vm.recordLogs();
        _preload(user, _usual());
        _send(user, address(consumer), _ask());
        _rebuild();
        _expectRebuilt(1, 1, 1);
    }

    function test_rule09_provesABundleOfAnyLength() public {
        for (uint256 count = 2; count <= 9; ++count) {
            uint256 snapshot = vm.snapshotState();
            bytes[] memory inputs = _inputsOf(count);
            bytes memory ask = abi.encodeCall(CarryingConsumer.askBatch, (release, inputs));
            bytes memory results = _bundle(user, address(consumer), _answersTo(inputs));
            vm.recordLogs();
            (bool success, ) = _send(user, address(consumer), _carry(ask, results));
            assertTrue(success);
            _rebuild();
            _expectRebuilt(1, count, count);
            vm.revertToState(snapshot);
        }
    }

    function test_rule09_provesABundleOfSeveralReleases() public {
        ReleaseId second = _publish(2 * ROYALTY, RELEASE_MIN_STAKE);
        bytes[] memory inputs = _inputsOf(4);
        Item[] memory items = _answersTo(inputs);
        items[3].release = second;
        bytes memory ask = abi.encodeCall(CarryingConsumer.askEach, (release, inputs, second));
        vm.recordLogs();
        (bool success, ) = _send(user, address(consumer), _carry(ask, _bundle(user, address(consumer), items)));
        assertTrue(success);
        _rebuild();
        _expectRebuilt(1, 4, 4);
    }

    /// Results for two consumers and for anybody, through the executor: contexts and payer come from the logs.
    function test_rule09_provesWhatAnExecutionUsed() public {
        CarryingConsumer other = _consumer(false);
        bytes memory results = bytes.concat(
            _bundle(user, address(consumer), _item("a", keccak256("A"))),
            _bundle(user, address(other), _item("b", keccak256("B"))),
            _bundle(user, address(0), _item("c", keccak256("C")))
        );
        Call[] memory calls = new Call[](3);
        calls[0] = Call(address(consumer), 0, abi.encodeCall(CarryingConsumer.ask, (release, 0, "a")));
        calls[1] = Call(address(other), 0, abi.encodeCall(CarryingConsumer.ask, (release, 0, "b")));
        calls[2] = Call(address(consumer), 0, abi.encodeCall(CarryingConsumer.ask, (release, 1, "c")));
        vm.recordLogs();
        vm.prank(user);
        pipe.execute(results, calls);
        _rebuild();
        _expectRebuilt(3, 3, 3);
        assertEq(_outputs[keccak256("b")], abi.encode(keccak256("B")));
    }

    /// Where a contract pays for its callers it is the payer that the context names.
    function test_rule09_provesWhatAPayingContractUsed() public {
        CarryingConsumer payer = _consumer(true);
        _pay(address(payer), 1 ether);
        vm.prank(address(payer));
        pipe.fundBudget(address(payer), 1 ether, 1 ether);
        bytes memory results = _bundle(address(payer), address(payer), _item(INPUT, ANSWER));
        vm.recordLogs();
        (bool success, ) = _send(stranger, address(payer), _carry(_ask(), results));
        assertTrue(success);
        _rebuild();
        _expectRebuilt(1, 1, 1);
    }

    /// A bundle that holds something loaded before is logged whole, or its signature could not be checked.
    function test_rule09_logsABundleWholeWhenPartOfItIsLoaded() public {
        bytes[] memory inputs = _inputsOf(3);
        vm.recordLogs();
        _preload(user, _bundle(user, address(consumer), _items(_itemOf(inputs[1], "first"))));
        bytes memory ask = abi.encodeCall(CarryingConsumer.askBatch, (release, inputs));
        (bool success, ) = _send(
            user,
            address(consumer),
            _carry(ask, _bundle(user, address(consumer), _answersTo(inputs)))
        );
        assertTrue(success);
        _rebuild();
        _expectRebuilt(2, 4, 3);
    }

    /// What was paid for and never used is in the logs with its signature and its output; its input by hash alone.
    function test_rule09_provesWhatWasLoadedAndNotUsed() public {
        vm.recordLogs();
        _preload(user, _usual());
        _rebuild();
        _expectRebuilt(1, 1, 0);
    }

    function testFuzz_rule09_provesAnyOutputAndProof(bytes calldata input, bytes calldata output) public {
        vm.assume(output.length < 5000);
        Item[] memory items = _items(_itemOf(input, output));
        items[0].maxCover = 3 * GRAIN;
        bytes memory ask = abi.encodeCall(CarryingConsumer.askAny, (consumer.queryOf(release, input)));
        vm.recordLogs();
        (bool success, ) = _send(user, address(consumer), _carry(ask, _bundle(user, address(consumer), items)));
        assertTrue(success);
        _rebuild();
        _expectRebuilt(1, 1, 1);
        assertEq(_outputs[keccak256(input)], output);
    }

    function _inputsOf(uint256 count) private pure returns (bytes[] memory inputs) {
        inputs = new bytes[](count);
        for (uint256 i; i < count; ++i) inputs[i] = abi.encode("input", i);
    }

    function _answersTo(bytes[] memory inputs) private view returns (Item[] memory items) {
        items = new Item[](inputs.length);
        for (uint256 i; i < inputs.length; ++i) items[i] = _itemOf(inputs[i], abi.encode("output", i));
    }

    function _expectRebuilt(uint256 bundles, uint256 results, uint256 inputs) private view {
        assertEq(_bundles, bundles, "bundles");
        assertEq(_results, results, "results");
        assertEq(_inputs, inputs, "inputs");
    }

    /// Reads the logs, and holds each signature in them against the digest that they give.
    function _rebuild() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IPipe.ResultsLoaded.selector) _rebuildBundle(logs[i]);
        }
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IPipe.Inferred.selector) continue;
            bytes32 inputHash = keccak256(abi.decode(logs[i].data, (bytes)));
            assertTrue(_outputs[inputHash].length != 0 || _isEmpty[inputHash], "used without a result");
            ++_inputs;
        }
    }

    function _rebuildBundle(Vm.Log memory log) private {
        bytes memory bundle = abi.decode(log.data, (bytes));
        address payer = address(uint160(uint256(log.topics[2])));
        uint256 count = uint8(bundle[0]);
        address consumer_ = address(uint160(_number(bundle, 1, 20)));
        uint40 validUntil = uint40(_number(bundle, 21, 5));
        bytes32 context = consumer_ == address(0) ? bytes32(0) : keccak256(abi.encode(payer, consumer_));
        bytes32[] memory leaves = new bytes32[](count);
        uint256 place = 26;
        for (uint256 i; i < count; ++i) {
            InferenceResult memory result;
            (result, place) = _rebuildResult(bundle, place);
            (result.context, result.validUntil) = (context, validUntil);
            leaves[i] = _leaf(result);
        }
        assertEq(bundle.length, place + 65, "nothing but the signature is left");
        bytes32 signed = count == 1 ? leaves[0] : _bundleHash(Bundles.rootOf(leaves));
        (bytes32 r, bytes32 s, uint8 v) = _split(_slice(bundle, place, 65));
        address signer = ecrecover(_digest(_domain(), signed), v, r, s);
        assertEq(signer, address(uint160(uint256(log.topics[1]))), "the digest is not what was signed");
        assertEq(signer, operator.signer);
        ++_bundles;
        _results += count;
    }

    function _rebuildResult(
        bytes memory bundle,
        uint256 place
    ) private returns (InferenceResult memory result, uint256 end) {
        result.release = ReleaseId.wrap(bytes32(_number(bundle, place, 32)));
        result.inputHash = bytes32(_number(bundle, place + 32, 32));
        result.mode = Mode(_number(bundle, place + 64, 1));
        result.codec = uint8(_number(bundle, place + 65, 1));
        result.fee = _number(bundle, place + 66, 7) * GRAIN;
        result.maxCover = _number(bundle, place + 73, 7) * GRAIN;
        bytes memory output = _slice(bundle, place + 86, _number(bundle, place + 80, 3));
        result.outputHash = keccak256(output);
        end = place + 86 + output.length + _number(bundle, place + 83, 3);
        if (_outputs[result.inputHash].length == 0) _outputs[result.inputHash] = output;
        _isEmpty[result.inputHash] = output.length == 0;
    }

    function _number(bytes memory data, uint256 place, uint256 size) private pure returns (uint256 number) {
        for (uint256 i; i < size; ++i) number = (number << 8) | uint8(data[place + i]);
    }

    function _slice(bytes memory data, uint256 place, uint256 size) private pure returns (bytes memory slice) {
        slice = new bytes(size);
        for (uint256 i; i < size; ++i) slice[i] = data[place + i];
    }
}
