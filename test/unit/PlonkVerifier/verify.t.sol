// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../../../contracts/interfaces/IKeyedVerifier.sol";
import {IPlonkVerifier} from "../../../contracts/interfaces/IPlonkVerifier.sol";
import {ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {PlonkFixture} from "./PlonkFixture.sol";

contract VerifyTest is PlonkFixture {
    uint256 private constant STATEMENTS = 5;
    uint256 private constant POINTS_END = 576;
    uint256 private constant OPENINGS = 448;
    /// More than any proof takes, right or wrong.
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
        vm.assume(length != PROOF_BYTES);
        bytes memory other = new bytes(length);
        for (uint256 i; i < length && i < PROOF_BYTES; ++i) other[i] = proof[i];
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.ProofLengthInvalid.selector, length, PROOF_BYTES));
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
            IPlonkVerifier checker = place == address(verifier) ? verifier : _deployAt(place, powers);
            if (checker.keyOf(stated.release) == address(0)) {
                _commit(stated.release, place, key, KeyOrigin.Universal);
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

    function testFuzz_rule33_refusesAProofOfAnotherInput(uint8 place, bytes1 change) public {
        vm.assume(change != 0);
        statement.input[statement.input.length - 32 + (place % 4)] ^= change;
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

    function testFuzz_refusesAnyOtherBytes(uint16 place, bytes1 change, uint16 second, bytes1 other) public view {
        bytes memory altered = bytes.concat(proof);
        altered[place % PROOF_BYTES] ^= change;
        altered[second % PROOF_BYTES] ^= other;
        assertEq(verifier.verify{gas: ENOUGH}(statement, altered), keccak256(altered) == keccak256(proof));
    }

    function testFuzz_refusesWhatIsNoProof(uint256[24] memory words) public view {
        assertFalse(verifier.verify{gas: ENOUGH}(statement, abi.encode(words)));
    }

    /// Points off the curve, coordinates and values beyond their fields, each written otherwise.
    function test_refusesPointsAndValuesThatAreNone() public view {
        for (uint256 place; place < PROOF_BYTES; place += 32) {
            uint256 field = place < POINTS_END ? PRIME : ORDER;
            uint256 word = _wordAt(proof, place);
            uint256[5] memory others = [0, field, type(uint256).max, (word + 1) % field, word + field];
            for (uint256 i; i < others.length; ++i) _refused(place, abi.encode(others[i]));
        }
    }

    function test_refusesPointsAtInfinityAndOpposites() public view {
        for (uint256 place; place < POINTS_END; place += 64) {
            _refused(place, new bytes(64));
            _refused(place + 32, abi.encode(PRIME - _wordAt(proof, place + 32)));
        }
        _refused(0, new bytes(POINTS_END));
        _refused(0, new bytes(PROOF_BYTES));
    }

    /// Both openings exchanged or the same, which a batch that bound them alone might take.
    function test_refusesPointsOfTheProofInEachOthersPlace() public view {
        for (uint256 place; place + 64 < POINTS_END; place += 64) {
            bytes memory one = _cut(proof, place, place + 64);
            bytes memory next = _cut(proof, place + 64, place + 128);
            _refused(place, next);
            _refused(place + 64, one);
            _refused(place, bytes.concat(next, one));
        }
        _refused(OPENINGS, _cut(key, SELECTORS, SELECTORS + 128));
        _refused(0, _cut(key, PERMUTATIONS, PERMUTATIONS + 192));
    }

    /// However little gas it is given, a right proof is never called wrong, and a wrong one never right.
    function testFuzz_saysNothingWithTooLittleGas(uint256 gasGiven, bool isWrong, uint16 place) public view {
        gasGiven = bound(gasGiven, 1_000, ENOUGH);
        place = uint16(place % PROOF_BYTES);
        bytes memory shown = isWrong ? _patched(proof, place, abi.encodePacked(~proof[place])) : proof;
        bytes memory call = abi.encodeCall(verifier.verify, (statement, shown));
        (bool success, bytes memory answer) = address(verifier).staticcall{gas: gasGiven}(call);
        if (success) assertEq(abi.decode(answer, (bool)), !isWrong);
        else if (answer.length != 0) assertEq(bytes4(answer), IKeyedVerifier.ProofGasTooLow.selector);
        assertTrue(success || gasGiven < ENOUGH);
    }

    /// Right around what the group's operations take.
    function test_saysNothingWithTooLittleGasForTheGroup() public view {
        bytes memory call = abi.encodeCall(verifier.verify, (statement, proof));
        bool wasEnough;
        bool wasTooLow;
        for (uint256 gasGiven = 200_000; gasGiven < 330_000; gasGiven += 400) {
            (bool success, bytes memory answer) = address(verifier).staticcall{gas: gasGiven}(call);
            assertTrue(success || !wasEnough);
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
