// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofSettlement} from "../../../contracts/interfaces/IProofSettlement.sol";
import {IProofVerifier, ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ProofFixture} from "../support/ProofFixture.sol";
import {StatementVerifier} from "../support/StatementVerifier.sol";

contract RequireProofTest is ProofFixture {
    function setUp() public override {
        super.setUp();
        _setVerifier(Mode.ZK);
    }

    function test_revertsWhenTheModeHasNoVerifier() public {
        ProofStatement memory statement = _statement(INPUT, OUTPUT);
        Mode[2] memory modes = [Mode.VANILLA, Mode.TEE];
        for (uint256 i; i < modes.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ModeNotSupported.selector, modes[i]));
            _require(modes[i], statement, _proofOf(statement));
        }
    }

    function test_revertsWhenTheProofIsNotInputAndProof() public {
        ProofStatement memory statement = _statement(INPUT, OUTPUT);
        bytes memory good = _proofOf(statement);
        bytes[9] memory malformed = [
            bytes(""),
            hex"00",
            abi.encode(type(uint256).max, type(uint256).max),
            abi.encode(type(uint256).max - 31, 64),
            abi.encode(64, 64),
            abi.encode(64, 64, type(uint256).max),
            abi.encode(64, 96, 0, type(uint256).max - 63),
            _cut(good, 63),
            _cut(good, 64)
        ];
        for (uint256 i; i < malformed.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IProofSettlement.ProofEncodingInvalid.selector, malformed[i].length)
            );
            _require(Mode.ZK, statement, malformed[i]);
        }
    }

    function test_revertsWhenTheInputDoesNotMatch() public {
        ProofStatement memory statement = _statement("another input", OUTPUT);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProofSettlement.InputMismatch.selector,
                keccak256(INPUT),
                keccak256("another input")
            )
        );
        settlement.requireProof(
            Mode.ZK,
            release,
            actor.id,
            actor.signer,
            keccak256(INPUT),
            OUTPUT,
            _proofOf(statement)
        );
    }

    function test_revertsWhenTheVerifierSaysNo() public {
        _expectRejected(release);
        _require(Mode.ZK, _statement(INPUT, OUTPUT), abi.encode(INPUT, bytes("no proof of anything")));
    }

    function test_revertsWithTheVerifiersOwnProblem() public {
        vm.expectRevert(StatementVerifier.ProofMissing.selector);
        _require(Mode.ZK, _statement(INPUT, OUTPUT), abi.encode(INPUT, bytes("")));
    }

    function test_revertsWhenTheVerifierAnswersNothing() public {
        vm.mockCall(address(verifier), abi.encodeWithSelector(IProofVerifier.verify.selector), "");
        ProofStatement memory statement = _statement(INPUT, OUTPUT);
        _expectRejected(release);
        _require(Mode.ZK, statement, _proofOf(statement));
    }

    function test_revertsWhenTheVerifierAnswersMoreThanYesOrNo() public {
        ProofStatement memory statement = _statement(INPUT, OUTPUT);
        bytes[3] memory answers = [abi.encode(2), abi.encode(type(uint256).max), hex"01"];
        for (uint256 i; i < answers.length; ++i) {
            vm.mockCall(address(verifier), abi.encodeWithSelector(IProofVerifier.verify.selector), answers[i]);
            _expectRejected(release);
            _require(Mode.ZK, statement, _proofOf(statement));
        }
    }

    function test_acceptsWhatTheVerifierAccepts() public {
        ProofStatement memory statement = _statement(INPUT, OUTPUT);
        vm.expectCall(
            address(verifier),
            abi.encodeCall(IProofVerifier.verify, (statement, abi.encode(keccak256(abi.encode(statement)))))
        );
        _require(Mode.ZK, statement, _proofOf(statement));
    }

    /// A proof of somebody else's statement is worth nothing: who proves chooses no part of what is proved.
    function test_rule33_noPartOfTheStatementIsTheProversChoice() public {
        bytes memory proof = _proofOf(_statement(INPUT, OUTPUT));
        ProofStatement memory changed = _statement(INPUT, OUTPUT);
        changed.release = ReleaseId.wrap(keccak256("another release"));
        _expectRejected(changed.release);
        _require(Mode.ZK, changed, proof);

        changed = _statement(INPUT, OUTPUT);
        changed.operatorId += 1;
        _expectRejected(release);
        _require(Mode.ZK, changed, proof);

        changed = _statement(INPUT, OUTPUT);
        changed.signer = stranger;
        _expectRejected(release);
        _require(Mode.ZK, changed, proof);

        changed = _statement(INPUT, "another output");
        _expectRejected(release);
        _require(Mode.ZK, changed, proof);
    }

    function test_theModesAreApart() public {
        ProofStatement memory statement = _statement(INPUT, OUTPUT);
        verifier = new StatementVerifier();
        _setVerifier(Mode.TEE);
        vm.mockCallRevert(
            address(settlement.verifierOf(Mode.ZK)),
            abi.encodeWithSelector(IProofVerifier.verify.selector),
            "the other mode's verifier"
        );
        _require(Mode.TEE, statement, _proofOf(statement));
    }

    function testFuzz_acceptsAProofOfThisStatementAlone(
        ProofStatement memory stated,
        ProofStatement memory proved,
        bool isSame
    ) public {
        if (isSame) proved = stated;
        proved.input = stated.input;
        if (keccak256(abi.encode(stated)) != keccak256(abi.encode(proved))) _expectRejected(stated.release);
        _require(Mode.ZK, stated, _proofOf(proved));
    }

    /// Whatever stands in heads and lengths, both parts are those that `abi.decode` finds.
    function testFuzz_takesAProofApartAsTheAbiDoes(uint8[4] memory words, uint256 seed) public {
        ProofStatement memory statement = _statement(INPUT, OUTPUT);
        bytes memory proof = _proofOf(statement);
        uint256 place = 32 * bound(seed, 0, proof.length / 32 - 1);
        uint256 word;
        unchecked {
            word = uint256(words[0]) * (words[3] & 1) + uint256(words[1] % 6) * 32 - uint256(words[2] & 1);
        }
        assembly ("memory-safe") {
            mstore(add(add(proof, 32), place), word)
        }
        bool isSame;
        try this.decode(proof) returns (bytes memory input, bytes memory modeProof) {
            bytes32 expected = keccak256(abi.encode(keccak256(abi.encode(statement))));
            isSame = keccak256(input) == keccak256(INPUT) && keccak256(modeProof) == expected;
        } catch {}
        if (!isSame) vm.expectRevert();
        _require(Mode.ZK, statement, proof);
    }

    function decode(bytes calldata proof) external pure returns (bytes memory, bytes memory) {
        return abi.decode(proof, (bytes, bytes));
    }

    function _require(Mode mode, ProofStatement memory statement, bytes memory proof) private view {
        settlement.requireProof(
            mode,
            statement.release,
            statement.operatorId,
            statement.signer,
            keccak256(statement.input),
            statement.output,
            proof
        );
    }

    function _expectRejected(ReleaseId refused) private {
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, Mode.ZK, refused));
    }

    function _cut(bytes memory data, uint256 length) private pure returns (bytes memory head) {
        head = new bytes(length);
        for (uint256 i; i < length; ++i) head[i] = data[i];
    }
}
