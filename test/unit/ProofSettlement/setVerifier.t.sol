// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofSettlement} from "../../../contracts/interfaces/IProofSettlement.sol";
import {IProofVerifier} from "../../../contracts/interfaces/IProofVerifier.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";

contract SetVerifierTest is NetworkFixture {
    IProofVerifier private verifier = IProofVerifier(makeAddr("verifier"));

    function setUp() public override {
        super.setUp();
        vm.etch(address(verifier), hex"00");
    }

    function test_revertsWhenTheCallerIsNotTheGovernor() public {
        address[3] memory others = [admin, guardian, stranger];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            settlement.setVerifier(Mode.ZK, verifier);
        }
    }

    function test_revertsForVanilla() public {
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.VerifierInvalid.selector, Mode.VANILLA, verifier));
        _set(Mode.VANILLA, verifier);
    }

    function test_revertsWhenItIsNoContract() public {
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.VerifierInvalid.selector, Mode.ZK, stranger));
        _set(Mode.ZK, IProofVerifier(stranger));
    }

    function test_rule03_aVerifierIsSetOnce() public {
        _set(Mode.ZK, verifier);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.VerifierAlreadySet.selector, Mode.ZK, verifier));
        _set(Mode.ZK, IProofVerifier(address(hub)));
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.VerifierAlreadySet.selector, Mode.ZK, verifier));
        _set(Mode.ZK, verifier);
    }

    function test_supportsTheModeFromThenOn() public {
        assertTrue(settlement.isSupported(Mode.VANILLA));
        assertFalse(settlement.isSupported(Mode.ZK));
        vm.expectEmit(address(settlement));
        emit IProofSettlement.VerifierSet(Mode.ZK, verifier);
        _set(Mode.ZK, verifier);
        assertTrue(settlement.isSupported(Mode.ZK));
        assertFalse(settlement.isSupported(Mode.TEE));
        assertEq(address(settlement.verifierOf(Mode.ZK)), address(verifier));
    }

    function _set(Mode mode, IProofVerifier to) private {
        vm.prank(governor);
        settlement.setVerifier(mode, to);
    }
}
