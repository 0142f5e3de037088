// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract RoyaltyRecipientOfTest is ModelHubFixture {
    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.royaltyRecipientOf(NOWHERE);
    }

    function test_followsTheOwnershipOfTheModel() public {
        ReleaseId release = _publish();
        assertEq(hub.royaltyRecipientOf(release), publisher);
        _moveOwnership(stranger);
        assertEq(hub.royaltyRecipientOf(release), stranger);
    }
}
