// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";

contract ResumeTest is NetworkFixture {
    ITimedPause private pausable;

    function setUp() public override {
        super.setUp();
        pausable = ITimedPause(address(requests));
    }

    function test_revertsWhenTheCallerIsNotTheGovernor() public {
        address[3] memory others = [admin, guardian, stranger];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            pausable.resume();
        }
    }

    function test_revertsWhenNothingIsPaused() public {
        vm.expectRevert(ITimedPause.NotPaused.selector);
        _resume();
        _pause();
        skip(1 days);
        vm.expectRevert(ITimedPause.NotPaused.selector);
        _resume();
    }

    function test_endsThePauseAndKeepsTheCooldown() public {
        _pause();
        skip(1 hours);
        uint256 resumedAt = vm.getBlockTimestamp();
        vm.expectEmit(address(requests));
        emit ITimedPause.NewWorkResumed();
        _resume();
        _openFunded(1);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooSoon.selector, resumedAt + 7 days));
        _pause();
        vm.warp(resumedAt + 7 days);
        _pause();
    }

    function _pause() private {
        vm.prank(guardian);
        pausable.pause(1 days);
    }

    function _resume() private {
        vm.prank(governor);
        pausable.resume();
    }
}
