// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offence, SlashTerms} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "./NetworkFixture.sol";

/// The network with one operator, and slashes as `Disputes` would make them, for any offence and requester.
abstract contract SlashFixture is NetworkFixture {
    address internal constant NOBODY = address(0);
    uint256 internal constant BPS = 10_000;

    Actor internal actor;

    function setUp() public virtual override {
        super.setUp();
        actor = _onboard("operator");
    }

    function _take(address signer, Offence offence, address requester) internal returns (uint256 taken) {
        vm.prank(address(disputes));
        (, , taken) = operators.slash(offence, signer, challenger, requester);
    }

    function _setTerms(Offence offence, SlashTerms memory terms) internal {
        vm.prank(governor);
        operators.setSlashTerms(offence, terms);
    }

    function _unbond(uint256 amount) internal {
        vm.prank(actor.owner);
        operators.unbond(actor.id, amount);
    }

    /// Terms within the constants, of whatever numbers.
    function _boundTerms(SlashTerms memory terms) internal pure returns (SlashTerms memory) {
        // A floor of 5 % of the minimum stake must come out of the 30 % that need not burn.
        terms.stakeBps = uint16(bound(terms.stakeBps, 1667, BPS));
        terms.burnBps = uint16(bound(terms.burnBps, 7000, BPS));
        uint256 divided = BPS - terms.burnBps;
        terms.bountyBps = uint16(bound(terms.bountyBps, 0, divided < 1500 ? divided : 1500));
        terms.requesterBps = uint16(divided - terms.bountyBps);
        return terms;
    }

    function _requireTerms(Offence offence, SlashTerms memory terms) internal view {
        assertEq(abi.encode(operators.slashTermsOf(offence)), abi.encode(terms));
    }
}
