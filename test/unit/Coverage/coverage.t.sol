// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Candidate} from "../../../contracts/interfaces/ICoverage.sol";
import {RequestTerms} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {IModelHub, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract CoverageTest is NetworkFixture {
    Actor internal first;
    Actor internal second;
    Actor internal third;

    function setUp() public override {
        super.setUp();
        first = _onboard("first");
        second = _onboard("second");
        third = _onboard("third");
    }

    function test_revertsWhenTheReleaseIsUnknownOrYanked() public {
        ReleaseId nowhere = ReleaseId.wrap(keccak256("nowhere"));
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseUnknown.selector, nowhere));
        coverage.coverage(nowhere, Mode.VANILLA, 0, 10);
        uint40 since = uint40(block.timestamp);
        vm.prank(publisher);
        hub.setStatus(release, ReleaseStatus.Yanked);
        assertEq(_covered().length, 3);
        skip(7 days);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseYanked.selector, release, since));
        coverage.coverage(release, Mode.VANILLA, 0, 10);
    }

    function test_tellsWhatACallerNeeds() public {
        vm.prank(first.owner);
        operators.setOffer(first.id, release, 2 * FEE, VANILLA_ONLY);
        _deposit(first.signer, 3 ether);
        _accept(first, _openFunded(1));
        Candidate memory candidate = _covered()[0];
        assertEq(candidate.operatorId, first.id);
        assertEq(candidate.signer, first.signer);
        assertEq(candidate.price, 2 * FEE);
        assertEq(candidate.stake, STAKE);
        assertEq(candidate.freeSlots, SLOTS - 1);
        assertEq(candidate.acceptBudget, 3 ether);
        assertEq(candidate.endpointBlock, block.number);
    }

    function test_rule22_leavesOutWhoCouldNotServe() public {
        assertEq(_covered().length, 3);
        uint256 snapshot = vm.snapshotState();
        _slash(second, 1);
        _assertWithout(second);
        vm.revertToState(snapshot);

        vm.prank(second.signer);
        operators.revokeSigner(second.signer);
        _assertWithout(second);
        vm.revertToState(snapshot);

        vm.prank(second.owner);
        operators.unbond(second.id, STAKE - RELEASE_MIN_STAKE + GRAIN);
        _assertWithout(second);
        vm.revertToState(snapshot);

        vm.prank(second.owner);
        operators.setSlots(second.id, 0);
        _assertWithout(second);
        vm.revertToState(snapshot);

        vm.prank(second.owner);
        operators.setOffer(second.id, release, 0, 0);
        _assertWithout(second);
        vm.revertToState(snapshot);

        vm.prank(second.owner);
        operators.setOffer(second.id, release, FEE, Mode.TEE.bit());
        _assertWithout(second);
    }

    function test_rule22_subtractsLiveSlots() public {
        vm.prank(second.owner);
        operators.setSlots(second.id, 2);
        _accept(second, _openFunded(1));
        assertEq(_covered()[1].freeSlots, 1);
        Request memory opened = _openFunded(2);
        _accept(second, opened);
        _assertWithout(second);
    }

    function test_rule22_countsTheNetworksMinimumToo() public {
        ReleaseId modest = _publish(0, 0);
        Actor memory small = _onboard("small", MINIMUM_STAKE);
        _offer(small, modest);
        assertEq(_coveredFor(modest).length, 1);
        vm.prank(small.owner);
        operators.unbond(small.id, GRAIN);
        assertEq(_coveredFor(modest).length, 0);
    }

    /// No request can be made in a mode without a verifier, whatever operators offer.
    function test_rule22_leavesOutModesThatCannotBeAskedFor() public {
        ReleaseId attested = _publish(_content(), 0, 0, Mode.TEE.bit() | VANILLA_ONLY);
        vm.prank(first.owner);
        operators.setOffer(first.id, attested, FEE, Mode.TEE.bit() | VANILLA_ONLY);
        (Candidate[] memory candidates, uint256 next) = coverage.coverage(attested, Mode.TEE, 0, 10);
        assertEq(candidates.length, 0);
        assertEq(next, 0);
        assertEq(_coveredFor(attested).length, 1);
        (candidates, ) = coverage.coverage(release, Mode.ZK, 0, 10);
        assertEq(candidates.length, 0);
    }

    function test_rule22_whatIsCoveredCanBeUsed() public {
        Candidate[] memory candidates = _covered();
        Actor[3] memory actors = [first, second, third];
        for (uint256 i; i < 3; ++i) {
            assertEq(candidates[i].signer, actors[i].signer);
            RequestTerms memory terms = _terms(uint32(i));
            terms.operatorId = candidates[i].operatorId;
            _deposit(user, FEE);
            Request memory opened = _open(user, terms, "input");
            uint256 snapshot = vm.snapshotState();
            _accept(actors[i], opened);
            vm.revertToState(snapshot);
            _fulfil(actors[i], opened, "output");
        }
    }

    function test_pagesThroughTheList() public view {
        (Candidate[] memory page, uint256 next) = coverage.coverage(release, Mode.VANILLA, 0, 2);
        assertEq(page.length, 2);
        assertEq(next, 2);
        (page, next) = coverage.coverage(release, Mode.VANILLA, next, 2);
        assertEq(page.length, 1);
        assertEq(page[0].operatorId, third.id);
        assertEq(next, 0);
        (page, next) = coverage.coverage(release, Mode.VANILLA, 3, 2);
        assertEq(page.length, 0);
        assertEq(next, 0);
        (page, next) = coverage.coverage(release, Mode.VANILLA, type(uint256).max, type(uint256).max);
        assertEq(page.length, 0);
        (page, next) = coverage.coverage(release, Mode.VANILLA, 0, type(uint256).max);
        assertEq(page.length, 3);
        assertEq(next, 0);
    }

    /// A page without a candidate is not the end of the list.
    function test_aPageMayBeEmptyInTheMiddle() public {
        vm.prank(first.owner);
        operators.setSlots(first.id, 0);
        (Candidate[] memory page, uint256 next) = coverage.coverage(release, Mode.VANILLA, 0, 1);
        assertEq(page.length, 0);
        assertEq(next, 1);
    }

    function testFuzz_pagesOfAnySizeGiveTheSameList(uint256 limit) public view {
        limit = bound(limit, 1, 5);
        uint256 seen;
        uint256 offset;
        do {
            Candidate[] memory page;
            (page, offset) = coverage.coverage(release, Mode.VANILLA, offset, limit);
            for (uint256 i; i < page.length; ++i) assertEq(page[i].operatorId, ++seen);
        } while (offset != 0);
        assertEq(seen, 3);
    }

    function _offer(Actor memory actor, ReleaseId release_) private {
        vm.prank(actor.owner);
        operators.setOffer(actor.id, release_, FEE, VANILLA_ONLY);
    }

    function _covered() private view returns (Candidate[] memory) {
        return _coveredFor(release);
    }

    function _coveredFor(ReleaseId release_) private view returns (Candidate[] memory candidates) {
        (candidates, ) = coverage.coverage(release_, Mode.VANILLA, 0, 10);
    }

    function _assertWithout(Actor memory actor) private view {
        Candidate[] memory candidates = _covered();
        assertEq(candidates.length, 2);
        for (uint256 i; i < candidates.length; ++i) assertTrue(candidates[i].operatorId != actor.id);
    }
}
