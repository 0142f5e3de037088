// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGroth16Verifier} from "../../../contracts/interfaces/IGroth16Verifier.sol";
import {IKeyedVerifier} from "../../../contracts/interfaces/IKeyedVerifier.sol";
import {ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Groth16Fixture} from "./Groth16Fixture.sol";

contract VerifyTest is Groth16Fixture {
    uint256 private constant STATEMENTS = 5;
    /// The two pairs of a whole check, with what a call costs beside precompiles.
    uint256 private constant ENOUGH = 700_000;

    ProofStatement private statement;
    bytes private proof;

    function setUp() public override {
        super.setUp();
        (statement, proof, ) = _proved(0);
    }

    function test_revertsWhenTheKeyIsNotAdmitted() public {
        statement.release = ReleaseId.wrap(keccak256("nowhere"));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyNotAdmitted.selector, statement.release));
        verifier.verify(statement, proof);
    }

    function testFuzz_revertsWhenTheProofHasAnotherLength(uint16 length) public {
        vm.assume(length != proof.length);
        bytes memory other = new bytes(length);
        for (uint256 i; i < length && i < proof.length; ++i) other[i] = proof[i];
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.ProofLengthInvalid.selector, length, 256));
        verifier.verify(statement, other);
    }

    /// Longer or shorter, or with another byte around the elements: no such encoding has a statement.
    function testFuzz_revertsWhenAnEncodingHasAnotherForm(bool isInput, uint256 seed, bytes1 change) public {
        bytes memory encoding = isInput ? statement.input : statement.output;
        uint256 elements = isInput ? 4 : 1;
        uint256 start = encoding.length - 32;
        uint256 place = bound(seed, 0, encoding.length - 1);
        if (change == 0) encoding = _cut(encoding, 0, place);
        else if (place >= start && place < start + elements) encoding = bytes.concat(encoding, change);
        else encoding[place] ^= change;
        if (isInput) statement.input = encoding;
        else statement.output = encoding;
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.StatementFormInvalid.selector, release));
        verifier.verify(statement, proof);
    }

    /// For another operator, verifier, release, input with its output: each proof is one of its own statement.
    function test_rule33_acceptsAProofOfItsOwnStatementAlone() public {
        for (uint256 i; i < STATEMENTS; ++i) {
            (ProofStatement memory stated, , address place) = _proved(i);
            IGroth16Verifier checker = place == address(verifier) ? verifier : _deployAt(place);
            if (checker.keyOf(stated.release) == address(0)) {
                _commit(stated.release, place, key, KeyOrigin.Single);
                checker.admitKey(stated.release);
            }
            for (uint256 j; j < STATEMENTS; ++j) {
                (, bytes memory shown, ) = _proved(j);
                assertEq(checker.verify(stated, shown), i == j);
            }
        }
    }

    function testFuzz_rule33_refusesAProofOnAnotherChain(uint64 chain) public {
        vm.assume(chain != block.chainid && chain != 0);
        vm.chainId(chain);
        assertFalse(verifier.verify(statement, proof));
    }

    function testFuzz_rule33_refusesAProofOfAnotherOutput(bytes1 change) public {
        vm.assume(change != 0);
        statement.output[statement.output.length - 32] ^= change;
        assertFalse(verifier.verify(statement, proof));
    }

    function testFuzz_rule33_refusesAProofOfAnotherOperator(uint32 operatorId) public {
        vm.assume(operatorId != statement.operatorId);
        statement.operatorId = operatorId;
        assertFalse(verifier.verify(statement, proof));
    }

    function testFuzz_refusesAnyOtherBytes(uint8 place, bytes1 change, uint8 second, bytes1 other) public view {
        bytes memory altered = _patched(proof, place, abi.encodePacked(proof[place] ^ change));
        altered[second] ^= other;
        assertEq(verifier.verify{gas: ENOUGH}(statement, altered), keccak256(altered) == keccak256(proof));
    }

    function testFuzz_refusesWhatIsNoProof(uint256[8] memory words) public view {
        assertFalse(verifier.verify{gas: ENOUGH}(statement, abi.encode(words)));
    }

    function test_refusesPointsThatAreNone() public view {
        for (uint256 place; place < 256; place += 32) {
            uint256 word = _wordAt(proof, place);
            uint256[5] memory others = [0, PRIME, type(uint256).max, (word + 1) % PRIME, word + PRIME];
            for (uint256 i; i < others.length; ++i) _refused(place, abi.encode(others[i]));
        }
    }

    function test_refusesPointsAtInfinityAndOpposites() public view {
        _refused(0, new bytes(64));
        _refused(64, new bytes(128));
        _refused(192, new bytes(64));
        _refused(0, new bytes(256));
        _refused(32, abi.encode(PRIME - _wordAt(proof, 32)));
        _refused(224, abi.encode(PRIME - _wordAt(proof, 224)));
    }

    function test_refusesAPointOutsideTheSubgroup() public view {
        _refused(64, outside);
    }

    /// A and C changed so that the equation of some other key would hold: C plus a point, A and C exchanged.
    function test_refusesPointsOfTheProofInEachOthersPlace() public view {
        _refused(0, _cut(proof, 192, 256));
        _refused(192, _cut(proof, 0, 64));
        bytes memory exchanged = bytes.concat(_cut(proof, 192, 256), _cut(proof, 64, 192), _cut(proof, 0, 64));
        _refused(0, exchanged);
        _refused(0, _cut(key, ALPHA, ALPHA + 64));
        _refused(64, _cut(key, BETA, BETA + 128));
    }

    /// Minus A with minus B is the same pairing: another proof of the same statement, as Groth16 has them.
    function test_acceptsAnotherProofOfTheSameStatement() public view {
        bytes memory other = _patched(proof, 32, abi.encode(PRIME - _wordAt(proof, 32)));
        other = _patched(other, 128, abi.encode(PRIME - _wordAt(proof, 128), PRIME - _wordAt(proof, 160)));
        assertTrue(verifier.verify(statement, other));
    }

    /// However little gas it is given, a right proof is never called wrong, and a wrong one never right.
    function testFuzz_saysNothingWithTooLittleGas(uint256 gasGiven, bool isWrong, uint8 place) public view {
        gasGiven = bound(gasGiven, 1_000, ENOUGH);
        bytes memory shown = isWrong ? _patched(proof, place, abi.encodePacked(~proof[place])) : proof;
        bytes memory call = abi.encodeCall(verifier.verify, (statement, shown));
        (bool success, bytes memory answer) = address(verifier).staticcall{gas: gasGiven}(call);
        if (success) assertEq(abi.decode(answer, (bool)), !isWrong);
        else if (answer.length != 0) assertEq(bytes4(answer), IKeyedVerifier.ProofGasTooLow.selector);
        assertTrue(success || gasGiven < ENOUGH);
    }

    /// Right around the price of the pairing, where a 64th is left to go on with.
    function test_saysNothingWithTooLittleGasForThePairing() public view {
        bytes memory call = abi.encodeCall(verifier.verify, (statement, proof));
        bool wasEnough;
        bool wasTooLow;
        for (uint256 gasGiven = 150_000; gasGiven < 230_000; gasGiven += 250) {
            (bool success, bytes memory answer) = address(verifier).staticcall{gas: gasGiven}(call);
            if (success) assertTrue(abi.decode(answer, (bool)));
            else if (answer.length != 0) wasTooLow = bytes4(answer) == IKeyedVerifier.ProofGasTooLow.selector;
            wasEnough = success;
        }
        assertTrue(wasEnough && wasTooLow);
    }

    function test_answersOneWord() public view {
        (, bytes memory answer) = address(verifier).staticcall(abi.encodeCall(verifier.verify, (statement, proof)));
        assertEq(answer, abi.encode(true));
    }

    function _refused(uint256 place, bytes memory patch) private view {
        bytes memory altered = _patched(proof, place, patch);
        assertFalse(verifier.verify{gas: ENOUGH}(statement, altered));
    }
}
