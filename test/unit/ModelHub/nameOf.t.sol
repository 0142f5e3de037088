// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelHubFixture} from "./ModelHubFixture.sol";

contract NameOfTest is ModelHubFixture {
    function test_revertsWhenTheModelIsUnknown() public {
        _expectModelUnknown();
        hub.nameOf(NO_MODEL);
    }

    function test_outlivesAChangeOfOwner() public {
        _moveOwnership(stranger);
        assertEq(hub.nameOf(model), "eth-volatility-1h");
    }
}
