// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Acceptance, RequestState} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Contributor} from "../../../contracts/interfaces/IModelHub.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {PauseFixture} from "../support/PauseFixture.sol";

contract PauseTest is PauseFixture {
    function test_revertsWhenTheCallerIsNotTheGuardian() public {
        address[5] memory others = [admin, governor, treasury, stranger, address(disputes)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            pausable.pause(1 hours);
        }
    }

    function test_revertsWhenTheDurationIsZeroOrTooLong() public {
        uint40[3] memory wrong = [uint40(0), MAX_PAUSE + 1, type(uint40).max];
        for (uint256 i; i < wrong.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooLong.selector, wrong[i], MAX_PAUSE));
            _pause(wrong[i]);
        }
        assertEq(pausable.pausedUntil(), 0);
    }

    function test_stopsNewWorkUntilItsEnd() public {
        assertTrue(_takesNewWork());
        uint40 until = uint40(block.timestamp) + 3 hours;
        vm.expectEmit(address(requests));
        emit ITimedPause.NewWorkStopped(until);
        _pause(3 hours);

        assertEq(pausable.pausedUntil(), until);
        assertFalse(_takesNewWork());
        vm.warp(until - 1);
        assertFalse(_takesNewWork());
        vm.warp(until);
        assertTrue(_takesNewWork());
    }

    function test_rule03_aPauseCannotBeLengthened() public {
        _pause(1 hours);
        uint256 next = pausable.pausedUntil() + PAUSE_COOLDOWN;
        _expectTooSoon(next);
        _pause(MAX_PAUSE);
        vm.warp(pausable.pausedUntil());
        _expectTooSoon(next);
        _pause(MAX_PAUSE);
    }

    function test_rule03_pausesCannotBeStrungTogether() public {
        _pause(MAX_PAUSE);
        uint256 next = pausable.pausedUntil() + PAUSE_COOLDOWN;
        vm.warp(next - 1);
        _expectTooSoon(next);
        _pause(1);
        assertTrue(_takesNewWork());
        vm.warp(next);
        _pause(1);
        assertFalse(_takesNewWork());
    }

    function test_rule03_endingAPauseEarlySavesNoCooldown() public {
        _pause(MAX_PAUSE);
        skip(1 hours);
        _resume();
        uint256 next = block.timestamp + PAUSE_COOLDOWN;
        vm.warp(next - 1);
        _expectTooSoon(next);
        _pause(1);
        vm.warp(next);
        _pause(1);
    }

    /// Money comes and goes as ever.
    function test_rule03_neverTouchesDepositsWithdrawalsAndClaims() public {
        Actor memory actor = _onboard("operator");
        Request memory opened = _openFunded(0);
        _fulfil(actor, opened, "output");
        skip(3 * DISPUTE_WINDOW);
        _pause(MAX_PAUSE);

        _deposit(user, 1 ether);
        vm.prank(user);
        requests.withdraw(stranger, 1 ether);
        assertEq(opg.balanceOf(stranger), 1 ether);
        assertEq(requests.claim(actor.id, release, new Contributor[](0)), FEE);
    }

    function test_rule03_neverTouchesRefunds() public {
        Request memory cancelled = _openFunded(0);
        Request memory expired = _openFunded(1);
        _pause(MAX_PAUSE);
        skip(30 minutes);
        vm.prank(user);
        requests.cancel(cancelled);
        skip(1 hours);
        requests.expire(expired, Acceptance(0, address(0)));
        vm.prank(user);
        requests.withdraw(user, 2 * FEE);
        assertEq(opg.balanceOf(user), 2 * FEE);
    }

    /// What was opened before can be accepted, answered and penalised.
    function test_rule03_neverTouchesWhatIsOpen() public {
        Actor memory actor = _onboard("operator");
        Request memory answered = _openFunded(0);
        Request memory silent = _openFunded(1);
        _pause(MAX_PAUSE);
        _fulfil(actor, answered, "output");
        assertEq(uint256(requests.stateOf(user, 0, answered.origin.nonce())), uint256(RequestState.Fulfilled));

        Acceptance memory acceptance = _accept(actor, silent);
        vm.warp(acceptance.deadline + 1);
        requests.reportNoShow(silent, acceptance);
        assertEq(uint256(requests.stateOf(user, 1, silent.origin.nonce())), uint256(RequestState.Open));
    }

    function test_rule03_neverTouchesDisputesSignersAndStake() public {
        Actor memory actor = _onboard("operator");
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE / 2);
        skip(UNBONDING_PERIOD);
        _pause(MAX_PAUSE);

        assertEq(_slash(actor, 1), STAKE / 2);
        operators.collectAward(challenger);
        operators.burnSlashed();
        vm.startPrank(actor.owner);
        assertEq(operators.withdrawUnbonded(actor.id, actor.owner), STAKE / 4);
        operators.revokeSigner(actor.signer);
        vm.stopPrank();
    }

    /// However a guardian goes about it, at least as much time lies between two pauses as a pause can last.
    function testFuzz_rule03_halfOfTheTimeIsFree(uint40[8] memory durations, uint40[8] memory gaps) public {
        // Not `block.timestamp`: the optimiser may read it again, after the clock was moved.
        uint256 begunAt = 1_800_000_000;
        assertEq(block.timestamp, begunAt);
        uint256 paused;
        for (uint256 i; i < durations.length; ++i) {
            uint40 duration = uint40(bound(durations[i], 1, MAX_PAUSE));
            uint256 next = i == 0 ? 0 : pausable.pausedUntil() + PAUSE_COOLDOWN;
            if (block.timestamp < next) {
                _expectTooSoon(next);
            } else {
                paused += duration;
            }
            _pause(duration);
            assertLe(pausable.pausedUntil(), block.timestamp + MAX_PAUSE);
            skip(bound(gaps[i], 0, 2 * (MAX_PAUSE + PAUSE_COOLDOWN)));
        }
        assertLe(paused, (block.timestamp - begunAt) / 2 + MAX_PAUSE);
    }

    function testFuzz_rule03_onlyTheGuardianPauses(address caller, uint40 duration) public {
        vm.assume(caller != guardian);
        vm.expectRevert(_unauthorized(caller));
        vm.prank(caller);
        pausable.pause(duration);
    }
}
