// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract AcceptOwnershipTest is ModelHubFixture {
    function test_revertsWhenTheModelIsUnknown() public {
        _expectModelUnknown();
        hub.acceptOwnership(NO_MODEL);
    }

    function test_revertsWhenTheCallerIsNotTheHeir() public {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NotHeir.selector, model, stranger));
        vm.prank(stranger);
        hub.acceptOwnership(model);

        vm.startPrank(publisher);
        hub.offerOwnership(model, stranger);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NotHeir.selector, model, publisher));
        hub.acceptOwnership(model);
    }

    function test_movesTheModelWithItsRoyalties() public {
        ReleaseId release = _publish();
        vm.prank(publisher);
        hub.offerOwnership(model, stranger);

        vm.expectEmit(address(hub));
        emit IModelHub.OwnershipMoved(model, publisher, stranger);
        vm.prank(stranger);
        hub.acceptOwnership(model);

        assertEq(hub.publisherOf(model), stranger);
        assertEq(hub.heirOf(model), address(0));
        assertEq(hub.royaltyRecipientOf(release), stranger);
    }

    function test_leavesTheFormerPublisherWithoutPower() public {
        ReleaseId release = _publish();
        _moveOwnership(stranger);

        bytes memory denied = abi.encodeWithSelector(IModelHub.NotPublisher.selector, model, publisher);
        vm.expectRevert(denied);
        _publish();
        vm.expectRevert(denied);
        _setStatus(release, ReleaseStatus.Yanked);
        vm.expectRevert(denied);
        vm.prank(publisher);
        hub.offerOwnership(model, publisher);
    }

    function test_revertsWhenAcceptedTwice() public {
        _moveOwnership(stranger);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NotHeir.selector, model, stranger));
        vm.prank(stranger);
        hub.acceptOwnership(model);
    }
}
