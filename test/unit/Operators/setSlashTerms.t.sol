// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence, SlashTerms} from "../../../contracts/interfaces/IOperators.sol";
import {SlashFixture} from "../support/SlashFixture.sol";

contract SetSlashTermsTest is SlashFixture {
    function test_revertsWhenTheCallerIsNotTheGovernor() public {
        address[5] memory others = [admin, guardian, actor.owner, stranger, address(disputes)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorized(others[i]));
            vm.prank(others[i]);
            operators.setSlashTerms(Offence.WrongOutput, SlashTerms(5000, 10_000, 0, 0));
        }
    }

    function test_rule30_theDefaults() public view {
        _requireTerms(Offence.WrongOutput, SlashTerms(5000, 7000, 1500, 1500));
        _requireTerms(Offence.Equivocation, SlashTerms(5000, 8500, 1500, 0));
    }

    /// One step beyond each bound; the last, beyond the sum, in both directions.
    function test_rule30_revertsBeyondEachBound() public {
        _expectRefused(SlashTerms(999, 7000, 1500, 1500));
        _expectRefused(SlashTerms(10_001, 7000, 1500, 1500));
        _expectRefused(SlashTerms(5000, 6999, 1500, 1501));
        _expectRefused(SlashTerms(5000, 8499, 1501, 0));
        _expectRefused(SlashTerms(5000, 7000, 1500, 1501));
        _expectRefused(SlashTerms(5000, 7000, 1500, 1499));
        _expectRefused(SlashTerms(5000, 65_535, 1500, 8501));
        _expectRefused(SlashTerms(0, 0, 0, 0));
    }

    /// Of the minimum stake 1,000, 30 % of 16.67 % is 50: the least share that still pays the floor.
    function test_rule30_theFloorMustBePayable() public {
        _expectRefused(SlashTerms(1666, 7000, 1500, 1500));
        SlashTerms memory least = SlashTerms(1667, 7000, 1500, 1500);
        _setTerms(Offence.WrongOutput, least);
        actor = _onboard("small", MINIMUM_STAKE);
        _take(actor.signer, Offence.WrongOutput, user);
        assertEq(operators.awardOf(challenger), BOUNTY_FLOOR);
    }

    function test_acceptsTheBoundsThemselves() public {
        _setTerms(Offence.Equivocation, SlashTerms(10_000, 7000, 1500, 1500));
        _requireTerms(Offence.Equivocation, SlashTerms(10_000, 7000, 1500, 1500));
        _setTerms(Offence.Equivocation, SlashTerms(10_000, 10_000, 0, 0));
        _requireTerms(Offence.Equivocation, SlashTerms(10_000, 10_000, 0, 0));
    }

    function test_changesOneRow() public {
        SlashTerms memory terms = SlashTerms(7500, 9000, 1000, 0);
        vm.expectEmit(address(operators));
        emit IOperators.SlashTermsSet(Offence.Equivocation, terms);
        _setTerms(Offence.Equivocation, terms);
        _requireTerms(Offence.Equivocation, terms);
        _requireTerms(Offence.WrongOutput, SlashTerms(5000, 7000, 1500, 1500));

        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), (STAKE * 3) / 4);
        assertEq(operators.awardOf(challenger), (STAKE * 3) / 40);
    }

    function test_revertsWhenTheOffenceDoesNotExist() public {
        vm.prank(governor);
        (bool done, ) = address(operators).call(
            abi.encodeWithSelector(IOperators.setSlashTerms.selector, uint256(2), SlashTerms(5000, 7000, 1500, 1500))
        );
        assertFalse(done);
    }

    function testFuzz_rowsDoNotTouchEachOther(SlashTerms memory a, SlashTerms memory b, bool isWrongOutput) public {
        (a, b) = (_boundTerms(a), _boundTerms(b));
        Offence first = isWrongOutput ? Offence.WrongOutput : Offence.Equivocation;
        Offence second = isWrongOutput ? Offence.Equivocation : Offence.WrongOutput;
        _setTerms(first, b);
        _setTerms(second, b);
        _setTerms(first, a);
        _requireTerms(first, a);
        _requireTerms(second, b);
        assertEq(operators.operatorCount(), 1);
        assertEq(operators.unburned(), 0);
    }

    /// Whatever the governor sets, what is accepted burns 70 % or more of at least a tenth.
    function testFuzz_rule30_theGovernorCannotLeaveTheBounds(SlashTerms memory terms) public {
        vm.prank(governor);
        try operators.setSlashTerms(Offence.WrongOutput, terms) {
            assertGe(terms.stakeBps, 1000);
            assertLe(terms.stakeBps, BPS);
            assertGe(terms.burnBps, 7000);
            assertLe(terms.bountyBps, 1500);
            assertEq(uint256(terms.burnBps) + terms.bountyBps + terms.requesterBps, BPS);
            _requireTerms(Offence.WrongOutput, terms);
        } catch (bytes memory problem) {
            assertEq(problem, abi.encodeWithSelector(IOperators.SlashTermsOutOfBounds.selector, terms));
            _requireTerms(Offence.WrongOutput, SlashTerms(5000, 7000, 1500, 1500));
        }
    }

    function _expectRefused(SlashTerms memory terms) private {
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IOperators.SlashTermsOutOfBounds.selector, terms));
            _setTerms(Offence(i), terms);
        }
    }
}
