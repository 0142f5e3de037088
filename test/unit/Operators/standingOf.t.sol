// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CompactStanding} from "../../../contracts/types/CompactStanding.sol";
import {SignerStatus, Standing, Unbonding} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract StandingOfTest is NetworkFixture {
    Actor private actor;
    address[] private signers;
    uint256 private slashes;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
        signers.push(actor.signer);
    }

    function test_isEmptyForWhoNeverRegistered() public view {
        Standing memory none;
        assertEq(abi.encode(operators.standingOf(stranger)), abi.encode(none));
        assertEq(abi.encode(operators.standingById(99)), abi.encode(none));
        assertEq(CompactStanding.unwrap(operators.compactStandingOf(stranger)), 0);
        assertFalse(operators.compactStandingOf(stranger).isActive());
    }

    function test_isActiveOnlyWhenLiveAndFree() public {
        assertTrue(operators.compactStandingOf(actor.signer).isActive());
        _slash(actor, 1);
        assertFalse(operators.compactStandingOf(actor.signer).isActive());
        skip(JAIL_PERIOD);
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
        assertTrue(operators.compactStandingOf(actor.signer).isActive());
        vm.prank(actor.signer);
        operators.revokeSigner(actor.signer);
        assertFalse(operators.compactStandingOf(actor.signer).isActive());
        Actor memory rotated = _rotate(actor, "next signer");
        assertFalse(operators.compactStandingOf(actor.signer).isActive());
        assertTrue(operators.compactStandingOf(rotated.signer).isActive());
    }

    /// After any calls the word and the struct say the same of every signer, and hold what must always hold.
    function testFuzz_theWordIsTheStruct(uint256[16] memory seeds) public {
        for (uint256 i; i < seeds.length; ++i) {
            _act(seeds[i]);
            for (uint256 j; j < signers.length; ++j) _requireAgreement(signers[j]);
            Standing memory standing = operators.standingById(actor.id);
            assertLe(standing.slots * STAKE_PER_SLOT, standing.stake * GRAIN);
            Unbonding memory unbonding = operators.unbondingOf(actor.id);
            assertTrue(standing.unbonding || unbonding.amount == 0);
            uint256 held = standing.stake * GRAIN + unbonding.amount + operators.unburned();
            assertEq(opg.balanceOf(address(operators)), held + operators.awardOf(challenger));
        }
    }

    function _act(uint256 seed) private {
        uint256 amount = bound(seed >> 16, 1, STAKE / GRAIN) * GRAIN;
        uint256 kind = seed % 9;
        if (kind == 0) _stake(actor, amount);
        if (kind == 1) _try(abi.encodeCall(operators.unbond, (actor.id, amount)));
        if (kind == 2) _try(abi.encodeCall(operators.setSlots, (actor.id, uint16(seed >> 16))));
        if (kind == 3 || kind == 4) _slashIfAny();
        if (kind == 5) _try(abi.encodeCall(operators.leaveJail, (actor.id)));
        if (kind == 6) _try(abi.encodeCall(operators.revokeSigner, (actor.signer)));
        if (kind == 7) {
            actor = _rotate(actor, vm.toString(signers.length));
            signers.push(actor.signer);
        }
        if (kind == 8) _try(abi.encodeCall(operators.withdrawUnbonded, (actor.id, actor.owner)));
        skip((seed >> 64) % 4 days);
    }

    function _slashIfAny() private {
        Standing memory standing = operators.standingById(actor.id);
        if (standing.stake < 2 || standing.status != SignerStatus.Active) return;
        _slash(actor, ++slashes);
    }

    /// What is refused is no concern of this test.
    function _try(bytes memory data) private {
        vm.prank(actor.owner);
        (bool success, ) = address(operators).call(data);
        success;
    }

    function _requireAgreement(address signer) private view {
        Standing memory standing = operators.standingOf(signer);
        CompactStanding word = operators.compactStandingOf(signer);
        assertEq(word.operatorId(), standing.operatorId);
        assertEq(word.stakeGrains(), standing.stake);
        assertEq(word.slots(), standing.slots);
        assertEq(word.slashCount(), standing.slashCount);
        assertEq(word.isActive(), standing.status == SignerStatus.Active && !standing.jailed);
        assertEq(word.coverPercent(), standing.coverPercent);
        uint256 expected =
            uint256(standing.operatorId) |
                (uint256(standing.stake) << 32) |
                (uint256(standing.slots) << 88) |
                (uint256(standing.slashCount) << 104) |
                (uint256(standing.status) << 120) |
                (standing.jailed ? 1 << 128 : 0) |
                (uint256(standing.since) << 136) |
                (uint256(standing.lastSlashAt) << 176) |
                (standing.unbonding ? 1 << 216 : 0) |
                (uint256(standing.era) << 224) |
                (uint256(standing.coverPercent) << 240);
        assertEq(CompactStanding.unwrap(word), expected);
    }
}
