// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofSettlement} from "../../../contracts/interfaces/IProofSettlement.sol";
import {IProofVerifier, ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";

contract RequireProofTest is NetworkFixture {
    IProofVerifier private verifier = IProofVerifier(makeAddr("verifier"));

    function setUp() public override {
        super.setUp();
        vm.etch(address(verifier), hex"fe");
        vm.prank(governor);
        settlement.setVerifier(Mode.ZK, verifier);
    }

    function test_revertsWhenTheModeHasNoVerifier() public {
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ModeNotSupported.selector, Mode.VANILLA));
        _require(Mode.VANILLA, abi.encode("input", "proof"));
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ModeNotSupported.selector, Mode.TEE));
        _require(Mode.TEE, abi.encode("input", "proof"));
    }

    function test_revertsWhenTheInputIsAnother() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IProofSettlement.InputMismatch.selector,
                keccak256("input"),
                keccak256("another input")
            )
        );
        _require(Mode.ZK, abi.encode("another input", "proof"));
    }

    function test_revertsWhenTheProofIsNoEncoding() public {
        vm.expectRevert();
        _require(Mode.ZK, "");
    }

    function test_revertsWhenTheVerifierSaysNo() public {
        _answer(false);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, Mode.ZK, release));
        _require(Mode.ZK, abi.encode("input", "proof"));
    }

    function test_revertsWhenTheVerifierReverts() public {
        vm.expectRevert();
        _require(Mode.ZK, abi.encode("input", "proof"));
    }

    /// The verifier answers to the very statement that the hashes stand for, and to no other.
    function test_asksAboutTheStatementThatItMadeItself() public {
        _answer(true);
        _require(Mode.ZK, abi.encode("input", "proof"));
    }

    function _answer(bool verdict) private {
        ProofStatement memory statement = ProofStatement(release, 7, user, "input", "output");
        bytes memory call = abi.encodeCall(IProofVerifier.verify, (statement, "proof"));
        vm.mockCall(address(verifier), call, abi.encode(verdict));
    }

    function _require(Mode mode, bytes memory proof) private view {
        settlement.requireProof(mode, release, 7, user, keccak256("input"), "output", proof);
    }
}
