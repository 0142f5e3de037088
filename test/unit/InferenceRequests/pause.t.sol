// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Acceptance} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestsFixture} from "./RequestsFixture.sol";

contract PauseTest is RequestsFixture {
    ITimedPause internal pausing;

    function setUp() public override {
        super.setUp();
        pausing = ITimedPause(address(requests));
    }

    function test_revertsWhenTheCallerIsNotTheGuardian() public {
        vm.expectRevert(_unauthorized(stranger));
        vm.prank(stranger);
        pausing.pause(1 days);
        vm.expectRevert(_unauthorized(governor));
        vm.prank(governor);
        pausing.pause(1 days);
    }

    function test_revertsWhenThePauseIsEmptyOrTooLong() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooLong.selector, 0, 7 days));
        pausing.pause(0);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooLong.selector, 7 days + 1, 7 days));
        pausing.pause(7 days + 1);
        pausing.pause(7 days);
    }

    function test_rule03_pausesCannotBeStrungTogether() public {
        _pause();
        uint256 next = block.timestamp + 14 days;
        vm.warp(next - 1);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooSoon.selector, next));
        vm.prank(guardian);
        pausing.pause(1);
        vm.warp(next);
        vm.prank(guardian);
        pausing.pause(1);
    }

    function test_rule03_pauseEndsByItself() public {
        _deposit(user, FEE);
        _pause();
        uint40 until = pausing.pausedUntil();
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.NewWorkPaused.selector, until));
        vm.prank(user);
        requests.request(_terms(1), "input");
        vm.warp(until);
        vm.prank(user);
        requests.request(_terms(1), "input");
    }

    function test_resumeEndsItBefore() public {
        vm.expectRevert(_unauthorized(governor));
        vm.prank(governor);
        pausing.resume();
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.NotPaused.selector));
        vm.prank(guardian);
        pausing.resume();

        _pause();
        skip(1 hours);
        vm.expectEmit(address(requests));
        emit ITimedPause.NewWorkResumed();
        vm.prank(guardian);
        pausing.resume();
        _openFunded(1);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooSoon.selector, block.timestamp + 7 days));
        vm.prank(guardian);
        pausing.pause(1);
    }

    /// Everything but `request` goes on: answers, refunds, claims, deposits, withdrawals, revocation, disputes.
    function test_rule03_pauseStopsNewWorkOnly() public {
        Request memory answered = _openFunded(1);
        Request memory cancelled = _openFunded(2);
        Request memory expired = _openFunded(3);
        Request memory accepted = _openFunded(4);
        Acceptance memory noShow = _accept(rival, accepted);
        _fulfil(operator, _openFunded(5), OUTPUT);
        _pause();

        _fulfil(operator, answered, OUTPUT);
        skip(MIN_OPEN_TIME);
        vm.prank(user);
        requests.cancel(cancelled);
        vm.warp(noShow.deadline + 1);
        requests.reportNoShow(accepted, noShow);
        noShow = _accept(rival, accepted);
        vm.warp(expired.times.deadline() + 1);
        requests.expire(expired, _none());
        requests.expire(accepted, noShow);
        assertEq(requests.balanceOf(user), 3 * FEE);
        vm.prank(user);
        requests.withdraw(user, 3 * FEE);
        requests.burnForfeited();

        skip(2 * DISPUTE_WINDOW);
        assertEq(requests.claim(operator.id, release, _noContributors()), 2 * FEE);
        vm.prank(operator.owner);
        requests.withdraw(operator.owner, 1);
        vm.prank(rival.signer);
        operators.revokeSigner(rival.signer);
        assertGt(_slash(operator, 1), 0);
        assertGt(pausing.pausedUntil(), block.timestamp);
    }
}
