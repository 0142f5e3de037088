// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract OfferOwnershipTest is ModelHubFixture {
    function test_revertsWhenTheModelIsUnknown() public {
        _expectModelUnknown();
        hub.offerOwnership(NO_MODEL, stranger);
    }

    function test_revertsWhenTheCallerIsNotThePublisher() public {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NotPublisher.selector, model, stranger));
        vm.prank(stranger);
        hub.offerOwnership(model, stranger);
    }

    function test_revertsWhenTheHeirIsUnchanged() public {
        vm.startPrank(publisher);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.HeirUnchanged.selector, model, address(0)));
        hub.offerOwnership(model, address(0));
        hub.offerOwnership(model, stranger);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.HeirUnchanged.selector, model, stranger));
        hub.offerOwnership(model, stranger);
    }

    function test_namesTheHeirAndMovesNothing() public {
        vm.expectEmit(address(hub));
        emit IModelHub.OwnershipOffered(model, publisher, stranger);
        vm.prank(publisher);
        hub.offerOwnership(model, stranger);

        assertEq(hub.heirOf(model), stranger);
        assertEq(hub.publisherOf(model), publisher);
    }

    function test_takesAnOfferBack() public {
        vm.startPrank(publisher);
        hub.offerOwnership(model, stranger);
        hub.offerOwnership(model, address(0));
        vm.stopPrank();

        assertEq(hub.heirOf(model), address(0));
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NotHeir.selector, model, stranger));
        vm.prank(stranger);
        hub.acceptOwnership(model);
    }
}
