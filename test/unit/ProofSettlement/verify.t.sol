// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Standing} from "../../../contracts/interfaces/IOperators.sol";
import {IProofSettlement, SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {IProofVerifier, ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract VerifyTest is NetworkFixture {
    Actor private actor;
    InferenceResult private result;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
        result = _result(keccak256("context"), "input", "output");
    }

    function test_revertsWhenTheOutputIsAnother() public {
        SignedResult memory signed = _sign(actor.signerKey, result);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProofSettlement.OutputMismatch.selector,
                keccak256("output"),
                keccak256("another output")
            )
        );
        settlement.verify(signed, "another output", "");
    }

    function test_revertsWhenTheSignatureIsMalformed() public {
        SignedResult memory signed = _sign(actor.signerKey, result);
        signed.signature = "";
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 0));
        settlement.verify(signed, "output", "");
    }

    function test_revertsWhenTheSignerHasNoStanding() public {
        (address nobody, uint256 key) = makeAddrAndKey("nobody");
        _expectNoStanding(key, nobody);
        _slash(actor, 1);
        _expectNoStanding(actor.signerKey, actor.signer);
        Actor memory other = _onboard("other");
        _rotate(other, "next signer");
        _expectNoStanding(other.signerKey, other.signer);
        Actor memory third = _onboard("third");
        vm.prank(third.owner);
        operators.revokeSigner(third.signer);
        _expectNoStanding(third.signerKey, third.signer);
    }

    function test_revertsWhenTheModeIsNotSupported() public {
        result.mode = Mode.TEE;
        SignedResult memory signed = _sign(actor.signerKey, result);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ModeNotSupported.selector, Mode.TEE));
        settlement.verify(signed, "output", abi.encode("input", "proof"));
    }

    function test_says() public view {
        (address signer, Standing memory standing) = settlement.verify(_sign(actor.signerKey, result), "output", "");
        assertEq(signer, actor.signer);
        assertEq(abi.encode(standing), abi.encode(operators.standingOf(actor.signer)));
    }

    function test_asksTheVerifierOfTheMode() public {
        address verifier = makeAddr("verifier");
        vm.etch(verifier, hex"fe");
        vm.prank(governor);
        settlement.setVerifier(Mode.ZK, IProofVerifier(verifier));
        ProofStatement memory statement = ProofStatement(release, actor.id, actor.signer, "input", "output");
        vm.mockCall(verifier, abi.encodeCall(IProofVerifier.verify, (statement, "proof")), abi.encode(true));
        result.mode = Mode.ZK;
        SignedResult memory signed = _sign(actor.signerKey, result);
        (address signer, ) = settlement.verify(signed, "output", abi.encode("input", "proof"));
        assertEq(signer, actor.signer);
        vm.expectRevert();
        settlement.verify(signed, "output", abi.encode("input", "another proof"));
    }

    function test_rule07_aResultIsUsedWhileItIsValid() public {
        vm.warp(result.validUntil);
        settlement.verify(_sign(actor.signerKey, result), "output", "");
        vm.warp(uint256(result.validUntil) + 1);
        _expectNotValid();
    }

    /// Else a result of today would be backed by whatever stake its signer has in years.
    function test_rule07_aResultSignedTooFarAheadIsNotValid() public {
        result.validUntil = uint40(block.timestamp) + MAX_VALIDITY + 1;
        _expectNotValid();
        skip(1);
        settlement.verify(_sign(actor.signerKey, result), "output", "");
    }

    function _expectNotValid() private {
        SignedResult memory signed = _sign(actor.signerKey, result);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProofSettlement.ResultNotValid.selector,
                result.validUntil,
                vm.getBlockTimestamp() + MAX_VALIDITY
            )
        );
        settlement.verify(signed, "output", "");
    }

    function _expectNoStanding(uint256 key, address signer) private {
        SignedResult memory signed = _sign(key, result);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.SignerWithoutStanding.selector, signer));
        settlement.verify(signed, "output", "");
    }
}
