// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {coverOf} from "../../../contracts/types/Cover.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

contract SetCoverPercentTest is CoverFixture {
    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, operator.id, stranger));
        vm.prank(stranger);
        operators.setCoverPercent(operator.id, address(pipe), 1);
    }

    function test_revertsWhenGovernanceDoesNotKnowTheCoverer() public {
        _setAside(address(pipe), 10);
        vm.expectRevert(abi.encodeWithSelector(ICovers.CovererUnknown.selector, stranger));
        _setAside(stranger, 1);
    }

    function test_revertsWhenItSaysSoAlready() public {
        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverPercentUnchanged.selector, operator.id, address(pipe)));
        _setAside(address(pipe), PERCENT);
    }

    function test_revertsWhenMoreThanHalfIsSetAsideInAll() public {
        _setAside(address(pipe), 30);
        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverPercentTooHigh.selector, 51, 50));
        _setAside(address(requests), 21);
        _setAside(address(requests), 20);
    }

    function test_revertsWhenWhatIsLockedWouldNotFit() public {
        _insure("one", LIE, COVER, coverOf(COVER, insured));
        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverShareTooLow.selector, operator.id, address(pipe), LOCK, 0));
        _setAside(address(pipe), 0);
        _setAside(address(pipe), 1);
    }

    function test_countsForNoMinimum() public view {
        assertEq(operators.countingStakeOf(operator.id), STAKE - SHARE);
        assertEq(operators.compactStandingOf(operator.signer).stakeGrains() * GRAIN, STAKE - SHARE);
        assertEq(_stakeOf(), STAKE);
    }

    function test_lowersWhoIsListed() public {
        vm.expectEmit(address(operators));
        emit ICovers.CoverPercentSet(operator.id, address(pipe), 0);
        _setAside(address(pipe), 0);
        assertEq(operators.coverersOf(operator.id).length, 0);
        assertEq(_standing(operator).coverPercent, 0);
    }

    function test_givesUpSlotsThatTheRestDoesNotCarry() public {
        vm.prank(operator.owner);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SlotsBeyondStake.selector, 300, 30_000 ether, STAKE - SHARE));
        operators.setSlots(operator.id, 300);
        _setAside(address(pipe), 0);
        vm.prank(operator.owner);
        operators.setSlots(operator.id, 300);
        _setAside(address(pipe), PERCENT);
        assertEq(_standing(operator).slots, 250);
    }

    function test_unbondingLeavesWhatIsLocked() public {
        _insure("one", LIE, COVER, coverOf(COVER, insured));
        vm.startPrank(operator.owner);
        uint256 least = 2 * LOCK;
        vm.expectRevert(
            abi.encodeWithSelector(ICovers.CoverShareTooLow.selector, operator.id, address(pipe), LOCK, LOCK - GRAIN)
        );
        operators.unbond(operator.id, STAKE - least + GRAIN);
        operators.unbond(operator.id, STAKE - least);
        vm.stopPrank();
        assertEq(_stakeOf(), least);
    }

    function test_locksEndByThemselves() public {
        _insure("one", LIE, COVER, coverOf(COVER, insured));
        skip(operators.coverPeriod());
        assertEq(_locked(), LOCK);
        skip(operators.coverPeriod() / 3);
        assertEq(_locked(), 0);
        vm.prank(operator.owner);
        operators.unbond(operator.id, STAKE);
    }

    function test_ratesAreForOffersAlone() public {
        vm.startPrank(operator.owner);
        vm.expectRevert(abi.encodeWithSelector(IOperators.OfferUnchanged.selector, operator.id, release));
        operators.setCoverRate(operator.id, release, 100);
        operators.setOffer(operator.id, release, FEE, VANILLA_ONLY);
        vm.expectRevert(abi.encodeWithSelector(IOperators.CoverRateTooHigh.selector, 10_001, 10_000));
        operators.setCoverRate(operator.id, release, 10_001);
        operators.setCoverRate(operator.id, release, 100);
        operators.setOffer(operator.id, release, 2 * FEE, VANILLA_ONLY);
        assertEq(operators.offerOf(operator.id, release).coverRateBps, 100);
        operators.setOffer(operator.id, release, 0, 0);
        assertEq(operators.offerOf(operator.id, release).coverRateBps, 0);
        vm.stopPrank();
    }
}
