// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {coverOf} from "../../../contracts/types/Cover.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

/// A liar insures itself on a right answer, which never pays, and lies about everything else meanwhile.
contract CoverAsShieldTest is CoverFixture {
    uint256 private constant LIES = 6;

    /// Without a cover six lies leave 1/64 of the stake. A lock must put off what a slash takes, not forgive it.
    function test_lockedStakeIsNotForgivenWhatOtherLiesCost() public {
        uint256 left = _lie(true);
        assertEq(_locked(), 0);
        assertLe(left, STAKE / 64 + LIES * GRAIN);
    }

    function test_withoutACoverTheSameLiesTakeNearlyAll() public {
        assertLe(_lie(false), STAKE / 64 + LIES * GRAIN);
    }

    /// What the owner can take out once the locks are over: no evidence is alive by then.
    function _lie(bool isShielded) private returns (uint256 left) {
        bytes memory honest = abi.encode(bytes32("honest"));
        if (isShielded) {
            uint256 most = (SHARE * 3) / 10;
            bytes memory problem = _insure(honest, _right(honest), most, coverOf(most, operator.owner));
            assertEq(problem.length, 0);
        }
        for (uint256 i; i < LIES; ++i) {
            bytes memory input = abi.encode(keccak256(abi.encode("lie about", i)));
            InferenceResult memory result = _resultOfNow(input, LIE, 0);
            _prove(result, input);
        }
        skip((operators.coverPeriod() * 4) / 3 + 1);
        left = _stakeOf() - operators.deferredOf(operator.id);
        vm.prank(operator.owner);
        vm.expectPartialRevert(IOperators.StakeTooLow.selector);
        operators.unbond(operator.id, left + GRAIN);
        vm.prank(operator.owner);
        operators.unbond(operator.id, left);
        skip(UNBONDING_PERIOD);
        uint256 before = opg.balanceOf(operator.owner);
        vm.prank(operator.owner);
        operators.withdrawUnbonded(operator.id, operator.owner);
        left = opg.balanceOf(operator.owner) - before;
    }
}
