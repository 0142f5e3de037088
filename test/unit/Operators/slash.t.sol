// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract SlashTest is NetworkFixture {
    address private constant NOBODY = address(0);
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
    }

    function test_rule03_nobodyButDisputesSlashes() public {
        address[6] memory others = [admin, governor, guardian, actor.owner, challenger, address(requests)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            operators.slash(actor.signer, Offence.Equivocation, challenger, NOBODY);
        }
    }

    function test_revertsWhenTheSignerIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerUnknown.selector, stranger));
        _take(stranger, Offence.Equivocation, NOBODY);
    }

    function test_revertsWhenTheSignerIsNoLongerSlashable() public {
        _rotate(actor, "next signer");
        uint256 endedAt = block.timestamp + MAX_VALIDITY + DISPUTE_WINDOW;
        vm.warp(endedAt + 1);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerNoLongerSlashable.selector, actor.signer, endedAt));
        _take(actor.signer, Offence.Equivocation, NOBODY);
    }

    function test_revertsWhenThereIsNothingToTake() public {
        Actor memory empty = _register("empty");
        vm.expectRevert(abi.encodeWithSelector(IOperators.NothingToSlash.selector, empty.id));
        _take(empty.signer, Offence.Equivocation, NOBODY);
        _stake(empty, GRAIN);
        vm.expectRevert(abi.encodeWithSelector(IOperators.NothingToSlash.selector, empty.id));
        _take(empty.signer, Offence.Equivocation, NOBODY);
        assertFalse(_standing(empty).jailed);
        assertEq(operators.slashCountOf(empty.id), 0);
    }

    function test_rule30_takesHalfForEquivocationAndBurnsMostOfIt() public {
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
        vm.expectEmit(address(operators));
        emit IOperators.OperatorJailed(actor.id, uint40(block.timestamp) + JAIL_PERIOD);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), 25_000 ether);

        Standing memory standing = _standing(actor);
        assertEq(standing.stake * GRAIN, 25_000 ether);
        assertEq(standing.slashCount, 1);
        assertEq(standing.lastSlashAt, block.timestamp);
        assertTrue(standing.jailed);
        assertEq(operators.unburned(), 21_250 ether);
        assertEq(operators.awardOf(challenger), 3750 ether);
        assertEq(opg.balanceOf(address(operators)), STAKE);
    }

    function test_rule30_compensatesTheRequesterOfAWrongOutput() public {
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
        _take(actor.signer, Offence.WrongOutput, user);
        assertEq(operators.awardOf(user), 3750 ether);
        assertEq(operators.awardOf(challenger), 3750 ether);
    }

    function test_rule30_burnsTheRequestersShareWhenThereIsNone() public {
        _take(actor.signer, Offence.WrongOutput, NOBODY);
        assertEq(operators.unburned(), 21_250 ether);
    }

    function test_rule30_paysTheFloorAtTheRequestersExpense() public {
        Actor memory small = _onboard("small", 400 ether);
        _take(small.signer, Offence.WrongOutput, user);
        assertEq(operators.awardOf(challenger), BOUNTY_FLOOR);
        assertEq(operators.awardOf(user), 10 ether);
        assertEq(operators.unburned(), 140 ether);
    }

    function test_rule30_theFloorNeverTouchesWhatMustBurn() public {
        Actor memory small = _onboard("small", 200 ether);
        _take(small.signer, Offence.WrongOutput, user);
        assertEq(operators.awardOf(challenger), 30 ether);
        assertEq(operators.awardOf(user), 0);
        assertEq(operators.unburned(), 70 ether);
    }

    function test_rule30_theMinimumStakePaysTheFloor() public {
        Actor memory small = _onboard("small", MINIMUM_STAKE);
        _take(small.signer, Offence.Equivocation, NOBODY);
        assertGe(operators.awardOf(challenger), BOUNTY_FLOOR);
    }

    function test_takesDustInWholeGrains() public {
        Actor memory dust = _register("dust");
        _stake(dust, 3 * GRAIN);
        vm.prank(dust.owner);
        operators.unbond(dust.id, GRAIN);
        assertEq(_take(dust.signer, Offence.Equivocation, NOBODY), GRAIN);
        assertEq(operators.unburned(), GRAIN);
        assertEq(operators.unbondingOf(dust.id).amount, GRAIN);
    }

    function test_slashesUnbondingStakeOfWhoLeft() public {
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), STAKE / 2);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), STAKE / 4);
        assertEq(operators.unbondingOf(actor.id).amount, STAKE / 4);
        assertEq(operators.unbondingOf(actor.id).releaseAt, block.timestamp + UNBONDING_PERIOD);
    }

    function test_givesUpSlotsThatTheRestDoesNotCarry() public {
        vm.prank(actor.owner);
        operators.setSlots(actor.id, 400);
        vm.expectEmit(address(operators));
        emit IOperators.SlotsSet(actor.id, 250);
        _take(actor.signer, Offence.Equivocation, NOBODY);
    }

    function test_keepsTheTimesOfAllSlashes() public {
        assertEq(operators.slashedAt(actor.id, 0), 0);
        uint256[3] memory times;
        for (uint256 i; i < 3; ++i) {
            skip(1 days);
            times[i] = block.timestamp;
            _take(actor.signer, Offence.Equivocation, NOBODY);
            if (i == 1) _rotate(actor, "next signer");
            for (uint256 j; j <= i; ++j) assertEq(operators.slashedAt(actor.id, j), times[j]);
            assertEq(operators.slashedAt(actor.id, i + 1), 0);
        }
        assertEq(operators.slashedAt(actor.id, type(uint256).max), 0);
        assertEq(operators.slashedAt(99, 0), 0);
    }

    /// Slashing oneself for dust until the count overflows must not make a liar out of reach.
    function test_rule30_noNumberOfSlashesEndsSlashing() public {
        _setSlashCount(type(uint16).max - 1);
        skip(1 days);
        uint256 last = vm.getBlockTimestamp();
        vm.expectEmit(address(operators));
        emit IOperators.OperatorJailed(actor.id, type(uint40).max);
        _take(actor.signer, Offence.Equivocation, NOBODY);
        assertEq(operators.slashCountOf(actor.id), type(uint16).max);

        skip(1 days);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), STAKE / 4);
        assertEq(operators.slashCountOf(actor.id), type(uint16).max);
        assertEq(operators.slashedAt(actor.id, type(uint16).max - 1), last);
        skip(1000 * JAIL_PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IOperators.JailNotOver.selector, actor.id, type(uint40).max));
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
    }

    /// Nobody is called, so nobody can stop a slash or get at its money.
    function test_rule01_hostileRecipientsAreNotCalled() public {
        vm.etch(challenger, hex"fe");
        vm.etch(user, hex"fe");
        _take(actor.signer, Offence.WrongOutput, user);
        assertEq(operators.collectAward(challenger), 3750 ether);
        assertEq(operators.collectAward(user), 3750 ether);
    }

    /// burned + bounty + compensation = taken ≤ stake, at least 70 % burns, and the contract still holds all of it.
    function testFuzz_dividesWhatItTakes(
        uint256 active,
        uint256 unbonding,
        bool isWrongOutput,
        bool hasRequester
    ) public {
        active = bound(active, 1, 10_000_000e6);
        unbonding = bound(unbonding, 0, active);
        Actor memory other = _register("other");
        _stake(other, active * GRAIN);
        if (unbonding != 0) {
            vm.prank(other.owner);
            operators.unbond(other.id, unbonding * GRAIN);
        }
        uint256 expected = ((active - unbonding) / 2 + unbonding / 2) * GRAIN;
        vm.assume(expected != 0);
        Offence offence = isWrongOutput ? Offence.WrongOutput : Offence.Equivocation;
        uint256 taken = _take(other.signer, offence, hasRequester ? user : NOBODY);

        assertEq(taken, expected);
        uint256 bounty = operators.awardOf(challenger);
        uint256 burned = operators.unburned();
        assertEq(burned + bounty + operators.awardOf(user), taken);
        assertGe(burned * 10_000, taken * 7000);
        assertTrue(bounty * 10_000 <= taken * 1500 || bounty <= BOUNTY_FLOOR);
        uint256 left = _standing(other).stake * GRAIN + operators.unbondingOf(other.id).amount;
        assertEq(left + taken, active * GRAIN);
        assertLe(_standing(other).slots * STAKE_PER_SLOT, _standing(other).stake * GRAIN);
    }

    function _take(address signer, Offence offence, address requester) private returns (uint256) {
        vm.prank(address(disputes));
        return operators.slash(signer, offence, challenger, requester);
    }

    function _setSlashCount(uint16 count) private {
        vm.record();
        uint256 word = uint256(bytes32(abi.encode(operators.compactStandingOf(actor.signer))));
        (bytes32[] memory reads, ) = vm.accesses(address(operators));
        vm.store(address(operators), reads[0], bytes32(word | (uint256(count) << 104)));
        assertEq(operators.slashCountOf(actor.id), count);
    }
}
