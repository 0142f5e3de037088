// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract LatestStableTest is ModelHubFixture {
    function test_revertsWhenThereIsNone() public {
        _expectNone(1);
        _publish();
        _expectNone(1);
        _expectNone(0);
        _expectNone(2);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NoStableRelease.selector, NO_MODEL, 1));
        hub.latestStable(NO_MODEL, 1);
    }

    function test_rule21_aReleaseEntersTheChannelAfterTheDelay() public {
        ReleaseId release = _publish();
        skip(30 days);
        _setStatus(release, ReleaseStatus.Stable);
        skip(hub.STABLE_DELAY() - 1);
        _expectNone(1);
        skip(1);
        assertEq(hub.latestStable(model, 1), release);
    }

    function test_rule21_aYankLeavesTheChannelAtOnce() public {
        ReleaseId older = _publishSettled();
        ReleaseId newer = _publishSettled();
        assertEq(hub.latestStable(model, 1), newer);
        _setStatus(newer, ReleaseStatus.Yanked);
        assertEq(hub.latestStable(model, 1), older);
        _setStatus(older, ReleaseStatus.Yanked);
        _expectNone(1);
    }

    function test_deprecationLeavesTheChannelAtOnce() public {
        ReleaseId older = _publishSettled();
        ReleaseId newer = _publishSettled();
        _setStatus(newer, ReleaseStatus.Deprecated);
        assertEq(hub.latestStable(model, 1), older);
    }

    function test_passesOverReleasesThatAreNotYetStable() public {
        ReleaseId stable = _publishSettled();
        _publish();
        _setStatus(_publish(), ReleaseStatus.Stable);
        assertEq(hub.latestStable(model, 1), stable);
    }

    function test_followsEachMajorByItself() public {
        ReleaseId first = _publishSettled();
        ReleaseId second = _publish(_contentOfSchema(1), true);
        _settle(second);
        assertEq(hub.latestStable(model, 1), first);
        assertEq(hub.latestStable(model, 2), second);
    }

    function test_looksAtABoundedNumberOfReleases() public {
        ReleaseId stable = _publishSettled();
        uint256 depth = hub.CHANNEL_DEPTH();
        for (uint256 i = 1; i < depth; ++i) {
            _publish();
        }
        assertEq(hub.latestStable(model, 1), stable);
        _publish();
        _expectNone(1);
        // Within what a contract can afford, though every slot is cold.
        uint256 gasBefore = gasleft();
        try hub.latestStable(model, 1) {
            revert("a release beyond the depth was found");
        } catch {
            assertLt(gasBefore - gasleft(), 200_000);
        }
    }

    /// Against the rule written plainly over the whole history.
    function testFuzz_givesTheNewestSettledStableRelease(uint256 seed) public {
        ReleaseId expected;
        for (uint256 i; i < 6; ++i) {
            uint256 fate = (seed >> (8 * i)) % 5;
            ReleaseId release = _publish();
            if (fate == 0) continue;
            if (fate == 4) {
                _setStatus(release, ReleaseStatus.Yanked);
                continue;
            }
            _setStatus(release, ReleaseStatus.Stable);
            if (fate == 1) _setStatus(release, ReleaseStatus.Deprecated);
            else expected = release;
        }
        bool none = ReleaseId.unwrap(expected) == 0;
        _expectNone(1);
        skip(hub.STABLE_DELAY());
        if (none) _expectNone(1);
        else assertEq(hub.latestStable(model, 1), expected);
    }

    function _publishSettled() private returns (ReleaseId release) {
        release = _publish();
        _settle(release);
    }

    function _settle(ReleaseId release) private {
        _setStatus(release, ReleaseStatus.Stable);
        skip(hub.STABLE_DELAY());
    }

    function _expectNone(uint16 major) private {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NoStableRelease.selector, model, major));
        hub.latestStable(model, major);
    }
}
