// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelHubFixture} from "./ModelHubFixture.sol";

contract LatestVersionTest is ModelHubFixture {
    function test_revertsWhenTheModelIsUnknown() public {
        _expectModelUnknown();
        hub.latestVersion(NO_MODEL);
    }

    function test_countsFromTheFirstRelease() public {
        _assertLatest(0, 0);
        _publish(_content(), true);
        _assertLatest(1, 0);
        _publish();
        _assertLatest(1, 1);
        _publish(_content(), true);
        _assertLatest(2, 0);
    }

    function _assertLatest(uint16 expectedMajor, uint16 expectedMinor) private view {
        (uint16 major, uint16 minor) = hub.latestVersion(model);
        assertEq(major, expectedMajor);
        assertEq(minor, expectedMinor);
    }
}
