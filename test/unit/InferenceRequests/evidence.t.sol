// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";
import {Fulfilment, IInferenceRequests, RequestTerms} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {Conduct, HostileConsumer} from "../../../contracts/mocks/HostileConsumer.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestId} from "../../../contracts/types/RequestId.sol";
import {Bundles} from "../support/Bundles.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

/// Rule 9: this reader has the logs of `requests` and nothing else: no calldata, no traces, no storage.
contract EvidenceTest is RequestsFixture {
    /// What one `fulfil` signed, as the logs tell it.
    struct Bundle {
        address signer;
        uint40 validUntil;
        bytes signature;
        bytes32[] leaves;
        InferenceResult[] results;
    }

    mapping(RequestId id => Request) private _opened;
    mapping(RequestId id => bytes) private _inputs;
    Vm.Log[] private _logs;

    function setUp() public override {
        super.setUp();
        vm.recordLogs();
    }

    function test_rule09_rebuildsASingleResult() public {
        Request memory opened = _openRecorded(1);
        _send(_signed(operator, opened));
        _keepLogs();
        _expectRebuilt(1, 1);
    }

    function testFuzz_rule09_rebuildsBundlesWithSkippedMembers(uint256 count, uint256 spoiled) public {
        count = bound(count, 2, 12);
        Fulfilment[] memory items = new Fulfilment[](count);
        for (uint32 i; i < count; ++i) items[i] = _answer(_openRecorded(i), abi.encode("output", i));
        uint256 left = count;
        for (uint256 i; i + 1 < count; ++i) {
            if ((spoiled >> i) & 1 == 0) continue;
            items[i].request.inputHash = keccak256("another input");
            --left;
        }
        _send(_signed(operator, items));
        _keepLogs();
        _expectRebuilt(1, left);
    }

    /// A callback that answers something else itself puts a second bundle into the same transaction.
    function test_rule09_rebuildsAnswersInsideAnswers() public {
        HostileConsumer consumer = _consumer(Conduct.Obey);
        Request memory inner = _openRecorded(1);
        SignedAnswers memory answers = _signed(rival, inner);
        consumer.plan(
            abi.encodeCall(IInferenceRequests.fulfil, (answers.items, answers.signature, answers.validUntil))
        );
        Fulfilment[] memory items = new Fulfilment[](3);
        items[0] = _answer(_openCalledBack(address(consumer), 1, 2_000_000), "first");
        items[1] = _answer(_openRecorded(2), "second");
        items[2] = _answer(_openRecorded(3), "third");
        _send(_signed(operator, items));
        _keepLogs();
        _expectRebuilt(2, 4);
    }

    /// What the logs give is what `Disputes` takes: a second signed output slashes.
    function test_rule09_logsAreEnoughToSlash() public {
        Request memory opened = _openRecorded(1);
        Fulfilment[] memory items = new Fulfilment[](3);
        items[0] = _answer(opened, OUTPUT);
        items[1] = _answer(_openRecorded(2), OUTPUT);
        items[2] = _answer(_openRecorded(3), OUTPUT);
        _send(_signed(operator, items));
        _keepLogs();
        Bundle memory bundle = _bundles()[0];
        SignedResult memory logged = SignedResult(
            bundle.results[0],
            Bundles.pathOf(bundle.leaves, 0),
            bundle.signature
        );

        InferenceResult memory lie = _resultFor(opened, "another output", bundle.validUntil);
        SignedResult memory elsewhere = _sign(operator.signerKey, lie);
        vm.prank(challenger);
        assertEq(disputes.proveEquivocation(logged, elsewhere), STAKE / 2);
    }

    function _expectRebuilt(uint256 bundleCount, uint256 resultCount) private {
        Bundle[] memory bundles = _bundles();
        assertEq(bundles.length, bundleCount);
        uint256 found;
        for (uint256 i; i < bundles.length; ++i) {
            Bundle memory bundle = bundles[i];
            bytes32 digest = keccak256(
                abi.encodePacked(hex"1901", operators.domainSeparator(), _signedStructHash(bundle.leaves))
            );
            assertEq(_recover(digest, bundle.signature), bundle.signer);
            found += bundle.results.length;
            for (uint256 j; j < bundle.results.length; ++j) {
                bytes memory input = _inputs[RequestId.wrap(bundle.results[j].context)];
                assertEq(bundle.results[j].inputHash, keccak256(input));
            }
        }
        assertEq(found, resultCount);
    }

    /// Reads the logs in order: a `ResultsSigned`, then one event for each of its members.
    function _bundles() private returns (Bundle[] memory bundles) {
        bundles = new Bundle[](0);
        for (uint256 i; i < _logs.length; ++i) {
            Vm.Log memory log = _logs[i];
            bytes32 topic = log.topics[0];
            if (topic == IInferenceRequests.RequestOpened.selector) {
                RequestId id = RequestId.wrap(log.topics[1]);
                (_opened[id], _inputs[id]) = abi.decode(log.data, (Request, bytes));
            } else if (topic == IInferenceRequests.ResultsSigned.selector) {
                bundles = _append(bundles, log);
            } else if (topic == IInferenceRequests.RequestFulfilled.selector) {
                (, bytes memory output) = abi.decode(log.data, (uint256, bytes));
                Bundle memory last = bundles[bundles.length - 1];
                InferenceResult memory result = _resultOf(log.topics[1], output, last.validUntil);
                last.leaves = _append(last.leaves, result.structHash());
                last.results = _append(last.results, result);
            } else if (topic == IInferenceRequests.FulfilmentSkipped.selector) {
                (bytes32 resultHash, ) = abi.decode(log.data, (bytes32, bytes4));
                Bundle memory last = bundles[bundles.length - 1];
                last.leaves = _append(last.leaves, resultHash);
            }
        }
    }

    function _resultOf(
        bytes32 context,
        bytes memory output,
        uint40 validUntil
    ) private view returns (InferenceResult memory) {
        Request memory opened = _opened[RequestId.wrap(context)];
        return
            InferenceResult({
                context: context,
                release: opened.release,
                mode: opened.origin.mode(),
                codec: opened.origin.codec(),
                inputHash: opened.inputHash,
                outputHash: keccak256(output),
                fee: opened.price.fee(),
                maxCover: 0,
                validUntil: validUntil
            });
    }

    function _signedStructHash(bytes32[] memory leaves) private pure returns (bytes32) {
        if (leaves.length == 1) return leaves[0];
        return keccak256(abi.encode(keccak256("InferenceBundle(bytes32 root)"), Bundles.rootOf(leaves)));
    }

    function _recover(bytes32 digest, bytes memory signature) private pure returns (address) {
        (bytes32 r, bytes32 s, uint8 v) = (bytes32(0), bytes32(0), uint8(signature[64]));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        return ecrecover(digest, v, r, s);
    }

    function _append(Bundle[] memory bundles, Vm.Log memory log) private pure returns (Bundle[] memory longer) {
        longer = new Bundle[](bundles.length + 1);
        for (uint256 i; i < bundles.length; ++i) longer[i] = bundles[i];
        Bundle memory last = longer[bundles.length];
        last.signer = address(uint160(uint256(log.topics[1])));
        (last.validUntil, last.signature) = abi.decode(log.data, (uint40, bytes));
    }

    function _append(bytes32[] memory list, bytes32 item) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i; i < list.length; ++i) longer[i] = list[i];
        longer[list.length] = item;
    }

    function _append(
        InferenceResult[] memory list,
        InferenceResult memory item
    ) private pure returns (InferenceResult[] memory longer) {
        longer = new InferenceResult[](list.length + 1);
        for (uint256 i; i < list.length; ++i) longer[i] = list[i];
        longer[list.length] = item;
    }

    function _openRecorded(uint32 lane) private returns (Request memory) {
        return _openCalledBack(user, lane, 0);
    }

    /// Not by `_open`, which takes the recorded logs away.
    function _openCalledBack(
        address requester,
        uint32 lane,
        uint32 callbackGas
    ) private returns (Request memory opened) {
        RequestTerms memory terms = _terms(lane);
        terms.callbackGas = callbackGas;
        _deposit(requester, terms.fee);
        _keepLogs();
        vm.prank(requester);
        requests.request(terms, abi.encode("input", lane));
        _keepLogs();
        (opened, ) = abi.decode(_logs[_logs.length - 1].data, (Request, bytes));
    }

    function _keepLogs() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(requests)) _logs.push(logs[i]);
        }
    }
}
