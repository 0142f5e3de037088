// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offer} from "../../../contracts/interfaces/IOperators.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract SetOfferTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _register("operator");
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.setOffer(2, release, FEE, 1);
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, actor.signer));
        vm.prank(actor.signer);
        operators.setOffer(actor.id, release, FEE, 1);
    }

    function test_revertsWhenTheModesAreInvalid() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OfferInvalid.selector, 8));
        _offer(FEE, 8);
    }

    function test_revertsWhenThePriceIsNotWholeGrains() public {
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, FEE + 1));
        _offer(FEE + 1, 1);
    }

    function test_revertsWhenNothingChanges() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OfferUnchanged.selector, actor.id, release));
        _offer(0, 0);
        _offer(FEE, 1);
        vm.expectRevert(abi.encodeWithSelector(IOperators.OfferUnchanged.selector, actor.id, release));
        _offer(FEE, 1);
    }

    function test_offers() public {
        vm.expectEmit(address(operators));
        emit IOperators.OfferSet(actor.id, release, FEE, 7);
        _offer(FEE, 7);
        assertEq(operators.offerOf(actor.id, release).price, FEE);
        assertEq(operators.offerOf(actor.id, release).modes, 7);
        assertEq(operators.offeringCount(release), 1);
    }

    function test_offersForNothing() public {
        _offer(0, 1);
        assertEq(operators.offerOf(actor.id, release).modes, 1);
    }

    function test_changesAnOfferInPlace() public {
        _offer(FEE, 1);
        _offer(2 * FEE, 1);
        _offer(2 * FEE, 3);
        assertEq(operators.offerOf(actor.id, release).price, 2 * FEE);
        assertEq(operators.offerOf(actor.id, release).modes, 3);
        assertEq(operators.offeringCount(release), 1);
    }

    function test_withdrawsAndOffersAgain() public {
        _offer(FEE, 1);
        vm.expectEmit(address(operators));
        emit IOperators.OfferSet(actor.id, release, 0, 0);
        _offer(0, 0);
        assertEq(operators.offeringCount(release), 0);
        _offer(FEE, 1);
        assertEq(operators.offeringCount(release), 1);
    }

    function test_pagesThroughTheOffers() public {
        for (uint256 i; i < 5; ++i) {
            Actor memory other = _register(vm.toString(i));
            vm.prank(other.owner);
            operators.setOffer(other.id, release, FEE, 1);
        }
        uint32[] memory page = operators.offering(release, 3, 10);
        assertEq(page.length, 2);
        assertEq(page[0], 5);
        assertEq(page[1], 6);
        assertEq(operators.offering(release, 0, 2).length, 2);
        assertEq(operators.offering(release, 5, 1).length, 0);
        assertEq(operators.offering(release, 4, type(uint256).max).length, 1);
        assertEq(operators.offering(release, type(uint256).max, type(uint256).max).length, 0);
    }

    /// Whatever offers come and go, the list is the set of operators with an offer, each once.
    function testFuzz_listsWhoOffers(uint256 seed) public {
        Actor[4] memory actors = [actor, _register("b"), _register("c"), _register("d")];
        bool[4] memory offers;
        for (uint256 i; i < 24; ++i) {
            uint256 who = uint256(keccak256(abi.encode(seed, i))) % 4;
            offers[who] = !offers[who];
            vm.prank(actors[who].owner);
            operators.setOffer(actors[who].id, release, FEE, offers[who] ? 1 : 0);
            _requireListed(actors, offers);
        }
    }

    function _requireListed(Actor[4] memory actors, bool[4] memory offers) private view {
        uint32[] memory list = operators.offering(release, 0, 10);
        uint256 expected;
        for (uint256 i; i < 4; ++i) {
            Offer memory offer = operators.offerOf(actors[i].id, release);
            assertEq(offer.modes, offers[i] ? 1 : 0);
            if (!offers[i]) continue;
            ++expected;
            uint256 found;
            for (uint256 j; j < list.length; ++j) if (list[j] == actors[i].id) ++found;
            assertEq(found, 1);
        }
        assertEq(list.length, expected);
        assertEq(operators.offeringCount(release), expected);
    }

    function _offer(uint256 price, uint8 modes) private {
        ReleaseId offered = release;
        vm.prank(actor.owner);
        operators.setOffer(actor.id, offered, price, modes);
    }
}
