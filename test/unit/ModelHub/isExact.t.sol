// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract IsExactTest is ModelHubFixture {
    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.isExact(NOWHERE);
    }

    function test_isFalseForAnApproximateRelease() public {
        assertFalse(hub.isExact(_publish()));
    }

    function test_rule23_aDeclarationAloneDoesNotMakeAReleaseExact() public {
        ReleaseId release = _publish(_exactContent(), false);
        assertFalse(hub.isExact(release));
        skip(365 days);
        assertFalse(hub.isExact(release));
    }
}
