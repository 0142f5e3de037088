// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract ReleaseByContentIdTest is ModelHubFixture {
    function test_revertsWhenTheIdIsUnknown() public {
        _publish();
        string[2] memory ids = ["", DERIVED_ID];
        for (uint256 i; i < ids.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentIdUnknown.selector, ids[i]));
            hub.releaseByContentId(ids[i]);
        }
    }

    function test_tellsDerivedFromDeclared() public {
        _commit(DERIVED_ID);
        ReleaseId derivedRelease = _publishBound(_content(), DERIVED_ID);
        _commit("blob");
        ReleaseId declaredRelease = _publishBound(_content(), "blob");

        (ReleaseId release, bool derived) = hub.releaseByContentId(DERIVED_ID);
        assertEq(release, derivedRelease);
        assertTrue(derived);
        (release, derived) = hub.releaseByContentId("blob");
        assertEq(release, declaredRelease);
        assertFalse(derived);
    }
}
