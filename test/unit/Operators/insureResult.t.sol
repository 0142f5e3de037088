// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICovers, ReservedCover} from "../../../contracts/interfaces/ICovers.sol";
import {Cover, NO_COVER, coverOf} from "../../../contracts/types/Cover.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

/// As a coverer calls it.
contract InsureResultTest is CoverFixture {
    bytes32 private constant HASH = keccak256("result");

    function test_revertsWhenTheOperatorDoesNotAllowTheCaller() public {
        vm.expectRevert(abi.encodeWithSelector(ICovers.CovererNotAllowed.selector, operator.id, stranger));
        vm.prank(stranger);
        operators.insureResult(operator.signer, HASH, coverOf(COVER, insured), COVER);
    }

    function test_revertsWhenTheOperatorDoesNotAllowACovererThatGovernanceKnows() public {
        vm.expectRevert(abi.encodeWithSelector(ICovers.CovererNotAllowed.selector, operator.id, address(requests)));
        vm.prank(address(requests));
        operators.insureResult(operator.signer, HASH, coverOf(COVER, insured), COVER);
    }

    function test_revertsWhenTheSignerIsNotActive() public {
        _expect(abi.encodeWithSelector(ICovers.CoverSignerNotActive.selector, stranger));
        operators.insureResult(stranger, HASH, coverOf(COVER, insured), COVER);
        vm.prank(operator.signer);
        operators.revokeSigner(operator.signer);
        _expect(abi.encodeWithSelector(ICovers.CoverSignerNotActive.selector, operator.signer));
        operators.insureResult(operator.signer, HASH, coverOf(COVER, insured), COVER);
    }

    function test_revertsWhenTheOperatorIsInJail() public {
        _slash(operator, 1);
        _expect(abi.encodeWithSelector(ICovers.CoverSignerNotActive.selector, operator.signer));
        operators.insureResult(operator.signer, HASH, coverOf(COVER, insured), COVER);
    }

    function test_revertsWhenNothingIsInsured() public {
        _expect(abi.encodeWithSelector(ICovers.CoverZero.selector));
        operators.insureResult(operator.signer, HASH, coverOf(0, insured), COVER);
        _expect(abi.encodeWithSelector(ICovers.CoverZero.selector));
        operators.insureResult(operator.signer, HASH, NO_COVER, COVER);
    }

    function test_revertsWhenTheBeneficiaryCannotUseTheMoney() public {
        address[4] memory useless = [address(0), address(operators), address(pipe), address(opg)];
        for (uint256 i; i < useless.length; ++i) {
            _expect(abi.encodeWithSelector(ICovers.BeneficiaryUnusable.selector, useless[i]));
            operators.insureResult(operator.signer, HASH, coverOf(COVER, useless[i]), COVER);
        }
    }

    function test_revertsWhenItIsMoreThanWasSigned() public {
        _expect(abi.encodeWithSelector(ICovers.CoverAboveMaximum.selector, COVER + GRAIN, COVER));
        operators.insureResult(operator.signer, HASH, coverOf(COVER + GRAIN, insured), COVER);
    }

    function test_revertsWhenTheShareIsUsedUp() public {
        uint256 most = (SHARE * 3) / 10;
        _reserve(HASH, most, most);
        _expect(
            abi.encodeWithSelector(
                ICovers.CoverShareTooLow.selector,
                operator.id,
                address(pipe),
                SHARE + 4 * GRAIN,
                SHARE
            )
        );
        operators.insureResult(operator.signer, keccak256("other"), coverOf(GRAIN, insured), GRAIN);
    }

    function test_revertsWhenACoverOverflowsALock() public {
        uint256 all = SUPPLY;
        _expect(
            abi.encodeWithSelector(
                ICovers.CoverShareTooLow.selector,
                operator.id,
                address(pipe),
                3_333_333_333_333_334 * GRAIN,
                SHARE
            )
        );
        operators.insureResult(operator.signer, HASH, coverOf(all, insured), all);
        assertEq(_locked(), 0);
    }

    function testFuzz_noNumberPassesForASmallerOne(uint96 grains, uint256 maxCover) public {
        vm.prank(address(pipe));
        Cover cover = Cover.wrap((uint256(grains) << 160) | uint160(insured));
        try operators.insureResult(operator.signer, HASH, cover, maxCover) {
            assertLe(cover.amount(), maxCover);
            assertLe((cover.amount() * 10) / 3, SHARE);
        } catch {}
        assertLe(_locked(), SHARE);
    }

    function test_remembersWhatItReserved() public {
        _reserve(HASH, COVER, COVER);
        ReservedCover memory cover = operators.coverOf(operator.id, address(pipe), HASH);
        assertEq(cover.beneficiary, insured);
        assertEq(cover.amount, COVER);
        assertEq(cover.since, vm.getBlockTimestamp());
        assertEq(cover.era, 0);
        assertGe(cover.endsAt, vm.getBlockTimestamp() + operators.coverPeriod());
        assertEq(_locked(), LOCK);
        assertEq(operators.coverableBy(operator.id, address(pipe)), ((SHARE - LOCK) * 3) / 10);
    }

    function test_addsUpForOneBeneficiaryToTheMaximum() public {
        _reserve(HASH, COVER / 2, COVER);
        skip(MAX_VALIDITY);
        _reserve(HASH, COVER / 2, COVER);
        assertEq(operators.coverOf(operator.id, address(pipe), HASH).amount, COVER);
        assertEq(_locked(), LOCK);
        _expect(abi.encodeWithSelector(ICovers.CoverAboveMaximum.selector, COVER + GRAIN, COVER));
        operators.insureResult(operator.signer, HASH, coverOf(GRAIN, insured), COVER);
    }

    function test_revertsWhenItIsAnothersCover() public {
        _reserve(HASH, COVER / 2, COVER);
        _expect(abi.encodeWithSelector(ICovers.CoverOfAnother.selector, HASH, insured));
        operators.insureResult(operator.signer, HASH, coverOf(GRAIN, user), COVER);
    }

    /// Parts lock what the whole would, however they round, in the epoch of the first.
    function testFuzz_partsLockAsMuchAsTheWhole(uint256 first, uint256 second, uint256 pause) public {
        (first, second) = (bound(first, 1, 1e6) * GRAIN, bound(second, 1, 1e6) * GRAIN);
        pause = bound(pause, 0, MAX_VALIDITY);
        _reserve(HASH, first, first + second);
        uint40 endsAt = operators.coverOf(operator.id, address(pipe), HASH).endsAt;
        skip(pause);
        _reserve(HASH, second, first + second);
        uint256 grains = (first + second) / GRAIN;
        assertEq(_locked(), ((grains * 10 + 2) / 3) * GRAIN);
        assertEq(operators.coverOf(operator.id, address(pipe), HASH).endsAt, endsAt);
        vm.warp(endsAt - 1);
        assertEq(_locked(), ((grains * 10 + 2) / 3) * GRAIN);
        vm.warp(endsAt);
        assertEq(_locked(), 0);
    }

    function test_aSlashLeavesWhatIsLockedForLater() public {
        _reserve(HASH, (SHARE * 3) / 10, SHARE);
        _slash(operator, 1);
        assertEq(_stakeOf(), SHARE);
        // A later verdict finds nothing to take, and counts all the same.
        assertEq(_slash(operator, 2), 0);
        assertEq(operators.deferredOf(operator.id), SHARE / 2);
        assertEq(_stakeOf(), SHARE);
        assertEq(_locked(), SHARE);
    }

    function test_noLockOutlivesJail() public {
        _reserve(HASH, (SHARE * 3) / 10, SHARE);
        _slash(operator, 1);
        vm.warp(vm.getBlockTimestamp() + JAIL_PERIOD);
        vm.prank(operator.owner);
        operators.leaveJail(operator.id);
        assertEq(_locked(), 0);
        assertEq(operators.countingStakeOf(operator.id), SHARE / 2);
    }

    function _reserve(bytes32 hash, uint256 amount, uint256 maxCover) private {
        vm.prank(address(pipe));
        operators.insureResult(operator.signer, hash, coverOf(amount, insured), maxCover);
    }

    function _expect(bytes memory problem) private {
        vm.expectRevert(problem);
        vm.prank(address(pipe));
    }
}
