// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofSettlement} from "../../../contracts/interfaces/IProofSettlement.sol";
import {IProofVerifier} from "../../../contracts/interfaces/IProofVerifier.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ProofFixture} from "../support/ProofFixture.sol";
import {StatementVerifier} from "../support/StatementVerifier.sol";

contract SetVerifierTest is ProofFixture {
    function test_revertsWhenTheCallerIsNotTheGovernor() public {
        address[6] memory others = [admin, guardian, publisher, actor.owner, actor.signer, address(disputes)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            settlement.setVerifier(Mode.ZK, verifier);
        }
    }

    function test_revertsWhenTheModeIsVanilla() public {
        _expectInvalid(Mode.VANILLA, address(verifier));
        _setVerifier(Mode.VANILLA);
    }

    function test_revertsWhenTheVerifierHasNoCode() public {
        address[3] memory without = [address(0), stranger, address(1)];
        for (uint256 i; i < without.length; ++i) {
            _expectInvalid(Mode.ZK, without[i]);
            vm.prank(governor);
            settlement.setVerifier(Mode.ZK, IProofVerifier(without[i]));
        }
    }

    function test_revertsWhenTheModeDoesNotExist() public {
        vm.prank(governor);
        (bool done, ) = address(settlement).call(
            abi.encodeWithSelector(IProofSettlement.setVerifier.selector, uint256(3), verifier)
        );
        assertFalse(done);
    }

    function test_setsTheVerifierOfOneMode() public {
        assertTrue(settlement.isSupported(Mode.VANILLA));
        assertFalse(settlement.isSupported(Mode.ZK));
        vm.expectEmit(address(settlement));
        emit IProofSettlement.VerifierSet(Mode.ZK, verifier);
        _setVerifier(Mode.ZK);

        assertEq(address(settlement.verifierOf(Mode.ZK)), address(verifier));
        assertTrue(settlement.isSupported(Mode.ZK));
        assertEq(address(settlement.verifierOf(Mode.TEE)), address(0));
        assertFalse(settlement.isSupported(Mode.TEE));
        assertEq(address(settlement.verifierOf(Mode.VANILLA)), address(0));
    }

    /// Whoever governs cannot put a verifier that says yes to everything in the place of one that users trust.
    function test_rule03_aVerifierIsSetOnce() public {
        _setVerifier(Mode.ZK);
        IProofVerifier first = verifier;
        _expectAlreadySet(Mode.ZK, first);
        _setVerifier(Mode.ZK);
        verifier = new StatementVerifier();
        _expectAlreadySet(Mode.ZK, first);
        _setVerifier(Mode.ZK);
        assertEq(address(settlement.verifierOf(Mode.ZK)), address(first));

        _setVerifier(Mode.TEE);
        assertEq(address(settlement.verifierOf(Mode.TEE)), address(verifier));
    }

    function testFuzz_rule03_onlyTheGovernorSetsAVerifier(address caller, uint8 mode) public {
        vm.assume(caller != governor);
        mode = uint8(bound(mode, 1, 2));
        vm.expectRevert(_unauthorized(caller));
        vm.prank(caller);
        settlement.setVerifier(Mode(mode), verifier);
        assertFalse(settlement.isSupported(Mode(mode)));
    }

    function _expectInvalid(Mode mode, address given) private {
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.VerifierInvalid.selector, mode, given));
    }

    function _expectAlreadySet(Mode mode, IProofVerifier present) private {
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.VerifierAlreadySet.selector, mode, present));
    }
}
