// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract TermsOfTest is ModelHubFixture {
    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.termsOf(NOWHERE);
    }

    function test_givesTermsWhateverTheStatus() public {
        ReleaseId release = _publish();
        _setStatus(release, ReleaseStatus.Yanked);
        skip(hub.YANK_DELAY());
        assertEq(hub.termsOf(release).status, ReleaseStatus.Yanked);
        assertEq(hub.termsOf(release).minStake, MIN_STAKE);
    }
}
