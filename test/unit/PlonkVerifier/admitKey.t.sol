// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../../../contracts/interfaces/IKeyedVerifier.sol";
import {ExactCommitment} from "../../../contracts/interfaces/IModelHub.sol";
import {IPlonkVerifier} from "../../../contracts/interfaces/IPlonkVerifier.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {PlonkFixture} from "./PlonkFixture.sol";

contract AdmitKeyTest is PlonkFixture {
    ReleaseId private constant OTHER = ReleaseId.wrap(keccak256("a release with another key"));

    function test_takesAKeyOnceFromAnyone() public {
        _commit(OTHER, address(verifier), key, KeyOrigin.Universal);
        vm.expectEmit(address(verifier));
        emit IKeyedVerifier.KeyAdmitted(OTHER, store.digestOf(key), KeyOrigin.Universal);
        vm.prank(makeAddr("anyone"));
        verifier.admitKey(OTHER);
        assertEq(verifier.keyOf(OTHER), store.addressOf(store.digestOf(key)));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyAlreadyAdmitted.selector, OTHER));
        verifier.admitKey(OTHER);
    }

    function testFuzz_revertsWhenTheReleaseHasNoCircuitForIt(address other) public {
        vm.assume(other != address(verifier));
        _commit(OTHER, other, key, KeyOrigin.Universal);
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyNotCommitted.selector, OTHER, other));
        verifier.admitKey(OTHER);
    }

    function test_revertsWhenTheKeyIsNotStored() public {
        bytes32 digest = keccak256("nothing of that digest");
        _commit(OTHER, ExactCommitment(graphRoot, 1, address(verifier), digest, KeyOrigin.Universal));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyNotStored.selector, OTHER, digest));
        verifier.admitKey(OTHER);
    }

    function test_revertsWhenTheOriginIsAnother() public {
        for (uint8 i; i < uint8(KeyOrigin.Universal); ++i) {
            KeyOrigin origin = KeyOrigin(i);
            _commit(OTHER, address(verifier), key, origin);
            bytes4 selector = IKeyedVerifier.KeyOriginRefused.selector;
            vm.expectRevert(abi.encodeWithSelector(selector, OTHER, origin, KeyOrigin.Universal));
            verifier.admitKey(OTHER);
        }
    }

    function testFuzz_revertsWhenTheKeyIsOfAnotherGraph(bytes32 other) public {
        vm.assume(other != graphRoot);
        _commit(OTHER, ExactCommitment(other, 1, address(verifier), store.put(key), KeyOrigin.Universal));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyGraphMismatch.selector, graphRoot, other));
        verifier.admitKey(OTHER);
    }

    function testFuzz_revertsWhenItWasDeployedWithOtherPowers(bytes32 accepted) public {
        vm.assume(accepted != powers);
        IPlonkVerifier other = _deployAt(makeAddr("another verifier"), accepted);
        assertTrue(other.isAccepted(accepted) && !other.isAccepted(powers));
        _commit(OTHER, address(other), key, KeyOrigin.Universal);
        vm.expectRevert(abi.encodeWithSelector(IPlonkVerifier.PowersNotAccepted.selector, OTHER, powers));
        other.admitKey(OTHER);
    }

    function testFuzz_revertsWhenTheKeyIsTruncatedOrPadded(uint256 length) public {
        length = bound(length, 0, key.length + 64);
        vm.assume(length != key.length);
        bytes memory other = new bytes(length);
        for (uint256 i; i < length && i < key.length; ++i) other[i] = key[i];
        uint256 expected = length < PARTS ? PARTS : key.length;
        _refused(other, abi.encodeWithSelector(IKeyedVerifier.KeyLengthInvalid.selector, length, expected));
    }

    function testFuzz_revertsWhenTheFormatIsUnknown(uint16 format) public {
        vm.assume(format != 2);
        bytes memory other = _patched(key, HEAD + 16, abi.encodePacked(format));
        _refused(other, abi.encodeWithSelector(IKeyedVerifier.KeyFormatUnknown.selector, format));
    }

    function testFuzz_revertsWhenTheFieldHasNoRootForTheRows(uint128 power) public {
        vm.assume(power < 3 || power > 28);
        bytes memory other = _patched(key, HEAD, abi.encodePacked(power));
        _refused(other, abi.encodeWithSelector(IPlonkVerifier.KeyPowerInvalid.selector, power));
    }

    function testFuzz_revertsWhenTheRootIsNoneOfTheRows(uint256 root) public {
        uint256 own = _wordAt(key, ROOT);
        vm.assume(root != own);
        _refusedRoot(root);
        _refusedRoot(own + ORDER);
        _refusedRoot(mulmod(own, own, ORDER));
    }

    function testFuzz_revertsWhenAPointIsOffTheCurve(uint256 which, uint256 x) public {
        uint256 place = SELECTORS + 64 * bound(which, 0, 7);
        vm.assume(x % PRIME != _wordAt(key, place));
        bytes memory other = _patched(key, place, abi.encode(x));
        // With the same y there are three x at the most, which no draw finds.
        _refused(other, abi.encodeWithSelector(IKeyedVerifier.KeyPointInvalid.selector, place));
    }

    function test_revertsWhenAPermutationIsZero() public {
        for (uint256 place = PERMUTATIONS; place < SECRET; place += 64)
            _refused(
                _patched(key, place, new bytes(64)),
                abi.encodeWithSelector(IKeyedVerifier.KeyPointInvalid.selector, place)
            );
    }

    /// Even where it was deployed with such a point.
    function test_revertsWhenTheSecretIsOutsideTheGroup() public {
        IPlonkVerifier lax = _deployAt(makeAddr("a verifier of anything"), keccak256(outside));
        _commit(OTHER, address(lax), _patched(key, SECRET, outside), KeyOrigin.Universal);
        vm.expectRevert(IKeyedVerifier.KeyPairingInvalid.selector);
        lax.admitKey(OTHER);
    }

    function _refusedRoot(uint256 root) private {
        bytes memory other = _patched(key, ROOT, abi.encode(root));
        _refused(other, abi.encodeWithSelector(IPlonkVerifier.KeyRootInvalid.selector, root));
    }

    function _refused(bytes memory blob, bytes memory reason) private {
        _commit(OTHER, address(verifier), blob, KeyOrigin.Universal);
        vm.expectRevert(reason);
        verifier.admitKey(OTHER);
        assertEq(verifier.keyOf(OTHER), address(0));
    }
}
