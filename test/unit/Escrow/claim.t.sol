// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Contributor, IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {EscrowFixture, Parts} from "./EscrowFixture.sol";

/// How earnings are divided. When they mature and what a slash takes is in maturing.t.sol.
contract ClaimTest is EscrowFixture {
    function test_revertsWhenTheContributorsAreNotThosePublished() public {
        Contributor[] memory contributors = _contributors(2, 1000);
        ReleaseId shared = _publishWith(contributors, ROYALTY);
        _earn(shared, FEE);
        _earn();
        skip(2 * DISPUTE_WINDOW);

        _expectContributorsRefused(shared);
        requests.claim(operator.id, shared, _noContributors());
        contributors[1].account = stranger;
        _expectContributorsRefused(shared);
        requests.claim(operator.id, shared, contributors);
        contributors = _contributors(1, 1000);
        _expectContributorsRefused(shared);
        requests.claim(operator.id, shared, contributors);
        contributors[0].account = stranger;
        _expectContributorsRefused(release);
        requests.claim(operator.id, release, contributors);
    }

    function test_claimsNothingWhereNothingMatured() public {
        assertEq(requests.claim(operator.id, release, _noContributors()), 0);
        assertEq(requests.claim(77, ReleaseId.wrap(keccak256("nowhere")), _noContributors()), 0);
        _earn();
        assertEq(requests.claim(operator.id, release, _noContributors()), 0);
        assertEq(requests.earningsOf(operator.id, release).unripe, FEE);
    }

    function test_dividesBetweenProtocolPublisherAndOperator() public {
        _earn();
        skip(2 * DISPUTE_WINDOW);
        vm.expectEmit(address(requests));
        emit IEscrow.RoyaltyCredited(release, publisher, ROYALTY);
        vm.expectEmit(address(requests));
        emit IEscrow.EarningsClaimed(operator.id, release, FEE, FEE / 20, ROYALTY, FEE - FEE / 20 - ROYALTY, 0);
        vm.prank(stranger);
        assertEq(requests.claim(operator.id, release, _noContributors()), FEE);

        assertEq(requests.balanceOf(treasury), FEE / 20);
        assertEq(requests.balanceOf(publisher), ROYALTY);
        assertEq(requests.balanceOf(operator.owner), FEE - FEE / 20 - ROYALTY);
        assertEq(requests.balanceOf(stranger), 0);
        assertEq(requests.earningsOf(operator.id, release).matured, 0);
        assertEq(requests.claim(operator.id, release, _noContributors()), 0);
    }

    function test_dividesTheRoyaltyAmongContributors() public {
        Contributor[] memory contributors = _contributors(3, 3333);
        ReleaseId shared = _publishWith(contributors, ROYALTY);
        _earn(shared, FEE);
        skip(2 * DISPUTE_WINDOW);
        _claim(shared, contributors);
        for (uint256 i; i < 3; ++i) assertEq(requests.balanceOf(contributors[i].account), (ROYALTY * 3333) / 10_000);
        assertEq(requests.balanceOf(publisher), ROYALTY / 10_000);
    }

    /// An account can be there more than once: as contributor, publisher, treasury and operator.
    function test_oneAccountMayReceiveEveryPart() public {
        Contributor[] memory contributors = new Contributor[](1);
        contributors[0] = Contributor(operator.owner, 5000);
        ReleaseId shared = _publishWith(contributors, ROYALTY);
        vm.prank(publisher);
        hub.offerOwnership(model, operator.owner);
        vm.prank(operator.owner);
        hub.acceptOwnership(model);
        vm.prank(governor);
        requests.setTreasury(operator.owner);
        _earn(shared, FEE);
        skip(2 * DISPUTE_WINDOW);
        _claim(shared, contributors);
        assertEq(requests.balanceOf(operator.owner), FEE);
    }

    /// Whoever owns the model when it is claimed; the hub says so.
    function test_royaltyFollowsTheModel() public {
        _earn();
        skip(2 * DISPUTE_WINDOW);
        vm.prank(publisher);
        hub.offerOwnership(model, stranger);
        vm.prank(stranger);
        hub.acceptOwnership(model);
        _claim();
        assertEq(requests.balanceOf(stranger), ROYALTY);
        assertEq(requests.balanceOf(publisher), 0);
    }

    function test_protocolFeeFollowsTheTreasury() public {
        _earn();
        skip(2 * DISPUTE_WINDOW);
        vm.prank(governor);
        requests.setTreasury(stranger);
        _claim();
        assertEq(requests.balanceOf(stranger), FEE / 20);
        assertEq(requests.balanceOf(treasury), 0);
    }

    /// Rounded down separately, royalty and protocol fee of a late answer could exceed what was paid for it.
    function test_rule13_lateAnswerPaysForItsOwnParts() public {
        // Royalty and protocol fee are all of the fee: 95 + 5 of 100 grains.
        ReleaseId dear = _publish(95 * GRAIN, 0);
        Request memory opened = _ask(dear, 100 * GRAIN);
        // 379 of 1800 seconds: 21.05 grains of the fee, 20.003 of the royalty; 20 + 1.05 > 21.
        vm.warp(opened.times.deadline() - 379);
        _fulfil(operator, opened, "output");
        skip(2 * DISPUTE_WINDOW);
        Parts memory parts = _claim(dear, _noContributors());
        assertEq(parts.total, 21 * GRAIN);
        assertEq(parts.royalty, 19 * GRAIN);
        _assertDivided(parts);
    }

    function testFuzz_rule13_partsAddUpToTheWei(
        uint256 royalty,
        uint256 margin,
        uint256 late,
        uint256 count,
        uint16[4] memory bps
    ) public {
        royalty = bound(royalty, 0, 1e6);
        // The least fee that is allowed, and more.
        uint256 fee = (royalty * 10_000 + 9499) / 9500 + bound(margin, 0, 1e3);
        late = bound(late, 0, 1800);
        count = bound(count, 0, 4);
        Contributor[] memory contributors = _contributors(count, 0);
        for (uint256 i; i < count; ++i) contributors[i].bps = uint16(bound(bps[i], 1, 2500));
        ReleaseId shared = _publishWith(contributors, royalty * GRAIN);

        Request memory opened = _ask(shared, fee * GRAIN);
        vm.warp(opened.times.fullFeeUntil() + late);
        _fulfil(operator, opened, "output");
        uint256 paid = requests.earningsOf(operator.id, shared).unripe;
        assertEq(paid + requests.balanceOf(user), fee * GRAIN);
        if (paid == 0) return;

        vm.warp(start + 3 * DISPUTE_WINDOW);
        Parts memory parts = _claim(shared, contributors);
        assertEq(parts.total, paid);
        _assertDivided(parts);
        // Lateness scales all parts alike.
        assertEq(parts.royalty, ((royalty * (paid / GRAIN)) / fee) * GRAIN);
        uint256 credited = requests.balanceOf(publisher);
        for (uint256 i; i < count; ++i) {
            uint256 share = requests.balanceOf(contributors[i].account);
            assertEq(share, (parts.royalty * contributors[i].bps) / 10_000);
            credited += share;
        }
        assertEq(credited, parts.royalty);
        assertEq(requests.balanceOf(treasury), parts.protocolFee);
        assertEq(requests.balanceOf(operator.owner), parts.operatorShare);
        assertEq(opg.balanceOf(address(requests)), requests.balanceOf(user) + paid);
    }

    function _assertDivided(Parts memory parts) private pure {
        assertEq(parts.total, parts.protocolFee + parts.royalty + parts.operatorShare + parts.forfeited);
        assertEq(parts.protocolFee, parts.total / 20);
    }

    function _contributors(uint256 count, uint16 bps) private pure returns (Contributor[] memory contributors) {
        contributors = new Contributor[](count);
        for (uint256 i; i < count; ++i) contributors[i] = Contributor(address(uint160(0xc0ffee + i)), bps);
    }

    function _expectContributorsRefused(ReleaseId release_) private {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContributorsMismatch.selector, release_));
    }
}
