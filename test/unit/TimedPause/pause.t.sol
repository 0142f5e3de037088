// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {RequestTerms} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

/// On `InferenceRequests`, which inherits it.
contract PauseTest is NetworkFixture {
    uint40 private constant WEEK = 7 days;
    ITimedPause private pausable;

    function setUp() public override {
        super.setUp();
        pausable = ITimedPause(address(requests));
    }

    function test_rule03_onlyTheGuardianPauses() public {
        address[3] memory others = [admin, governor, stranger];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            pausable.pause(1);
        }
    }

    function test_revertsWhenItIsForNoTimeOrTooLong() public {
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooLong.selector, 0, WEEK));
        _pause(0);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooLong.selector, WEEK + 1, WEEK));
        _pause(WEEK + 1);
    }

    function test_rule03_pausesCannotBeStrungTogether() public {
        _pause(WEEK);
        uint256 next = vm.getBlockTimestamp() + 2 * WEEK;
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooSoon.selector, next));
        _pause(1);
        vm.warp(next - 1);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooSoon.selector, next));
        _pause(1);
        vm.warp(next);
        _pause(WEEK);
        assertEq(pausable.pausedUntil(), next + WEEK);
    }

    function test_rule03_itStopsNewWorkAndRunsOutByItself() public {
        _deposit(user, 2 * FEE);
        uint40 until = uint40(vm.getBlockTimestamp()) + WEEK;
        vm.expectEmit(address(requests));
        emit ITimedPause.NewWorkStopped(until);
        _pause(WEEK);
        vm.warp(until - 1);
        RequestTerms memory terms = _terms(1);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.NewWorkPaused.selector, until));
        vm.prank(user);
        requests.request(terms, "input");
        vm.warp(until);
        _open(user, _terms(1), "input");
    }

    /// Withdrawals, refunds, answers, claims, and what happens on other contracts go on.
    function test_rule03_itStopsNothingElse() public {
        Actor memory actor = _onboard("operator");
        Request memory answered = _openFunded(1);
        Request memory left = _openFunded(2);
        _deposit(user, 1 ether);
        _pause(WEEK);

        vm.prank(user);
        requests.withdraw(user, 1 ether);
        _fulfil(actor, answered, "output");
        skip(6 minutes);
        vm.prank(user);
        requests.cancel(left);
        assertEq(requests.balanceOf(user), FEE);
        vm.prank(actor.signer);
        operators.revokeSigner(actor.signer);
        skip(2 * DISPUTE_WINDOW);
        assertEq(requests.earningsOf(actor.id, release).matured, FEE);
    }

    function _pause(uint40 duration) private {
        vm.prank(guardian);
        pausable.pause(duration);
    }
}
