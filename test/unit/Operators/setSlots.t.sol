// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {Candidate} from "../../../contracts/interfaces/ICoverage.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract SetSlotsTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.setSlots(2, 1);
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, stranger));
        vm.prank(stranger);
        operators.setSlots(actor.id, 1);
    }

    function test_revertsWhenTheStakeDoesNotCarryThem() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.SlotsBeyondStake.selector, 501, 50_100 ether, STAKE));
        _set(501);
    }

    function test_setsWhatTheStakeCarries() public {
        vm.expectEmit(address(operators));
        emit IOperators.SlotsSet(actor.id, 500);
        _set(500);
        assertEq(_standing(actor).slots, 500);
        _set(0);
        assertEq(_standing(actor).slots, 0);
    }

    function test_rule22_noSlotIsClaimedBeyondTheStake() public {
        _set(500);
        vm.prank(actor.owner);
        operators.unbond(actor.id, 1 ether);
        assertEq(_standing(actor).slots, 499);
        _slash(actor, 1);
        assertEq(_standing(actor).slots, 249);
        Actor memory rotated = _rotate(actor, "next signer");
        assertEq(operators.standingOf(rotated.signer).slots, 249);
        assertEq(operators.standingOf(actor.signer).slots, 0);
    }

    function test_rule22_coverageLeavesOutWhoCannotServe() public {
        assertEq(_covered(), 1);
        _set(0);
        assertEq(_covered(), 0);
        _set(SLOTS);
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE - RELEASE_MIN_STAKE + GRAIN);
        assertEq(_covered(), 0);
        _stake(actor, GRAIN);
        assertEq(_covered(), 1);
        vm.prank(actor.signer);
        operators.revokeSigner(actor.signer);
        assertEq(_covered(), 0);
        actor = _rotate(actor, "next signer");
        assertEq(_covered(), 1);
        _stake(actor, STAKE);
        _slash(actor, 1);
        assertEq(_covered(), 0);
        skip(JAIL_PERIOD);
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
        assertEq(_covered(), 1);
        vm.prank(actor.owner);
        operators.setOffer(actor.id, release, 0, 0);
        assertEq(_covered(), 0);
    }

    function testFuzz_neverMoreThanTheStakeCarries(uint16 slots, uint256 stake) public {
        stake = bound(stake, 1, 10_000_000e6) * GRAIN;
        Actor memory other = _register("other");
        _stake(other, stake);
        bool carried = uint256(slots) * STAKE_PER_SLOT <= stake;
        if (!carried) vm.expectPartialRevert(IOperators.SlotsBeyondStake.selector);
        vm.prank(other.owner);
        operators.setSlots(other.id, slots);
        assertEq(_standing(other).slots, carried ? slots : 0);
    }

    function _covered() private view returns (uint256) {
        (Candidate[] memory candidates, ) = coverage.coverage(release, Mode.VANILLA, 0, 10);
        return candidates.length;
    }

    function _set(uint16 slots) private {
        vm.prank(actor.owner);
        operators.setSlots(actor.id, slots);
    }
}
