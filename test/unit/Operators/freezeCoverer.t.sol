// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {coverOf} from "../../../contracts/types/Cover.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

contract FreezeCovererTest is CoverFixture {
    bytes private constant INPUT_WORD = abi.encode(bytes32("one word of input"));

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, operator.id, stranger));
        vm.prank(stranger);
        operators.freezeCoverer(operator.id, address(pipe));
    }

    function test_revertsWhenNothingIsSetAsideOrItIsFrozen() public {
        vm.expectRevert(abi.encodeWithSelector(ICovers.CovererNotAllowed.selector, operator.id, address(requests)));
        _freeze(address(requests));
        _freeze(address(pipe));
        vm.expectRevert(abi.encodeWithSelector(ICovers.CovererNotAllowed.selector, operator.id, address(pipe)));
        _freeze(address(pipe));
    }

    function test_locksNothingMore() public {
        _reserve(keccak256("before"), COVER);
        vm.expectEmit(address(operators));
        emit ICovers.CovererFrozen(operator.id, address(pipe));
        _freeze(address(pipe));
        assertEq(operators.coverableBy(operator.id, address(pipe)), 0);
        bytes32[2] memory hashes = [keccak256("before"), keccak256("after")];
        for (uint256 i; i < hashes.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICovers.CovererNotAllowed.selector, operator.id, address(pipe)));
            vm.prank(address(pipe));
            operators.insureResult(operator.signer, hashes[i], coverOf(GRAIN, insured), 2 * COVER);
        }
    }

    function test_keepsWhatIsLockedAndItsShare() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        _freeze(address(pipe));
        assertEq(_locked(), LOCK);
        assertEq(operators.coverPercentOf(operator.id, address(pipe)), PERCENT);
        assertEq(operators.countingStakeOf(operator.id), STAKE - SHARE);
        vm.prank(operator.owner);
        vm.expectRevert(
            abi.encodeWithSelector(ICovers.CoverShareTooLow.selector, operator.id, address(pipe), LOCK, LOCK - GRAIN)
        );
        operators.unbond(operator.id, STAKE - 2 * LOCK + GRAIN);
        vm.expectPartialRevert(ICovers.CoverPercentTooHigh.selector);
        _setAside(address(requests), 1);

        _prove(result, INPUT_WORD);
        bytes32 key = disputes.claimCover(operator.id, address(pipe), result);
        assertEq(operators.dueCoverOf(key).amount, COVER);
    }

    function test_givesTheShareUpOnceNothingIsLocked() public {
        _reserve(keccak256("before"), COVER);
        _freeze(address(pipe));
        vm.expectPartialRevert(ICovers.CoverShareTooLow.selector);
        _setAside(address(pipe), 0);
        skip((operators.coverPeriod() * 4) / 3);
        _setAside(address(pipe), 0);
        assertEq(operators.coverersOf(operator.id).length, 0);
        assertEq(operators.coverPercentOf(operator.id, address(pipe)), 0);
        assertEq(_standing(operator).coverPercent, 0);
        _setAside(address(pipe), 1);
        assertEq(_standing(operator).coverPercent, 1);
    }

    function test_locksAgainWithTheSameShareOrAnother() public {
        _freeze(address(pipe));
        _setAside(address(pipe), PERCENT);
        _reserve(keccak256("first"), COVER);
        _freeze(address(pipe));
        _setAside(address(pipe), 20);
        assertEq(_standing(operator).coverPercent, 20);
        assertEq(operators.coverersOf(operator.id).length, 1);
        _reserve(keccak256("second"), COVER);
        assertEq(_locked(), 2 * LOCK);
    }

    function test_noCovererWithoutTheRoleLocksAgainOrMore() public {
        _setAside(address(pipe), 20);
        vm.prank(admin);
        authority.revokeRole(COVERER, address(pipe));
        vm.expectRevert(abi.encodeWithSelector(ICovers.CovererUnknown.selector, address(pipe)));
        _setAside(address(pipe), 21);
        _setAside(address(pipe), 19);
        _freeze(address(pipe));
        vm.expectRevert(abi.encodeWithSelector(ICovers.CovererUnknown.selector, address(pipe)));
        _setAside(address(pipe), 19);
        _setAside(address(pipe), 0);
    }

    function _freeze(address coverer) private {
        vm.prank(operator.owner);
        operators.freezeCoverer(operator.id, coverer);
    }

    function _reserve(bytes32 hash, uint256 amount) private {
        vm.prank(address(pipe));
        operators.insureResult(operator.signer, hash, coverOf(amount, insured), 2 * amount);
    }
}
