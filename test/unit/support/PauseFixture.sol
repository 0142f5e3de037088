// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

/// The pause as `InferenceRequests` has it.
abstract contract PauseFixture is NetworkFixture {
    uint40 internal constant MAX_PAUSE = 7 days;
    uint40 internal constant PAUSE_COOLDOWN = 7 days;

    ITimedPause internal pausable;

    function setUp() public virtual override {
        super.setUp();
        pausable = ITimedPause(address(requests));
    }

    function _pause(uint40 duration) internal {
        vm.prank(guardian);
        pausable.pause(duration);
    }

    function _resume() internal {
        vm.prank(guardian);
        pausable.resume();
    }

    function _expectTooSoon(uint256 from) internal {
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.PauseTooSoon.selector, from));
    }

    /// True when `user` can open a request; leaves nothing behind.
    function _takesNewWork() internal returns (bool taken) {
        uint256 snapshot = vm.snapshotState();
        _deposit(user, FEE);
        vm.prank(user);
        try requests.request(_terms(0), "input") {
            taken = true;
        } catch (bytes memory problem) {
            assertEq(problem, abi.encodeWithSelector(ITimedPause.NewWorkPaused.selector, pausable.pausedUntil()));
        }
        vm.revertToState(snapshot);
    }
}
