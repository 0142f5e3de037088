// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";
import {Fulfilment, IInferenceRequests} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ResultSignatures} from "../../../contracts/libraries/ResultSignatures.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Bundles} from "../support/Bundles.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract BundlesTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
    }

    function test_revertsWhenTheBundleIsEmpty() public {
        vm.expectRevert(ResultSignatures.BundleEmpty.selector);
        this.bundleDigest(new bytes32[](0));
    }

    /// Every member of bundles of all small sizes, odd ones with promoted nodes among them, and of the largest.
    function test_everyMemberFindsItsSigner() public view {
        for (uint256 size = 1; size <= 13; ++size) _requireMembers(size);
        _requireMembers(128);
    }

    /// The library that fulfilment uses and the one of these tests agree.
    function testFuzz_rootsAgree(uint256 size, uint256 seed) public view {
        size = bound(size, 1, 128);
        bytes32[] memory leaves = new bytes32[](size);
        for (uint256 i; i < size; ++i) leaves[i] = keccak256(abi.encode(seed, i));
        bytes32 structHash =
            size == 1
                ? leaves[0]
                : keccak256(abi.encode(keccak256("InferenceBundle(bytes32 root)"), Bundles.rootOf(leaves)));
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", operators.domainSeparator(), structHash));
        assertEq(this.bundleDigest(leaves), expected);
    }

    function test_equivocationOutOfTwoBundlesIsProved() public {
        SignedResult memory a = _signBundle(actor.signerKey, _results(10, "one output"))[9];
        SignedResult memory b = _signBundle(actor.signerKey, _results(7, "another output"))[6];
        b.result.inputHash = a.result.inputHash;
        vm.expectPartialRevert(IOperators.SignerUnknown.selector);
        disputes.proveEquivocation(a, b);

        InferenceResult[] memory results = _results(7, "another output");
        results[6].inputHash = a.result.inputHash;
        b = _signBundle(actor.signerKey, results)[6];
        assertEq(disputes.proveEquivocation(a, b), STAKE / 2);
    }

    function test_equivocationInsideOneBundleIsProved() public {
        InferenceResult[] memory results = _results(3, "output");
        results[2].inputHash = results[0].inputHash;
        SignedResult[] memory signed = _signBundle(actor.signerKey, results);
        assertEq(disputes.proveEquivocation(signed[0], signed[2]), STAKE / 2);
    }

    function test_aPathOfAnotherMemberDoesNotProve() public view {
        SignedResult[] memory signed = _signBundle(actor.signerKey, _results(4, "output"));
        (signed[0].path, signed[1].path) = (signed[2].path, new bytes32[](0));
        assertNotEq(settlement.signerOf(signed[0]), actor.signer);
        assertNotEq(settlement.signerOf(signed[1]), actor.signer);
    }

    /// Cutting or stretching a path would make an inner node pass for a leaf or a leaf for an inner node.
    function test_aShorterOrLongerPathDoesNotProve() public view {
        SignedResult memory signed = _signBundle(actor.signerKey, _results(8, "output"))[3];
        bytes32[] memory path = signed.path;
        for (uint256 length; length <= 5; ++length) {
            if (length == 3) continue;
            signed.path = new bytes32[](length);
            for (uint256 i; i < length && i < 3; ++i) signed.path[i] = path[i];
            assertNotEq(settlement.signerOf(signed), actor.signer);
        }
    }

    /// A result is one leaf whatever it holds: its hash is over 320 bytes, an inner node's over 64, and a bundle's
    /// struct hash, also over 64, begins with its type.
    function test_aSignatureOfOneKindNeverCountsAsAnother() public view {
        InferenceResult memory result = _results(1, "output")[0];
        SignedResult memory alone = _sign(actor.signerKey, result);
        bytes32 leaf = result.structHash();

        bytes memory asBundle = _signTyped(
            actor.signerKey,
            keccak256(abi.encode(keccak256("InferenceBundle(bytes32 root)"), leaf))
        );
        assertNotEq(settlement.signerOf(SignedResult(result, new bytes32[](0), asBundle)), actor.signer);
        assertNotEq(
            settlement.signerOf(SignedResult(result, new bytes32[](0), _consent(actor.owner, actor.signerKey))),
            actor.signer
        );
        alone.path = new bytes32[](1);
        alone.path[0] = leaf;
        assertNotEq(settlement.signerOf(alone), actor.signer);
    }

    /// From the logs of a fulfilment alone: requests, outputs, `validUntil` and signature rebuild the digest.
    function test_rule09_logsRebuildTheDigestOfABatch() public {
        Fulfilment[] memory items = new Fulfilment[](3);
        for (uint32 i; i < 3; ++i) items[i] = _answer(_openFunded(i), abi.encode("output", i));
        vm.recordLogs();
        _fulfil(actor, items);
        _requireRebuilt(items);
    }

    function test_rule09_logsRebuildTheDigestOfASingleAnswer() public {
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = _answer(_openFunded(1), "output");
        vm.recordLogs();
        _fulfil(actor, items);
        _requireRebuilt(items);
    }

    function bundleDigest(bytes32[] memory leaves) external view returns (bytes32) {
        return ResultSignatures.bundleDigest(operators.domainSeparator(), leaves);
    }

    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return ResultSignatures.recover(digest, signature);
    }

    /// `items` stand for what `RequestOpened` says of the requests; outputs and the rest come from the logs.
    function _requireRebuilt(Fulfilment[] memory items) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory leaves = new bytes32[](items.length);
        address signer;
        uint40 validUntil;
        bytes memory signature;
        uint256 count;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IInferenceRequests.ResultsSigned.selector) {
                signer = address(uint160(uint256(logs[i].topics[1])));
                (validUntil, signature) = abi.decode(logs[i].data, (uint40, bytes));
            }
            if (logs[i].topics[0] != IInferenceRequests.RequestFulfilled.selector) continue;
            (, bytes memory output) = abi.decode(logs[i].data, (uint256, bytes));
            Request memory opened = items[count].request;
            leaves[count++] = _resultFor(opened, output, validUntil).structHash();
        }
        assertEq(count, items.length);
        assertEq(signer, actor.signer);
        assertEq(this.recover(this.bundleDigest(leaves), signature), signer);
    }

    function _requireMembers(uint256 size) private view {
        SignedResult[] memory signed = _signBundle(actor.signerKey, _results(size, "output"));
        for (uint256 i; i < size; ++i) assertEq(settlement.signerOf(signed[i]), actor.signer);
    }

    /// Different inputs; the last output is the one given.
    function _results(uint256 size, bytes memory output) private view returns (InferenceResult[] memory results) {
        results = new InferenceResult[](size);
        for (uint256 i; i < size; ++i) {
            results[i] = _result(keccak256("context"), abi.encode("input", i), abi.encode(output, i));
        }
    }
}
