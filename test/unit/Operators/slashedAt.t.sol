// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Offence} from "../../../contracts/interfaces/IOperators.sol";
import {SlashFixture} from "../support/SlashFixture.sol";

contract SlashedAtTest is SlashFixture {
    function test_isZeroWhereThereIsNoSlash() public {
        assertEq(operators.slashedAt(99, 0), 0);
        assertEq(operators.slashedAt(actor.id, 0), 0);
        _take(actor.signer, Offence.Equivocation, NOBODY);
        assertEq(operators.slashedAt(actor.id, 1), 0);
        assertEq(operators.slashedAt(actor.id, type(uint256).max), 0);
    }

    function test_keepsTheTimesOfAllSlashesThroughRotations() public {
        uint256[4] memory times;
        for (uint256 i; i < times.length; ++i) {
            skip(1 days);
            times[i] = vm.getBlockTimestamp();
            _take(actor.signer, Offence.Equivocation, NOBODY);
            if (i == 1) actor = _rotate(actor, "next signer");
            for (uint256 j; j <= i; ++j) assertEq(operators.slashedAt(actor.id, j), times[j]);
            assertEq(operators.slashedAt(actor.id, i + 1), 0);
        }
    }

    /// Slashing oneself for dust until the count overflows must not put a liar out of reach: the count stops, and
    /// whoever is there stays in jail.
    function test_rule30_noNumberOfSlashesEndsSlashing() public {
        _setSlashCount(type(uint16).max - 1);
        skip(1 days);
        uint256 last = vm.getBlockTimestamp();
        vm.expectEmit(address(operators));
        emit IOperators.OperatorJailed(actor.id, type(uint40).max);
        _take(actor.signer, Offence.Equivocation, NOBODY);
        assertEq(operators.slashCountOf(actor.id), type(uint16).max);

        skip(1 days);
        assertEq(_take(actor.signer, Offence.Equivocation, NOBODY), STAKE / 4);
        assertEq(operators.slashCountOf(actor.id), type(uint16).max);
        assertEq(operators.slashedAt(actor.id, type(uint16).max - 1), last);
        skip(1000 * JAIL_PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IOperators.JailNotOver.selector, actor.id, type(uint40).max));
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
    }

    /// In the one slot that the standing is read from.
    function _setSlashCount(uint16 count) private {
        vm.record();
        uint256 word = uint256(bytes32(abi.encode(operators.compactStandingOf(actor.signer))));
        (bytes32[] memory reads, ) = vm.accesses(address(operators));
        vm.store(address(operators), reads[0], bytes32(word | (uint256(count) << 104)));
        assertEq(operators.slashCountOf(actor.id), count);
    }
}
