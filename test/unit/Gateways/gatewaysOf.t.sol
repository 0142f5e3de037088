// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {PipeFixture} from "../Pipe/PipeFixture.sol";

contract GatewaysOfTest is PipeFixture {
    uint256 private constant MAX_GATEWAYS = 8;
    uint256 private constant MAX_OFFERS = 128;

    Actor[] private actors;

    function setUp() public override {
        super.setUp();
        actors.push(operator);
        _publishGateway(operator);
    }

    function test_namesTheOperatorsThatCouldServe() public {
        _join(2);
        string[] memory urls = _gateways();
        assertEq(urls.length, 3);
        _requireDistinct(urls);
    }

    /// Not the one without an address, nor one that could not be used.
    function test_leavesOutWhoCouldNotServe() public {
        _join(4);
        vm.startPrank(actors[0].owner);
        gateways.setGateway(actors[0].id, "");
        vm.stopPrank();
        _slash(actors[1], 1);
        vm.prank(actors[2].owner);
        operators.unbond(actors[2].id, STAKE - RELEASE_MIN_STAKE + GRAIN);
        vm.prank(actors[3].owner);
        operators.revokeSigner(actors[3].signer);
        string[] memory urls = _gateways();
        assertEq(urls.length, 1);
        assertEq(urls[0], _url(actors[4]));
        vm.prank(actors[4].owner);
        operators.setOffer(actors[4].id, release, FEE, 0);
        assertEq(_gateways().length, 0);
    }

    function test_asksForStakeAndModes() public {
        _join(1);
        vm.prank(actors[1].owner);
        operators.unbond(actors[1].id, GRAIN);
        assertEq(gateways.gatewaysOf(release, 1, 0, STAKE).length, 1);
        assertEq(gateways.gatewaysOf(release, 1, 0, STAKE + 1).length, 0);
        assertEq(gateways.gatewaysOf(release, 6, 0, 0).length, 0, "no proof is taken yet");
        assertEq(gateways.gatewaysOf(release, 0, 0, 0).length, 0);
    }

    function test_namesTheChosenOperatorAlone() public {
        _join(3);
        string[] memory urls = gateways.gatewaysOf(release, 1, actors[2].id, 0);
        assertEq(urls.length, 1);
        assertEq(urls[0], _url(actors[2]));
        assertEq(gateways.gatewaysOf(release, 1, 99, 0).length, 0);
        assertEq(gateways.gatewaysOf(release, 1, type(uint32).max, 0).length, 0);
    }

    function test_revertsWhenTheReleaseIsUnusable() public {
        ReleaseId unknown = ReleaseId.wrap(keccak256("unknown"));
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseUnknown.selector, unknown));
        gateways.gatewaysOf(unknown, 1, 0, 0);
        vm.prank(publisher);
        hub.setStatus(release, ReleaseStatus.Yanked);
        uint40 since = uint40(block.timestamp);
        vm.warp(since + 7 days);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseYanked.selector, release, since));
        gateways.gatewaysOf(release, 1, 0, 0);
    }

    /// However many offer a release, and however long their addresses are: a few come back, each once, and others in
    /// other blocks, so that nobody can keep somebody out by filling the list.
    function test_staysShortHoweverManyOffer() public {
        _join(30);
        uint256 seen;
        bool[] memory isSeen = new bool[](32);
        for (uint256 i; i < 31; ++i) {
            vm.roll(block.number + 1);
            string[] memory urls = _gateways();
            assertEq(urls.length, MAX_GATEWAYS);
            _requireDistinct(urls);
            for (uint256 j; j < actors.length; ++j) {
                if (isSeen[j] || keccak256(bytes(urls[0])) != keccak256(bytes(_url(actors[j])))) continue;
                isSeen[j] = true;
                ++seen;
            }
        }
        assertEq(seen, 31, "each comes first once in as many blocks");
    }

    /// More offers than are looked at, all of which could serve but have no address: the answer is empty, the gas is
    /// bounded, and in other blocks the one with an address is found.
    function test_looksAtABoundedNumberOfOffers() public {
        vm.prank(operator.owner);
        gateways.setGateway(operator.id, "");
        for (uint256 i; i < MAX_OFFERS + 20; ++i) {
            actors.push(_onboard(string.concat("crowd ", vm.toString(i)), RELEASE_MIN_STAKE));
        }
        Actor memory last = actors[actors.length - 1];
        _publishGateway(last);
        uint256 count = operators.offeringCount(release);
        uint256 found;
        for (uint256 i; i < count; ++i) {
            vm.roll(1_000_000 + i);
            uint256 before = gasleft();
            string[] memory urls = _gateways();
            assertLt(before - gasleft(), 3_500_000);
            found += urls.length;
        }
        assertEq(found, MAX_OFFERS, "in all blocks but those that begin right behind it");
    }

    function _join(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            actors.push(_onboard(string.concat("operator ", vm.toString(i + 2))));
            _publishGateway(actors[actors.length - 1]);
        }
    }

    function _publishGateway(Actor memory actor) private {
        vm.prank(actor.owner);
        gateways.setGateway(actor.id, _url(actor));
    }

    function _url(Actor memory actor) private pure returns (string memory) {
        return string.concat("https://", vm.toString(actor.id), ".example/v1/gateway");
    }

    function _gateways() private view returns (string[] memory) {
        return gateways.gatewaysOf(release, 1, 0, 0);
    }

    function _requireDistinct(string[] memory urls) private pure {
        for (uint256 i; i < urls.length; ++i) {
            for (uint256 j; j < i; ++j) assertTrue(keccak256(bytes(urls[i])) != keccak256(bytes(urls[j])));
        }
    }
}
