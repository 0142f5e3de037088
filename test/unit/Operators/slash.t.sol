// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence, SignerStatus, SlashTerms, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {SlashFixture} from "../support/SlashFixture.sol";

contract SlashTest is SlashFixture {
    function test_rule03_onlyDisputesHoldsThePower() public {
        address[8] memory others = [
            admin,
            governor,
            guardian,
            challenger,
            actor.owner,
            actor.signer,
            address(requests),
            address(settlement)
        ];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            operators.slash(Offence.Equivocation, actor.signer, others[i], NOBODY);
        }
        assertEq(_standing(actor).stake * GRAIN, STAKE);
    }

    function test_revertsWhenTheSignerIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerUnknown.selector, stranger));
        _take(stranger, Offence.WrongOutput, user);
    }

    function test_revertsWhenThereIsNothingToSlash() public {
        Actor memory poor = _register("poor");
        bytes memory nothing = abi.encodeWithSelector(IOperators.NothingToSlash.selector, poor.id);
        vm.expectRevert(nothing);
        _take(poor.signer, Offence.WrongOutput, user);
        _stake(poor, GRAIN);
        vm.expectRevert(nothing);
        _take(poor.signer, Offence.WrongOutput, user);
        _stake(poor, GRAIN);
        assertEq(_take(poor.signer, Offence.WrongOutput, user), GRAIN);
    }

    /// A retired key is good for one validity and one dispute window; whoever steals it later slashes nobody.
    function test_rule08_aRetiredSignerIsSlashableForAWhileOnly() public {
        _rotate(actor, "next signer");
        _requireSlashableUntil(actor.signer, block.timestamp + MAX_VALIDITY + DISPUTE_WINDOW);
    }

    function test_rule08_aRevokedSignerIsSlashableForAWhileOnly() public {
        vm.prank(actor.owner);
        operators.revokeSigner(actor.signer);
        _requireSlashableUntil(actor.signer, block.timestamp + MAX_VALIDITY + DISPUTE_WINDOW);
    }

    function test_rule08_rotatingARevokedSignerBuysTheThiefNoTime() public {
        vm.prank(actor.signer);
        operators.revokeSigner(actor.signer);
        uint256 endedAt = block.timestamp + MAX_VALIDITY + DISPUTE_WINDOW;
        vm.warp(endedAt - 1);
        _rotate(actor, "next signer");
        _requireSlashableUntil(actor.signer, endedAt);
    }

    function test_slashesAWrongOutputAndPaysWhoWasWronged() public {
        vm.expectEmit(address(operators));
        emit IOperators.OperatorSlashed(
            actor.id,
            actor.signer,
            Offence.WrongOutput,
            25_000 ether,
            17_500 ether,
            3750 ether,
            challenger,
            3750 ether,
            user
        );
        vm.expectEmit(address(operators));
        emit IOperators.OperatorJailed(actor.id, uint40(block.timestamp) + JAIL_PERIOD);
        assertEq(_take(actor.signer, Offence.WrongOutput, user), 25_000 ether);

        Standing memory standing = _standing(actor);
        assertEq(standing.operatorId, actor.id);
        assertEq(standing.stake * GRAIN, 25_000 ether);
        assertEq(standing.slots, SLOTS);
        assertEq(standing.slashCount, 1);
        assertEq(uint256(standing.status), uint256(SignerStatus.Active));
        assertTrue(standing.jailed);
        assertEq(standing.since, 0);
        assertEq(standing.lastSlashAt, block.timestamp);
        assertFalse(standing.unbonding);
        assertEq(operators.awardOf(challenger), 3750 ether);
        assertEq(operators.awardOf(user), 3750 ether);
        assertEq(operators.unburned(), 17_500 ether);
        assertEq(opg.balanceOf(address(operators)), STAKE);
        assertEq(opg.totalSupply(), SUPPLY);
    }

    function test_burnsTheShareOfARequesterThatIsNotThere() public {
        assertEq(_take(actor.signer, Offence.WrongOutput, NOBODY), 25_000 ether);
        assertEq(operators.unburned(), 21_250 ether);
        assertEq(operators.awardOf(challenger), 3750 ether);
        assertEq(operators.awardOf(NOBODY), 0);
    }

    function test_compensatesNobodyForEquivocation() public {
        assertEq(_take(actor.signer, Offence.Equivocation, user), 25_000 ether);
        assertEq(operators.awardOf(user), 0);
        assertEq(operators.unburned(), 21_250 ether);
    }

    function test_paysOneAccountBothShares() public {
        _take(actor.signer, Offence.WrongOutput, challenger);
        assertEq(operators.awardOf(challenger), 7500 ether);
    }

    function test_takesHalfOfWhatIsLeftEachTime() public {
        uint256 expected = STAKE / 2;
        for (uint256 i; i < 5; ++i) {
            skip(1 hours);
            assertEq(_take(actor.signer, Offence.WrongOutput, user), expected);
            assertEq(operators.slashCountOf(actor.id), i + 1);
            assertEq(operators.slashedAt(actor.id, i), block.timestamp);
            assertEq(operators.slashedAt(actor.id, 0), block.timestamp - i * 1 hours);
            expected /= 2;
        }
        assertEq(operators.slashedAt(actor.id, 5), 0);
    }

    function test_obeysTheTableOfItsTime() public {
        _setTerms(Offence.WrongOutput, SlashTerms(10_000, 10_000, 0, 0));
        _take(actor.signer, Offence.WrongOutput, user);
        assertEq(_standing(actor).stake, 0);
        // The bounty's share is zero; the floor is paid all the same.
        assertEq(operators.awardOf(challenger), BOUNTY_FLOOR);
        assertEq(operators.awardOf(user), 0);
        assertEq(operators.unburned(), STAKE - BOUNTY_FLOOR);
    }

    function test_rule07_takesTheSameShareOfUnbondingStake() public {
        _unbond(20_000 ether);
        uint40 releaseAt = operators.unbondingOf(actor.id).releaseAt;
        skip(1 days);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), 25_000 ether);
        assertEq(_standing(actor).stake * GRAIN, 15_000 ether);
        assertTrue(_standing(actor).unbonding);
        assertEq(operators.unbondingOf(actor.id).amount, 10_000 ether);
        assertEq(operators.unbondingOf(actor.id).releaseAt, releaseAt);
    }

    /// Stake whose time has come is slashable until it is withdrawn, and not after.
    function test_rule07_reachesRipeStakeUntilItIsWithdrawn() public {
        _unbond(20_000 ether);
        skip(UNBONDING_PERIOD);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), 25_000 ether);
        vm.prank(actor.owner);
        assertEq(operators.withdrawUnbonded(actor.id, actor.owner), 10_000 ether);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), 7500 ether);
    }

    function test_rule08_findsTheStakeBehindARetiredSigner() public {
        Actor memory second = _rotate(actor, "second signer");
        Actor memory third = _rotate(second, "third signer");
        vm.expectEmit(address(operators));
        emit IOperators.OperatorSlashed(
            actor.id,
            actor.signer,
            Offence.Equivocation,
            25_000 ether,
            21_250 ether,
            3750 ether,
            challenger,
            0,
            NOBODY
        );
        _take(actor.signer, Offence.Equivocation, NOBODY);
        assertEq(operators.standingOf(third.signer).stake * GRAIN, 25_000 ether);
        assertTrue(operators.standingOf(third.signer).jailed);
        _requireTombstone(actor.signer);
        _requireTombstone(second.signer);
    }

    function test_rule08_findsTheStakeOfARevokedSigner() public {
        vm.prank(actor.owner);
        operators.revokeSigner(actor.signer);
        uint40 since = _standing(actor).since;
        assertEq(since, block.timestamp);
        skip(1 hours);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), 25_000 ether);
        assertEq(uint256(_standing(actor).status), uint256(SignerStatus.Revoked));
        assertEq(_standing(actor).since, since);
    }

    function test_givesUpSlotsThatTheRestCannotCarry() public {
        vm.prank(actor.owner);
        operators.setSlots(actor.id, 251);
        vm.expectEmit(address(operators));
        emit IOperators.SlotsSet(actor.id, 250);
        _take(actor.signer, Offence.Equivocation, NOBODY);
        assertEq(_standing(actor).slots, 250);
    }

    function test_touchesNoOtherOperator() public {
        Actor memory other = _onboard("other");
        bytes memory before = abi.encode(_standing(other), operators.unbondingOf(other.id));
        _take(actor.signer, Offence.WrongOutput, other.owner);
        assertEq(abi.encode(_standing(other), operators.unbondingOf(other.id)), before);
    }

    /// Half of the smallest stake that may work: 15 % of 500 is more than the floor.
    function test_rule30_theMinimumStakeIsWorthAProof() public {
        Actor memory small = _onboard("small", MINIMUM_STAKE);
        _take(small.signer, Offence.WrongOutput, user);
        assertEq(operators.awardOf(challenger), 75 ether);
    }

    /// Below it, the floor comes out of the requester's share, and then out of nothing that must burn.
    function test_rule30_theBountyFloor() public {
        Actor memory small = _onboard("small", 600 ether);
        _take(small.signer, Offence.WrongOutput, user);
        assertEq(operators.awardOf(challenger), 50 ether);
        assertEq(operators.awardOf(user), 40 ether);
        assertEq(operators.unburned(), 210 ether);

        _take(small.signer, Offence.WrongOutput, user);
        assertEq(operators.awardOf(challenger), 50 ether + 45 ether);
        assertEq(operators.awardOf(user), 40 ether);
        assertEq(operators.unburned(), 210 ether + 105 ether);
    }

    function testFuzz_rule03_onlyDisputesHoldsThePower(address caller) public {
        vm.assume(caller != address(disputes));
        vm.expectRevert(_unauthorized(caller));
        vm.prank(caller);
        operators.slash(Offence.WrongOutput, actor.signer, caller, caller);
    }

    /// Nothing is lost and nothing made, at least 70 % burns, the challenger's work pays, all in whole grains.
    function testFuzz_rule30_dividesWhatItTakes(
        SlashTerms memory terms,
        uint256 active,
        uint256 leaving,
        bool wronged
    ) public {
        terms = _boundTerms(terms);
        _setTerms(Offence.WrongOutput, terms);
        active = bound(active, 10, 100_000_000e6);
        leaving = bound(leaving, 0, active);
        actor = _register("fuzzed");
        _stake(actor, active * GRAIN);
        if (leaving != 0) _unbond(leaving * GRAIN);
        active -= leaving;
        uint256 held = opg.balanceOf(address(operators));
        uint256 taken = _take(actor.signer, Offence.WrongOutput, wronged ? user : NOBODY);
        assertEq(taken, ((active * terms.stakeBps) / BPS + (leaving * terms.stakeBps) / BPS) * GRAIN);

        uint256 bounty = operators.awardOf(challenger);
        uint256 compensation = operators.awardOf(user);
        uint256 burned = operators.unburned();
        assertEq(burned + bounty + compensation, taken);
        assertGe(burned * BPS, taken * 7000);
        uint256 divisible = (((taken / GRAIN) * 3000) / BPS) * GRAIN;
        assertGe(bounty, BOUNTY_FLOOR < divisible ? BOUNTY_FLOOR : divisible);
        assertTrue(bounty <= BOUNTY_FLOOR || bounty * BPS <= taken * terms.bountyBps);
        assertLe(compensation * BPS, wronged ? taken * terms.requesterBps : 0);
        assertEq((bounty % GRAIN) + (compensation % GRAIN) + (burned % GRAIN), 0);

        uint256 left = _standing(actor).stake * GRAIN + operators.unbondingOf(actor.id).amount;
        assertEq(left + taken, (active + leaving) * GRAIN);
        assertEq(opg.balanceOf(address(operators)), held);
    }

    function _requireSlashableUntil(address signer, uint256 endedAt) private {
        vm.warp(endedAt + 1);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerNoLongerSlashable.selector, signer, endedAt));
        _take(signer, Offence.Equivocation, NOBODY);
        vm.warp(endedAt);
        assertEq(_take(signer, Offence.Equivocation, NOBODY), STAKE / 2);
    }

    function _requireTombstone(address signer) private view {
        Standing memory standing = operators.standingOf(signer);
        assertEq(standing.stake + standing.slots + standing.slashCount, 0);
        assertEq(uint256(standing.status), uint256(SignerStatus.Retired));
        assertFalse(standing.jailed);
    }
}
