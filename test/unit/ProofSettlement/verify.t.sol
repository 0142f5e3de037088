// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignerStatus, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {IProofSettlement, SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ProofFixture} from "../support/ProofFixture.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {StatementVerifier} from "../support/StatementVerifier.sol";

contract VerifyTest is ProofFixture {
    function test_revertsWhenTheOutputDoesNotMatch() public {
        SignedResult memory signed = _signed(Mode.VANILLA);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProofSettlement.OutputMismatch.selector,
                keccak256(OUTPUT),
                keccak256("another output")
            )
        );
        settlement.verify(signed, "another output", "");
    }

    function test_revertsWhenTheResultHasExpired() public {
        SignedResult memory signed = _signed(Mode.VANILLA);
        skip(MAX_VALIDITY + 1);
        _expectNotValid(signed.result.validUntil);
        settlement.verify(signed, OUTPUT, "");
    }

    function test_rule07_revertsWhenTheResultIsValidTooLong() public {
        SignedResult memory signed = _signed(Mode.VANILLA);
        signed.result.validUntil += 1;
        signed = _sign(actor.signerKey, signed.result);
        _expectNotValid(signed.result.validUntil);
        settlement.verify(signed, OUTPUT, "");
        skip(1);
        settlement.verify(signed, OUTPUT, "");
    }

    function test_revertsWhenTheSignerIsUnknown() public {
        (address outsider, uint256 key) = makeAddrAndKey("outsider");
        SignedResult memory signed = _sign(key, _signed(Mode.VANILLA).result);
        _expectWithoutStanding(outsider);
        settlement.verify(signed, OUTPUT, "");
    }

    function test_rule08_revertsAtOnceWhenTheSignerIsRevoked() public {
        SignedResult memory signed = _signed(Mode.VANILLA);
        vm.prank(actor.owner);
        operators.revokeSigner(actor.signer);
        _expectWithoutStanding(actor.signer);
        settlement.verify(signed, OUTPUT, "");
    }

    function test_rule08_revertsAtOnceWhenTheSignerIsRetired() public {
        SignedResult memory signed = _signed(Mode.VANILLA);
        Actor memory rotated = _rotate(actor, "next signer");
        SignedResult memory again = _sign(rotated.signerKey, signed.result);
        _expectWithoutStanding(actor.signer);
        settlement.verify(signed, OUTPUT, "");
        (address signer, ) = settlement.verify(again, OUTPUT, "");
        assertEq(signer, rotated.signer);
    }

    function test_revertsWhenTheOperatorIsInJail() public {
        SignedResult memory signed = _signed(Mode.VANILLA);
        _slash(actor, 1);
        _expectWithoutStanding(actor.signer);
        settlement.verify(signed, OUTPUT, "");
    }

    function test_revertsWhenTheModeHasNoVerifier() public {
        SignedResult memory signed = _signed(Mode.TEE);
        _setVerifier(Mode.ZK);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ModeNotSupported.selector, Mode.TEE));
        settlement.verify(signed, OUTPUT, _proofOf(_statement(INPUT, OUTPUT)));
    }

    function test_revertsWhenTheProofIsOfAnotherInput() public {
        _setVerifier(Mode.ZK);
        SignedResult memory signed = _signed(Mode.ZK);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProofSettlement.InputMismatch.selector,
                keccak256(INPUT),
                keccak256("another input")
            )
        );
        settlement.verify(signed, OUTPUT, _proofOf(_statement("another input", OUTPUT)));
    }

    function test_revertsWhenTheVerifierDoesNotSayYes() public {
        _setVerifier(Mode.ZK);
        SignedResult memory signed = _signed(Mode.ZK);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, Mode.ZK, release));
        settlement.verify(signed, OUTPUT, abi.encode(INPUT, bytes("no")));
        vm.expectRevert(StatementVerifier.ProofMissing.selector);
        settlement.verify(signed, OUTPUT, abi.encode(INPUT, bytes("")));
    }

    function test_backsAVanillaResultBySignatureAlone() public view {
        (address signer, Standing memory standing) = settlement.verify(_signed(Mode.VANILLA), OUTPUT, "");
        assertEq(signer, actor.signer);
        assertEq(abi.encode(standing), abi.encode(operators.standingOf(actor.signer)));
        assertEq(standing.operatorId, actor.id);
        assertEq(standing.stake * GRAIN, STAKE);
        assertEq(uint256(standing.status), uint256(SignerStatus.Active));
    }

    function test_backsAProvedResult() public {
        _setVerifier(Mode.ZK);
        SignedResult memory signed = _signed(Mode.ZK);
        (address signer, Standing memory standing) = settlement.verify(
            signed,
            OUTPUT,
            _proofOf(_statement(INPUT, OUTPUT))
        );
        assertEq(signer, actor.signer);
        assertEq(standing.operatorId, actor.id);
    }

    /// Whoever copies a proof out of the mempool and signs the result itself has a proof of another's statement.
    function test_rule33_aProofIsBoundToItsOperator() public {
        _setVerifier(Mode.ZK);
        bytes memory proof = _proofOf(_statement(INPUT, OUTPUT));
        Actor memory thief = _onboard("thief");
        SignedResult memory signed = _sign(thief.signerKey, _signed(Mode.ZK).result);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, Mode.ZK, release));
        settlement.verify(signed, OUTPUT, proof);
    }

    /// The mode is signed: what was given without a proof cannot be passed off as proved, nor the other way round.
    function test_rule05_theModeCannotBeChanged() public {
        _setVerifier(Mode.ZK);
        SignedResult memory signed = _signed(Mode.ZK);
        signed.result.mode = Mode.VANILLA;
        _expectWithoutStanding(_apparentSigner(signed));
        settlement.verify(signed, OUTPUT, "");
    }

    /// Standing without stake is for the caller to judge, which gets it in the answer.
    function test_rule07_returnsTheStakeThatIsThere() public {
        SignedResult memory signed = _signed(Mode.VANILLA);
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        (, Standing memory standing) = settlement.verify(signed, OUTPUT, "");
        assertEq(standing.stake, 0);
        assertTrue(standing.unbonding);
    }

    function testFuzz_rule07_isValidFromMaxValidityBeforeToItsLastSecond(uint40 validUntil, uint40 usedAt) public {
        validUntil = uint40(bound(validUntil, block.timestamp, block.timestamp + 365 days));
        usedAt = uint40(bound(usedAt, validUntil - 2 * MAX_VALIDITY, validUntil + MAX_VALIDITY));
        InferenceResult memory result = _signed(Mode.VANILLA).result;
        result.validUntil = validUntil;
        SignedResult memory signed = _sign(actor.signerKey, result);
        vm.warp(usedAt);
        bool isValid = usedAt <= validUntil && validUntil <= uint256(usedAt) + MAX_VALIDITY;
        if (!isValid) _expectNotValid(validUntil);
        settlement.verify(signed, OUTPUT, "");
    }

    function _signed(Mode mode) private view returns (SignedResult memory) {
        InferenceResult memory result = _result(0, INPUT, OUTPUT);
        result.mode = mode;
        return _sign(actor.signerKey, result);
    }

    function _expectNotValid(uint40 validUntil) private {
        vm.expectRevert(
            abi.encodeWithSelector(IProofSettlement.ResultNotValid.selector, validUntil, block.timestamp + MAX_VALIDITY)
        );
    }

    function _expectWithoutStanding(address signer) private {
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.SignerWithoutStanding.selector, signer));
    }
}
