// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {Offence} from "../../../contracts/interfaces/IOperators.sol";
import {coverOf} from "../../../contracts/types/Cover.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

/// Half of the stake is locked, and each slash takes half of what the one before would have left.
contract BurnDeferredTest is CoverFixture {
    uint256 private constant QUARTER = STAKE / 4;
    bytes32 private constant HASH = keccak256("result");

    function setUp() public override {
        super.setUp();
        _reserve(HASH, (SHARE * 3) / 10, (SHARE * 3) / 10);
        _slash(operator, 1);
        assertEq(_slash(operator, 2), 0);
    }

    function test_saysWhatWasPutOff() public {
        vm.expectEmit(address(operators));
        emit ICovers.SlashDeferred(operator.id, QUARTER / 2);
        vm.prank(address(disputes));
        operators.slash(Offence.Equivocation, operator.signer, challenger, address(0));
    }

    function test_revertsWhenNothingWasPutOff() public {
        vm.expectRevert(abi.encodeWithSelector(ICovers.NothingDeferred.selector, 0));
        operators.burnDeferred(0);
        vm.expectRevert(abi.encodeWithSelector(ICovers.NothingDeferred.selector, operator.id + 1));
        operators.burnDeferred(operator.id + 1);
    }

    function test_revertsWhileLocksHoldAllOfIt() public {
        assertEq(operators.deferredOf(operator.id), QUARTER);
        vm.expectRevert(abi.encodeWithSelector(ICovers.NothingDeferred.selector, operator.id));
        operators.burnDeferred(operator.id);
        assertEq(_stakeOf(), SHARE);
    }

    function test_burnsForAnyoneWhenLocksEnd() public {
        _endLocks();
        uint256 unburned = operators.unburned();
        vm.expectEmit(address(operators));
        emit ICovers.DeferredBurned(operator.id, QUARTER);
        vm.prank(stranger);
        assertEq(operators.burnDeferred(operator.id), QUARTER);
        assertEq(operators.deferredOf(operator.id), 0);
        assertEq(_stakeOf(), QUARTER);
        assertEq(operators.unburned(), unburned + QUARTER);
        assertTrue(_standing(operator).jailed);
        vm.expectRevert(abi.encodeWithSelector(ICovers.NothingDeferred.selector, operator.id));
        operators.burnDeferred(operator.id);
    }

    function test_everyVerdictCountsAndHalvesWhatIsLeft() public {
        for (uint256 i = 3; i < 9; ++i) {
            assertEq(_slash(operator, i), 0);
            assertEq(operators.deferredOf(operator.id), SHARE - (STAKE >> i));
        }
        assertEq(_standing(operator).slashCount, 8);
    }

    function test_unbondingComesAfterIt() public {
        vm.startPrank(operator.owner);
        vm.expectPartialRevert(ICovers.CoverShareTooLow.selector);
        operators.unbond(operator.id, GRAIN);
        _endLocks();
        operators.unbond(operator.id, QUARTER);
        vm.stopPrank();
        assertEq(_stakeOf(), 0);
        assertEq(operators.unbondingOf(operator.id).amount, QUARTER);
        assertEq(operators.deferredOf(operator.id), 0);
    }

    function test_nobodyLeavesJailBeforeIt() public {
        skip(JAIL_PERIOD);
        vm.prank(operator.owner);
        operators.leaveJail(operator.id);
        assertEq(_stakeOf(), QUARTER);
        assertEq(operators.deferredOf(operator.id), 0);
        assertFalse(_standing(operator).jailed);
    }

    function test_theShareIsGivenUpAfterIt() public {
        _endLocks();
        _setAside(address(pipe), 0);
        assertEq(_stakeOf(), QUARTER);
        assertEq(operators.deferredOf(operator.id), 0);
        assertEq(_slash(operator, 3), QUARTER / 2);
    }

    function test_aSlashAfterTheLocksTakesItsShareAndWhatWasPutOff() public {
        _endLocks();
        assertEq(_slash(operator, 3), QUARTER / 2);
        assertEq(_stakeOf(), QUARTER / 2);
        assertEq(operators.deferredOf(operator.id), 0);
    }

    /// New stake is free: it pays what is owed and its own share.
    function test_newStakePaysIt() public {
        _stake(operator, STAKE);
        assertEq(_slash(operator, 3), (STAKE + QUARTER) / 2);
        assertEq(operators.deferredOf(operator.id), 0);
        assertEq(_stakeOf(), (STAKE + QUARTER) / 2);
        assertGe(_stakeOf(), _locked());
    }

    function test_aClaimComesFirstAndNoMoreIsOwedThanIsLeft() public {
        vm.prank(address(disputes));
        operators.claimCover(operator.id, address(pipe), HASH);
        assertEq(_stakeOf(), 0);
        assertEq(operators.deferredOf(operator.id), 0);
        _stake(operator, STAKE);
        skip(JAIL_PERIOD);
        vm.prank(operator.owner);
        operators.leaveJail(operator.id);
        assertEq(_stakeOf(), STAKE);
    }

    function test_followsTheOperatorToANewSigner() public {
        operator = _rotate(operator, "next");
        _endLocks();
        assertEq(operators.burnDeferred(operator.id), QUARTER);
        assertEq(_stakeOf(), QUARTER);
    }

    function _reserve(bytes32 hash, uint256 amount, uint256 maxCover) private {
        vm.prank(address(pipe));
        operators.insureResult(operator.signer, hash, coverOf(amount, insured), maxCover);
    }

    function _endLocks() private {
        skip((operators.coverPeriod() * 4) / 3);
        assertEq(_locked(), 0);
    }
}
