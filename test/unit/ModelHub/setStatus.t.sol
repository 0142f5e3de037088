// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseStatus, ReleaseTerms} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract SetStatusTest is ModelHubFixture {
    ReleaseId private release;

    function setUp() public override {
        super.setUp();
        release = _publish();
    }

    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.setStatus(NOWHERE, ReleaseStatus.Stable);
    }

    function test_revertsWhenTheCallerIsNotThePublisher() public {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NotPublisher.selector, model, stranger));
        vm.prank(stranger);
        hub.setStatus(release, ReleaseStatus.Yanked);
    }

    function test_movesAlongTheLifeCycle() public {
        ReleaseStatus from = ReleaseStatus.Experimental;
        ReleaseStatus[3] memory path = [ReleaseStatus.Stable, ReleaseStatus.Deprecated, ReleaseStatus.Yanked];
        for (uint256 i; i < path.length; ++i) {
            skip(1 hours);
            vm.expectEmit(address(hub));
            emit IModelHub.ReleaseStatusSet(release, from, path[i]);
            _setStatus(release, path[i]);
            ReleaseTerms memory terms = hub.termsOf(release);
            assertEq(terms.status, path[i]);
            assertEq(terms.statusSince, block.timestamp);
            from = path[i];
        }
    }

    /// Every pair of statuses.
    function test_takesOnlyTheEdgesOfTheLifeCycle() public {
        for (uint8 from = 1; from <= 4; ++from) {
            for (uint8 to; to <= 4; ++to) {
                uint256 snapshot = vm.snapshotState();
                _bring(ReleaseStatus(from));
                bool isEdge = (from < 4 && to == 4) || (from == 1 && to == 2) || (from == 2 && to == 3);
                if (!isEdge) {
                    vm.expectRevert(
                        abi.encodeWithSelector(
                            IModelHub.ReleaseStatusEdgeInvalid.selector,
                            release,
                            ReleaseStatus(from),
                            ReleaseStatus(to)
                        )
                    );
                }
                _setStatus(release, ReleaseStatus(to));
                assertEq(hub.termsOf(release).status, ReleaseStatus(isEdge ? to : from));
                vm.revertToState(snapshot);
            }
        }
    }

    function test_changesNothingElse() public {
        ReleaseId other = _publish();
        bytes32 recordBefore = keccak256(abi.encode(hub.recordOf(release)));
        bytes32 otherBefore = keccak256(abi.encode(hub.termsOf(other), hub.recordOf(other)));
        skip(1 days);
        _setStatus(release, ReleaseStatus.Yanked);

        ReleaseTerms memory terms = hub.termsOf(release);
        assertEq(terms.royalty, ROYALTY);
        assertEq(terms.minStake, MIN_STAKE);
        assertEq(terms.modes, VANILLA_ONLY);
        assertEq(keccak256(abi.encode(hub.recordOf(release))), recordBefore);
        assertEq(keccak256(abi.encode(hub.termsOf(other), hub.recordOf(other))), otherBefore);
    }

    function test_obeysTheNewOwner() public {
        _moveOwnership(stranger);
        vm.prank(stranger);
        hub.setStatus(release, ReleaseStatus.Yanked);
        assertEq(hub.termsOf(release).status, ReleaseStatus.Yanked);
    }

    function _bring(ReleaseStatus status) private {
        if (status == ReleaseStatus.Yanked) return _setStatus(release, status);
        for (uint8 step = 2; step <= uint8(status); ++step) {
            _setStatus(release, ReleaseStatus(step));
        }
    }
}
