// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGroth16Verifier} from "../../../contracts/interfaces/IGroth16Verifier.sol";
import {IKeyedVerifier} from "../../../contracts/interfaces/IKeyedVerifier.sol";
import {ExactCommitment} from "../../../contracts/interfaces/IModelHub.sol";
import {ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Groth16Fixture} from "./Groth16Fixture.sol";

contract AdmitKeyTest is Groth16Fixture {
    ReleaseId private constant OTHER = ReleaseId.wrap(keccak256("a release with another key"));

    function test_takesAKeyOnceFromAnyone() public {
        _commit(OTHER, address(verifier), key, KeyOrigin.Single);
        vm.expectEmit(address(verifier));
        emit IKeyedVerifier.KeyAdmitted(OTHER, store.digestOf(key), KeyOrigin.Single);
        vm.prank(makeAddr("anyone"));
        verifier.admitKey(OTHER);
        assertEq(verifier.keyOf(OTHER), store.addressOf(store.digestOf(key)));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyAlreadyAdmitted.selector, OTHER));
        verifier.admitKey(OTHER);
    }

    function testFuzz_revertsWhenTheReleaseHasNoCircuitForIt(address other) public {
        vm.assume(other != address(verifier));
        _commit(OTHER, other, key, KeyOrigin.Single);
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyNotCommitted.selector, OTHER, other));
        verifier.admitKey(OTHER);
    }

    function test_revertsWhenTheKeyIsNotStored() public {
        bytes32 digest = keccak256("nothing of that digest");
        _commit(OTHER, ExactCommitment(graphRoot, 1, address(verifier), digest, KeyOrigin.Single));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyNotStored.selector, OTHER, digest));
        verifier.admitKey(OTHER);
    }

    function test_revertsWhenTheOriginIsNone() public {
        KeyOrigin least = verifier.LEAST_ORIGIN();
        _commit(OTHER, address(verifier), key, KeyOrigin.None);
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyOriginRefused.selector, OTHER, KeyOrigin.None, least));
        verifier.admitKey(OTHER);
    }

    function testFuzz_revertsWhenTheKeyIsOfAnotherGraph(bytes32 other) public {
        vm.assume(other != graphRoot);
        _commit(OTHER, ExactCommitment(other, 1, address(verifier), store.put(key), KeyOrigin.Single));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyGraphMismatch.selector, graphRoot, other));
        verifier.admitKey(OTHER);
    }

    function testFuzz_revertsWhenTheKeyIsTruncatedOrPadded(uint256 length) public {
        length = bound(length, 0, key.length + 64);
        vm.assume(length != key.length);
        bytes memory other = new bytes(length);
        for (uint256 i; i < length && i < key.length; ++i) other[i] = key[i];
        uint256 expected = length < SIGNALS ? SIGNALS : key.length;
        _refused(other, abi.encodeWithSelector(IKeyedVerifier.KeyLengthInvalid.selector, length, expected));
    }

    function testFuzz_revertsWhenTheFormatIsUnknown(uint16 format) public {
        vm.assume(format != 1);
        bytes memory other = _patched(key, HEAD + 16, abi.encodePacked(format));
        _refused(other, abi.encodeWithSelector(IKeyedVerifier.KeyFormatUnknown.selector, format));
    }

    function testFuzz_takesAKeyOfACeremonyThatNamesItsTranscript(bytes16 transcript) public {
        vm.assume(transcript != 0);
        bytes memory named = _patched(key, HEAD, abi.encodePacked(transcript));
        _commit(OTHER, address(verifier), named, KeyOrigin.Ceremony);
        verifier.admitKey(OTHER);
        assertEq(verifier.keyOf(OTHER), store.addressOf(store.digestOf(named)));
    }

    function test_revertsWhenAKeyOfACeremonyNamesNoTranscript() public {
        _commit(OTHER, address(verifier), key, KeyOrigin.Ceremony);
        vm.expectRevert(
            abi.encodeWithSelector(IGroth16Verifier.KeyTranscriptInvalid.selector, bytes16(0), KeyOrigin.Ceremony)
        );
        verifier.admitKey(OTHER);
    }

    function testFuzz_revertsWhenAKeyOfNoCeremonyNamesATranscript(bytes16 transcript) public {
        vm.assume(transcript != 0);
        bytes memory named = _patched(key, HEAD, abi.encodePacked(transcript));
        bytes4 problem = IGroth16Verifier.KeyTranscriptInvalid.selector;
        _refused(named, abi.encodeWithSelector(problem, transcript, KeyOrigin.Single));
    }

    /// The transcript is no part of what is proved.
    function test_takesTheSameProofsWithATranscript() public {
        (ProofStatement memory statement, bytes memory proof, ) = _proved(3);
        bytes memory named = _patched(key, HEAD, abi.encodePacked(type(uint128).max));
        _commit(statement.release, address(verifier), named, KeyOrigin.Ceremony);
        verifier.admitKey(statement.release);
        assertTrue(verifier.verify(statement, proof));
    }

    /// One signal holds four bytes of input, one of output and the binding: no more, no less.
    function test_revertsWhenElementsAndBindingDoNotFillTheSignals() public {
        bytes memory spare = bytes.concat(_cut(key, 0, PARTS), _cut(key, PARTS - 64, key.length));
        spare = _patched(spare, HEAD + 18, hex"0002");
        _refused(spare, abi.encodeWithSelector(IKeyedVerifier.KeySignalsInvalid.selector, 2, 5));
        bytes memory none = bytes.concat(_cut(key, 0, PARTS - 64), _cut(key, PARTS, key.length));
        none = _patched(none, HEAD + 18, hex"0000");
        _refused(none, abi.encodeWithSelector(IKeyedVerifier.KeySignalsInvalid.selector, 0, 5));
        // Eleven bytes more leave no room for the binding beside them.
        bytes memory full = _patched(key, PARTS + 4, hex"0000000f");
        _refused(full, abi.encodeWithSelector(IKeyedVerifier.KeySignalsInvalid.selector, 1, 16));
    }

    function testFuzz_revertsWhenElementsLieOutsideTheEncoding(uint32 start, uint32 size, bool isOutput) public {
        uint256 length = isOutput ? uint32(_wordAt(key, HEAD) >> 32) : uint32(_wordAt(key, HEAD) >> 64);
        vm.assume(uint256(start) + size > length || size == 0);
        bytes memory other = _patched(key, PARTS + (isOutput ? 8 : 0), abi.encodePacked(start, size));
        _refused(other, abi.encodeWithSelector(IKeyedVerifier.KeyPartInvalid.selector, isOutput ? 1 : 0));
    }

    function testFuzz_revertsWhenAPointIsOffTheCurve(uint256 which, uint256 x, uint256 y) public {
        uint256[3] memory places = [ALPHA, SIGNALS, SIGNALS + 64];
        uint256 place = places[which % 3];
        (bool isPoint, ) = address(6).staticcall(abi.encode(x, y));
        vm.assume(!isPoint);
        bytes memory other = _patched(key, place, abi.encode(x, y));
        _refused(other, abi.encodeWithSelector(IKeyedVerifier.KeyPointInvalid.selector, place));
    }

    function test_revertsWhenAPointIsZeroOrBeyondTheField() public {
        uint256[3] memory places = [ALPHA, SIGNALS, SIGNALS + 64];
        for (uint256 i; i < 3; ++i) {
            bytes memory problem = abi.encodeWithSelector(IKeyedVerifier.KeyPointInvalid.selector, places[i]);
            _refused(_patched(key, places[i], new bytes(64)), problem);
            _refused(_patched(key, places[i], abi.encode(_wordAt(key, places[i]) + PRIME)), problem);
            uint256 y = places[i] + 32;
            _refused(_patched(key, y, abi.encode(_wordAt(key, y) + PRIME)), problem);
        }
    }

    function test_revertsWhenAPairingsPointIsNone() public {
        uint256[3] memory places = [BETA, GAMMA, DELTA];
        for (uint256 i; i < 3; ++i) {
            bytes memory zero = abi.encodeWithSelector(IKeyedVerifier.KeyPointInvalid.selector, places[i]);
            _refused(_patched(key, places[i], new bytes(128)), zero);
            bytes memory problem = abi.encodeWithSelector(IKeyedVerifier.KeyPairingInvalid.selector);
            _refused(_patched(key, places[i], outside), problem);
            for (uint256 place = places[i]; place < places[i] + 128; place += 32) {
                _refused(_patched(key, place, abi.encode((_wordAt(key, place) + 1) % PRIME)), problem);
                _refused(_patched(key, place, abi.encode(_wordAt(key, place) + PRIME)), problem);
            }
        }
    }

    function test_revertsWhenEverybodyCouldForge() public {
        bytes memory problem = abi.encodeWithSelector(IGroth16Verifier.KeyForgeable.selector);
        bytes memory same = _patched(key, DELTA, _cut(key, GAMMA, GAMMA + 128));
        _refused(same, problem);
        uint256 y = PRIME - _wordAt(key, GAMMA + 64);
        uint256 y2 = PRIME - _wordAt(key, GAMMA + 96);
        _refused(_patched(same, DELTA + 64, abi.encode(y, y2)), problem);
    }

    /// What `KeyForgeable` keeps out: with gamma = delta, A = alpha, B = beta and C = −Σ prove whatever is stated.
    function test_aKeyWithoutContributionWouldProveEverything() public {
        (ProofStatement memory statement, , ) = _proved(0);
        statement.output = _patched(statement.output, statement.output.length - 32, hex"7f");
        uint256 signal = verifier.signalsOf(statement)[0];
        bytes memory product = _call(7, bytes.concat(_cut(key, SIGNALS + 64, SIGNALS + 128), abi.encode(signal)));
        bytes memory sum = _call(6, bytes.concat(_cut(key, SIGNALS, SIGNALS + 64), product));
        bytes memory opposite = bytes.concat(_cut(sum, 0, 32), abi.encode(PRIME - _wordAt(sum, 32)));
        bytes memory forged = bytes.concat(_cut(key, ALPHA, ALPHA + 64), _cut(key, BETA, BETA + 128), opposite);
        assertFalse(verifier.verify(statement, forged), "the real key is not fooled");
        bytes memory gamma = _cut(key, GAMMA, GAMMA + 128);
        // e(Σ, gamma) · e(−Σ, gamma) = 1, and e(−alpha, beta) · e(alpha, beta) = 1.
        bytes memory pairs = bytes.concat(sum, gamma, opposite, gamma);
        assertEq(abi.decode(_call(8, pairs), (uint256)), 1);
        bytes memory weak = _patched(key, DELTA, gamma);
        _refused(weak, abi.encodeWithSelector(IGroth16Verifier.KeyForgeable.selector));
    }

    function _call(uint160 precompile, bytes memory data) private view returns (bytes memory answer) {
        bool success;
        (success, answer) = address(precompile).staticcall(data);
        assertTrue(success);
    }

    function _refused(bytes memory blob, bytes memory problem) private {
        _commit(OTHER, address(verifier), blob, KeyOrigin.Single);
        vm.expectRevert(problem);
        verifier.admitKey(OTHER);
        assertEq(verifier.keyOf(OTHER), address(0));
    }
}
