// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence, SlashTerms} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract SetSlashTermsTest is NetworkFixture {
    function test_revertsWhenTheCallerIsNotTheGovernor() public {
        address[4] memory others = [admin, guardian, stranger, address(disputes)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            operators.setSlashTerms(Offence.WrongOutput, SlashTerms(5000, 7000, 1500, 1500));
        }
    }

    function test_rule30_theDefaults() public view {
        _requireTerms(Offence.WrongOutput, SlashTerms(5000, 7000, 1500, 1500));
        _requireTerms(Offence.Equivocation, SlashTerms(5000, 8500, 1500, 0));
    }

    function test_rule30_theGovernorCannotLeaveTheBounds() public {
        _expectOutOfBounds(SlashTerms(10_001, 8500, 1500, 0));
        _expectOutOfBounds(SlashTerms(999, 8500, 1500, 0));
        _expectOutOfBounds(SlashTerms(5000, 6999, 1500, 1501));
        _expectOutOfBounds(SlashTerms(5000, 8499, 1501, 0));
        _expectOutOfBounds(SlashTerms(5000, 8500, 1500, 1));
        _expectOutOfBounds(SlashTerms(5000, 8500, 1499, 0));
        _expectOutOfBounds(SlashTerms(5000, 65_535, 1500, 8501));
    }

    /// The floor of 50 is 5 % of the minimum stake, and at most 30 % of what is taken is not burned.
    function test_rule30_theMinimumStakeStillPaysTheFloor() public {
        _expectOutOfBounds(SlashTerms(1666, 8500, 1500, 0));
        _set(Offence.Equivocation, SlashTerms(1667, 8500, 1500, 0));
        Actor memory small = _onboard("small", MINIMUM_STAKE);
        _slash(small, 1);
        assertEq(operators.awardOf(challenger), BOUNTY_FLOOR);
    }

    function test_changesOneRowAndWhatASlashTakes() public {
        SlashTerms memory terms = SlashTerms(10_000, 9000, 1000, 0);
        vm.expectEmit(address(operators));
        emit IOperators.SlashTermsSet(Offence.Equivocation, terms);
        _set(Offence.Equivocation, terms);
        _requireTerms(Offence.Equivocation, terms);
        _requireTerms(Offence.WrongOutput, SlashTerms(5000, 7000, 1500, 1500));
        Actor memory actor = _onboard("operator");
        assertEq(_slash(actor, 1), STAKE);
        assertEq(operators.awardOf(challenger), STAKE / 10);
        assertEq(_standing(actor).stake, 0);
    }

    function testFuzz_keepsBothRows(uint16[4] memory a, uint16[4] memory b) public {
        SlashTerms memory first = _terms(a);
        SlashTerms memory second = _terms(b);
        _set(Offence.WrongOutput, first);
        _set(Offence.Equivocation, second);
        _set(Offence.WrongOutput, second);
        _set(Offence.WrongOutput, first);
        _requireTerms(Offence.WrongOutput, first);
        _requireTerms(Offence.Equivocation, second);
        assertEq(operators.operatorCount(), 0);
        assertEq(operators.unburned(), 0);
    }

    function _terms(uint16[4] memory seed) private pure returns (SlashTerms memory terms) {
        terms.stakeBps = uint16(bound(seed[0], 1667, 10_000));
        terms.burnBps = uint16(bound(seed[1], 7000, 10_000));
        uint256 rest = 10_000 - terms.burnBps;
        terms.bountyBps = uint16(bound(seed[2], 0, rest < 1500 ? rest : 1500));
        terms.requesterBps = uint16(rest - terms.bountyBps);
    }

    function _expectOutOfBounds(SlashTerms memory terms) private {
        vm.expectRevert(abi.encodeWithSelector(IOperators.SlashTermsOutOfBounds.selector, terms));
        _set(Offence.Equivocation, terms);
    }

    function _set(Offence offence, SlashTerms memory terms) private {
        vm.prank(governor);
        operators.setSlashTerms(offence, terms);
    }

    function _requireTerms(Offence offence, SlashTerms memory terms) private view {
        assertEq(abi.encode(operators.slashTermsOf(offence)), abi.encode(terms));
    }
}
