// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {PauseFixture} from "../support/PauseFixture.sol";

contract ResumeTest is PauseFixture {
    function test_revertsWhenTheCallerIsNotTheGuardian() public {
        _pause(1 hours);
        address[5] memory others = [admin, governor, treasury, user, stranger];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            pausable.resume();
        }
        assertFalse(_takesNewWork());
    }

    function test_revertsWhenThereWasNoPause() public {
        vm.expectRevert(ITimedPause.NotPaused.selector);
        _resume();
    }

    function test_revertsWhenThePauseIsOver() public {
        _pause(1 hours);
        skip(1 hours);
        vm.expectRevert(ITimedPause.NotPaused.selector);
        _resume();
    }

    function test_revertsWhenItWasEndedBefore() public {
        _pause(1 hours);
        _resume();
        vm.expectRevert(ITimedPause.NotPaused.selector);
        _resume();
    }

    function test_endsAPauseAtOnce() public {
        _pause(MAX_PAUSE);
        skip(1 hours);
        vm.expectEmit(address(requests));
        emit ITimedPause.NewWorkResumed();
        _resume();
        assertEq(pausable.pausedUntil(), block.timestamp);
        assertTrue(_takesNewWork());
    }

    function test_endsAPauseInTheSecondOfItsBeginning() public {
        _pause(MAX_PAUSE);
        _resume();
        assertTrue(_takesNewWork());
        _expectTooSoon(block.timestamp + PAUSE_COOLDOWN);
        _pause(1);
    }

    /// The guardian's next pause can only come sooner, and never before the cooldown from here.
    function testFuzz_rule03_theCooldownBeginsAnew(uint40 duration, uint40 endedAfter, uint40 wait) public {
        duration = uint40(bound(duration, 1, MAX_PAUSE));
        endedAfter = uint40(bound(endedAfter, 0, duration - 1));
        wait = uint40(bound(wait, 0, 2 * PAUSE_COOLDOWN));
        _pause(duration);
        skip(endedAfter);
        _resume();
        uint256 next = block.timestamp + PAUSE_COOLDOWN;
        skip(wait);
        if (block.timestamp < next) _expectTooSoon(next);
        _pause(duration);
    }
}
