// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseStatus, ReleaseTerms} from "../../../contracts/interfaces/IModelHub.sol";
import {CompactTerms} from "../../../contracts/types/CompactTerms.sol";
import {GRAIN} from "../../../contracts/types/Grain.sol";
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
        _expectReleaseUnknown();
        hub.usableTermsCompact(NOWHERE);
    }

    function test_rule21_aYankActsOnPinnedReleasesAfterTheDelay() public {
        uint40 yankedAt = uint40(block.timestamp);
        _setStatus(release, ReleaseStatus.Yanked);
        vm.warp(yankedAt + hub.YANK_DELAY() - 1);
        assertEq(hub.usableTerms(release).status, ReleaseStatus.Yanked);
        assertEq(hub.usableTermsCompact(release).status(), uint8(ReleaseStatus.Yanked));

        vm.warp(yankedAt + hub.YANK_DELAY());
        bytes memory problem = abi.encodeWithSelector(IModelHub.ReleaseYanked.selector, release, yankedAt);
        vm.expectRevert(problem);
        hub.usableTerms(release);
        vm.expectRevert(problem);
        hub.usableTermsCompact(release);
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
        hub.usableTermsCompact(release);
        (bytes32[] memory reads, ) = vm.accesses(address(hub));
        assertEq(reads.length, 2);
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

        CompactTerms word = hub.usableTermsCompact(release);
        assertEq(word.royaltyGrains() * GRAIN, usable.royalty);
        assertEq(word.minStakeGrains() * GRAIN, usable.minStake);
        assertEq(word.modes(), usable.modes);
        assertEq(word.status(), uint8(usable.status));
        assertEq(word.statusSince(), usable.statusSince);
    }
}
