// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelHubFixture} from "./ModelHubFixture.sol";

contract PublisherOfTest is ModelHubFixture {
    function test_revertsWhenTheModelIsUnknown() public {
        _expectModelUnknown();
        hub.publisherOf(NO_MODEL);
    }

    function test_followsTheOwnership() public {
        assertEq(hub.publisherOf(model), publisher);
        _moveOwnership(stranger);
        assertEq(hub.publisherOf(model), stranger);
    }
}
