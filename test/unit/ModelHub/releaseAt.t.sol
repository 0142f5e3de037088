// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract ReleaseAtTest is ModelHubFixture {
    function test_revertsWhenTheVersionIsUnknown() public {
        _publish();
        uint16[2][4] memory unknown = [[uint16(0), 0], [uint16(1), 1], [uint16(2), 0], [uint16(1), 65_535]];
        for (uint256 i; i < unknown.length; ++i) {
            bytes memory refusal = abi.encodeWithSelector(
                IModelHub.VersionUnknown.selector,
                model,
                unknown[i][0],
                unknown[i][1]
            );
            vm.expectRevert(refusal);
            hub.releaseAt(model, unknown[i][0], unknown[i][1]);
        }
    }

    function test_findsEachVersion() public {
        ReleaseId first = _publish();
        ReleaseId second = _publish();
        ReleaseId third = _publish(_content(), true);
        assertEq(hub.releaseAt(model, 1, 0), first);
        assertEq(hub.releaseAt(model, 1, 1), second);
        assertEq(hub.releaseAt(model, 2, 0), third);
    }
}
