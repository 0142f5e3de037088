// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelHubFixture} from "./ModelHubFixture.sol";

contract HeirOfTest is ModelHubFixture {
    function test_revertsWhenTheModelIsUnknown() public {
        _expectModelUnknown();
        hub.heirOf(NO_MODEL);
    }

    function test_isZeroBeforeAnOfferAndAfterItsAcceptance() public {
        assertEq(hub.heirOf(model), address(0));
        vm.prank(publisher);
        hub.offerOwnership(model, stranger);
        assertEq(hub.heirOf(model), stranger);
        vm.prank(stranger);
        hub.acceptOwnership(model);
        assertEq(hub.heirOf(model), address(0));
    }
}
