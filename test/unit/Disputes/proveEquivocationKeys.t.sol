// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

/// Evidence from keys and domains that must not count.
contract ProveEquivocationKeysTest is NetworkFixture {
    bytes32 private constant CONTEXT = keccak256("context");
    Actor private actor;
    InferenceResult private a;
    InferenceResult private b;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
        a = _result(CONTEXT, "input", "one output");
        b = _result(CONTEXT, "input", "another output");
    }

    /// Two signers of one operator, before and after a rotation, are one author while both can be slashed.
    function test_rule08_aRotationDoesNotHideAContradiction() public {
        Actor memory rotated = _rotate(actor, "next signer");
        (SignedResult memory left, SignedResult memory right) = (
            _sign(actor.signerKey, a),
            _sign(rotated.signerKey, b)
        );
        disputes.proveEquivocation(left, right);
        assertEq(operators.standingOf(rotated.signer).stake * GRAIN, STAKE / 2);
    }

    function test_rule08_stolenOldKeyCannotBeBackDated() public {
        _retire();
        _expectEnded(actor.signerKey, actor.signerKey);
    }

    /// The thief of an old key pairs what it signs with an honest answer of the present key, in either order.
    function test_rule08_stolenOldKeyCannotContradictThePresentOne() public {
        Actor memory rotated = _retire();
        _expectEnded(rotated.signerKey, actor.signerKey);
        _expectEnded(actor.signerKey, rotated.signerKey);
        assertEq(operators.slashCountOf(actor.id), 0);
    }

    function test_rule08_stolenRevokedKeyCannotBeBackDated() public {
        vm.prank(actor.owner);
        operators.revokeSigner(actor.signer);
        _passEvidence();
        _expectEnded(actor.signerKey, actor.signerKey);
    }

    function test_rule08_aRetiredKeyIsSlashableWhileItsEvidenceLives() public {
        _rotate(actor, "next signer");
        skip(MAX_VALIDITY + DISPUTE_WINDOW);
        _slash(actor, 1);
        assertEq(operators.slashCountOf(actor.id), 1);
    }

    function test_rule04_evidenceFromAnotherContractDoesNotCount() public {
        IOperators other = _deployOperators(_numbers());
        _expectForeign(other.domainSeparator());
        _expectForeign(_separator(block.chainid, address(disputes)));
    }

    function test_rule04_evidenceFromAnotherChainDoesNotCount() public {
        _expectForeign(_separator(block.chainid + 1, address(operators)));
    }

    function test_rule05_everyFieldIsSigned() public view {
        for (uint256 field; field < 9; ++field) {
            SignedResult memory signed = _sign(actor.signerKey, a);
            assertEq(settlement.signerOf(signed), actor.signer);
            bytes memory encoded = abi.encode(a);
            encoded[field * 32 + 31] ^= 0x01;
            signed.result = abi.decode(encoded, (InferenceResult));
            assertNotEq(settlement.signerOf(signed), actor.signer);
        }
    }

    function test_anEnumBeyondItsEndIsRefused() public {
        (SignedResult memory left, SignedResult memory right) = (_sign(actor.signerKey, a), _sign(actor.signerKey, b));
        bytes memory data = abi.encodeCall(disputes.proveEquivocation, (left, right));
        // Selector and two offsets, then the first result, whose third word is its mode.
        uint256 mode = 4 + 64 + 64;
        data[mode + 31] = 0x03;
        (bool success, ) = address(disputes).call(data);
        assertFalse(success);
        data[mode + 31] = 0x00;
        (success, ) = address(disputes).call(data);
        assertTrue(success);
    }

    function _retire() private returns (Actor memory rotated) {
        rotated = _rotate(actor, "next signer");
        _passEvidence();
    }

    /// Past the life of the old key; what is signed now is fresh.
    function _passEvidence() private {
        skip(uint256(MAX_VALIDITY) + DISPUTE_WINDOW + 1);
        a = _result(CONTEXT, "input", "one output");
        b = _result(CONTEXT, "input", "another output");
    }

    function _expectEnded(uint256 leftKey, uint256 rightKey) private {
        (SignedResult memory left, SignedResult memory right) = (_sign(leftKey, a), _sign(rightKey, b));
        uint256 since = operators.standingOf(actor.signer).since;
        vm.expectRevert(
            abi.encodeWithSelector(
                IOperators.SignerNoLongerSlashable.selector,
                actor.signer,
                since + MAX_VALIDITY + DISPUTE_WINDOW
            )
        );
        disputes.proveEquivocation(left, right);
    }

    function _expectForeign(bytes32 separator) private {
        SignedResult memory left = SignedResult(a, new bytes32[](0), _signIn(separator, a));
        SignedResult memory right = SignedResult(b, new bytes32[](0), _signIn(separator, b));
        vm.expectPartialRevert(IOperators.SignerUnknown.selector);
        disputes.proveEquivocation(left, right);
    }

    function _signIn(bytes32 separator, InferenceResult memory result) private view returns (bytes memory) {
        return _signDigest(actor.signerKey, keccak256(abi.encodePacked(hex"1901", separator, result.structHash())));
    }

    function _separator(uint256 chainId, address verifyingContract) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("OPG Inference"),
                    keccak256("1"),
                    chainId,
                    verifyingContract
                )
            );
    }
}
