// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseStatus, ReleaseTerms} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract UsableTermsTest is ModelHubFixture {
    ReleaseId private release;

    function setUp() public override {
        super.setUp();
        release = _publish();
    }

    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.usableTerms(NOWHERE);
    }

    function test_rule21_aYankActsOnPinnedReleasesAfterTheDelay() public {
        uint40 yankedAt = uint40(block.timestamp);
        _setStatus(release, ReleaseStatus.Yanked);
        vm.warp(yankedAt + hub.YANK_DELAY() - 1);
        assertEq(hub.usableTerms(release).status, ReleaseStatus.Yanked);

        vm.warp(yankedAt + hub.YANK_DELAY());
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseYanked.selector, release, yankedAt));
        hub.usableTerms(release);
    }

    function test_rule21_aYankLeavesTheTermsOfWhatIsInFlight() public {
        _setStatus(release, ReleaseStatus.Yanked);
        skip(365 days);
        assertEq(hub.termsOf(release).royalty, ROYALTY);
        assertEq(hub.royaltyRecipientOf(release), publisher);
    }

    function test_readsOneSlot() public {
        vm.record();
        hub.usableTerms(release);
        (bytes32[] memory reads, ) = vm.accesses(address(hub));
        assertEq(reads.length, 1);
    }

    function testFuzz_givesTheTermsOfEveryReleaseNotYanked(uint8 status, uint256 age) public {
        for (uint8 step = 2; step <= bound(status, 1, 3); ++step) {
            _setStatus(release, ReleaseStatus(step));
        }
        skip(bound(age, 0, 3650 days));
        ReleaseTerms memory usable = hub.usableTerms(release);
        assertEq(usable.royalty, ROYALTY);
        assertEq(usable.minStake, MIN_STAKE);
        assertEq(keccak256(abi.encode(usable)), keccak256(abi.encode(hub.termsOf(release))));
    }
}
