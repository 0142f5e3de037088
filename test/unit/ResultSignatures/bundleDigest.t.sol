// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ResultSignatures} from "../../../contracts/libraries/ResultSignatures.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Bundles} from "../support/Bundles.sol";
import {EvidenceFixture} from "../support/EvidenceFixture.sol";

/// Takes the library's calls to where a revert can be expected.
contract BundleDigestCaller {
    function digestOf(bytes32 domain, bytes32[] memory leaves) external pure returns (bytes32) {
        return ResultSignatures.bundleDigest(domain, leaves);
    }
}

contract BundleDigestTest is EvidenceFixture {
    BundleDigestCaller private caller;
    address private signer;
    uint256 private key;

    function setUp() public override {
        super.setUp();
        caller = new BundleDigestCaller();
        (signer, key) = makeAddrAndKey("signer");
    }

    function test_revertsWhenTheBundleIsEmpty() public {
        bytes32[] memory none;
        bytes32 domain = _domain();
        vm.expectRevert(ResultSignatures.BundleEmpty.selector);
        caller.digestOf(domain, none);
    }

    function test_oneResultIsSignedAsItIs() public view {
        bytes32[] memory leaves = _leaves(1);
        assertEq(caller.digestOf(_domain(), leaves), _digest(_domain(), leaves[0]));
    }

    function test_twoAreSignedByTheirRoot() public view {
        bytes32[] memory leaves = _leaves(2);
        bytes32 root = _pair(leaves[0], leaves[1]);
        assertEq(caller.digestOf(_domain(), leaves), _digest(_domain(), _bundleHash(root)));
    }

    /// The odd last node goes up as it is: paired with itself, two bundles would have one root.
    function test_theOddLastNodeIsPromoted() public view {
        bytes32[] memory leaf = _leaves(5);
        bytes32 four = _pair(_pair(leaf[0], leaf[1]), _pair(leaf[2], leaf[3]));
        assertEq(caller.digestOf(_domain(), leaf), _digest(_domain(), _bundleHash(_pair(four, leaf[4]))));

        bytes32[] memory three = new bytes32[](3);
        (three[0], three[1], three[2]) = (leaf[0], leaf[1], leaf[2]);
        bytes32 root = _pair(_pair(leaf[0], leaf[1]), leaf[2]);
        assertEq(caller.digestOf(_domain(), three), _digest(_domain(), _bundleHash(root)));

        bytes32[] memory doubled = new bytes32[](4);
        (doubled[0], doubled[1], doubled[2], doubled[3]) = (leaf[0], leaf[1], leaf[2], leaf[2]);
        assertNotEq(caller.digestOf(_domain(), doubled), _digest(_domain(), _bundleHash(root)));
    }

    function test_everyMemberOfAnyBundleHasItsSigner() public view {
        uint256[5] memory sizes = [uint256(1), 2, 3, 5, 128];
        for (uint256 i; i < sizes.length; ++i) {
            SignedResult[] memory bundle = _bundle(sizes[i]);
            for (uint256 j; j < bundle.length; ++j) assertEq(settlement.signerOf(bundle[j]), signer);
        }
    }

    function test_anotherBundlesPathDoesNotFit() public view {
        uint256[4] memory sizes = [uint256(2), 3, 5, 128];
        for (uint256 i; i < sizes.length; ++i) {
            SignedResult[] memory bundle = _bundle(sizes[i]);
            uint256 last = bundle.length - 1;
            (bundle[0].path, bundle[last].path) = (bundle[last].path, bundle[0].path);
            assertNotEq(settlement.signerOf(bundle[0]), signer);
            assertNotEq(settlement.signerOf(bundle[last]), signer);
        }
    }

    function test_aChangedPathDoesNotFit() public view {
        SignedResult memory member = _bundle(128)[77];
        bytes32[] memory path = member.path;
        assertEq(path.length, 7);
        for (uint256 i; i < path.length; ++i) {
            bytes32 node = path[i];
            path[i] = ~node;
            assertNotEq(settlement.signerOf(member), signer);
            path[i] = node;
        }
        assertEq(settlement.signerOf(member), signer);
        (path[0], path[6]) = (path[6], path[0]);
        assertNotEq(settlement.signerOf(member), signer);
    }

    function test_aPathOfAnotherLengthDoesNotFit() public view {
        SignedResult memory member = _bundle(5)[0];
        bytes32[] memory path = member.path;
        assertEq(path.length, 3);
        member.path = new bytes32[](2);
        (member.path[0], member.path[1]) = (path[0], path[1]);
        assertNotEq(settlement.signerOf(member), signer);
        member.path = new bytes32[](4);
        (member.path[0], member.path[1], member.path[2]) = (path[0], path[1], path[2]);
        assertNotEq(settlement.signerOf(member), signer);
        member.path = new bytes32[](0);
        assertNotEq(settlement.signerOf(member), signer);
    }

    function test_whatIsNotInTheBundleHasNotItsSigner() public view {
        SignedResult[] memory bundle = _bundle(5);
        for (uint256 i; i < bundle.length; ++i) {
            bundle[i].result.outputHash = keccak256("another output");
            assertNotEq(settlement.signerOf(bundle[i]), signer);
        }
    }

    /// The signature of one result alone covers no bundle, and a root signed as if it were a result neither.
    function test_aRootAndAResultAreSignedApart() public view {
        SignedResult[] memory bundle = _bundle(2);
        bundle[0].signature = _bundle(1)[0].signature;
        assertNotEq(settlement.signerOf(bundle[0]), signer);

        bytes32 root = Bundles.rootOf(_leaves(2));
        bundle[0].signature = _signDigest(key, _digest(_domain(), root));
        assertNotEq(settlement.signerOf(bundle[0]), signer);
        bundle[0].signature = _signDigest(key, _digest(_domain(), _bundleHash(root)));
        assertEq(settlement.signerOf(bundle[0]), signer);
    }

    /// Second preimage: an inner node fits the rest of the path, but no result hashes to it. What a node is made of is
    /// 64 bytes long, a result 320, whatever is written into it.
    function test_anInnerNodeIsNoResult() public view {
        bytes32[] memory leaf = _leaves(4);
        bytes32 node = _pair(leaf[0], leaf[1]);
        bytes32 root = _pair(node, _pair(leaf[2], leaf[3]));
        bytes32[] memory pair = new bytes32[](2);
        (pair[0], pair[1]) = (node, _pair(leaf[2], leaf[3]));
        assertEq(caller.digestOf(_domain(), pair), caller.digestOf(_domain(), leaf));
        assertEq(_preimage(_numbered(0)).length, 320);

        SignedResult memory forged;
        forged.result.context = leaf[0] < leaf[1] ? leaf[0] : leaf[1];
        forged.path = new bytes32[](1);
        forged.path[0] = _pair(leaf[2], leaf[3]);
        forged.signature = _signDigest(key, _digest(_domain(), _bundleHash(root)));
        assertNotEq(settlement.signerOf(forged), signer);
    }

    function test_rule05_theBundleIsSignedInOneDomain() public view {
        SignedResult memory member = _bundle(3)[1];
        bytes32 structHash = _bundleHash(Bundles.rootOf(_leaves(3)));
        member.signature = _signDigest(key, _digest(_domain(block.chainid + 1, address(operators)), structHash));
        assertNotEq(settlement.signerOf(member), signer);
        member.signature = _signDigest(key, _digest(_domain(block.chainid, address(disputes)), structHash));
        assertNotEq(settlement.signerOf(member), signer);
        member.signature = _signDigest(key, _digest(_domain(), structHash));
        assertEq(settlement.signerOf(member), signer);
    }

    function testFuzz_agreesWithAnotherWayToBuildIt(bytes32 domain, bytes32[] memory leaves) public view {
        vm.assume(leaves.length > 1);
        bytes32 root = Bundles.rootOf(leaves);
        assertEq(caller.digestOf(domain, leaves), _digest(domain, _bundleHash(root)));
    }

    function testFuzz_anyMemberOfAnySize(uint256 count, uint256 index) public view {
        count = bound(count, 1, 40);
        index = bound(index, 0, count - 1);
        SignedResult memory member = _bundle(count)[index];
        assertEq(settlement.signerOf(member), signer);
        member.result.fee += 1;
        assertNotEq(settlement.signerOf(member), signer);
    }

    function _numbered(uint256 number) private view returns (InferenceResult memory) {
        return _result(keccak256(abi.encode(number)), abi.encode(number), "output");
    }

    function _leaves(uint256 count) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) leaves[i] = _leaf(_numbered(i));
    }

    /// Signed over the library's digest, with paths that were built apart from it.
    function _bundle(uint256 count) private view returns (SignedResult[] memory bundle) {
        bytes32[] memory leaves = _leaves(count);
        bytes memory signature = _signDigest(key, caller.digestOf(_domain(), leaves));
        bundle = new SignedResult[](count);
        for (uint256 i; i < count; ++i) {
            bundle[i] = SignedResult(_numbered(i), Bundles.pathOf(leaves, i), signature);
        }
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return keccak256(a < b ? bytes.concat(a, b) : bytes.concat(b, a));
    }
}
