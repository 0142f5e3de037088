// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICoverClaims} from "../../../contracts/interfaces/ICoverClaims.sol";
import {DueCover, ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {coverOf} from "../../../contracts/types/Cover.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {CoverFixture} from "../support/CoverFixture.sol";

contract ClaimCoverTest is CoverFixture {
    bytes private constant INPUT_WORD = abi.encode(bytes32("one word of input"));

    function test_paysTheBeneficiaryAndBurnsTheRest() public {
        uint40 since = uint40(vm.getBlockTimestamp());
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        _prove(result, INPUT_WORD);
        assertEq(_stakeOf(), STAKE / 2);
        uint256 unburned = operators.unburned();
        bytes32 key = operators.coverKeyOf(operator.id, address(pipe), result.structHash());
        vm.expectEmit(address(operators));
        emit ICovers.CoverClaimed(operator.id, insured, key, COVER, LOCK - COVER, since + UNBONDING_PERIOD);
        assertEq(_claim(result), key);

        assertEq(_stakeOf(), STAKE / 2 - LOCK);
        assertEq(_locked(), 0);
        assertEq(operators.unburned(), unburned + LOCK - COVER);
        DueCover memory due = operators.dueCoverOf(key);
        assertEq(due.amount, COVER);

        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverNotPayable.selector, key, since + UNBONDING_PERIOD));
        operators.payCover(key);
        vm.warp(since + UNBONDING_PERIOD);
        operators.payCover(key);
        assertEq(opg.balanceOf(insured), COVER);
        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverUnknown.selector, key));
        operators.payCover(key);
    }

    function test_revertsWhenNobodyProvedItWrong() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        vm.expectPartialRevert(ICoverClaims.NotProvedWrong.selector);
        _claim(result);
    }

    function test_revertsWhenTheResultIsRight() public {
        InferenceResult memory result = _resultOfNow(INPUT_WORD, _right(INPUT_WORD), COVER);
        assertEq(_insure(INPUT_WORD, _right(INPUT_WORD), COVER, coverOf(COVER, insured)), "");
        vm.expectPartialRevert(ICoverClaims.NotProvedWrong.selector);
        _claim(result);
    }

    function test_revertsWhenItIsClaimedTwice() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        _prove(result, INPUT_WORD);
        bytes32 key = _claim(result);
        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverUnknown.selector, key));
        _claim(result);
    }

    function test_revertsWhenItWasNeverReserved() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        _prove(result, INPUT_WORD);
        result.maxCover += GRAIN;
        vm.expectPartialRevert(ICovers.CoverUnknown.selector);
        _claim(result);
    }

    function test_revertsWhenItIsLate() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        _prove(result, INPUT_WORD);
        bytes32 hash = result.structHash();
        uint40 endsAt = operators.coverOf(operator.id, address(pipe), hash).endsAt;
        bytes32 key = operators.coverKeyOf(operator.id, address(pipe), hash);
        vm.warp(endsAt);
        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverEnded.selector, key, endsAt));
        _claim(result);
        vm.warp(endsAt - 1);
        _claim(result);
    }

    function test_revertsWhenSomebodyElseClaimsFromOperators() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        bytes32 hash = result.structHash();
        vm.expectRevert(_unauthorized(stranger));
        vm.prank(stranger);
        operators.claimCover(operator.id, address(pipe), hash);
    }

    function test_aContradictionPaysNone() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        InferenceResult memory other = result;
        SignedResult memory a = _sign(operator.signerKey, result);
        SignedResult memory b = a;
        b = abi.decode(abi.encode(a), (SignedResult));
        b.result.outputHash = keccak256("a third");
        b = _sign(operator.signerKey, b.result);
        disputes.proveEquivocation(a, b);
        vm.expectPartialRevert(ICoverClaims.NotProvedWrong.selector);
        _claim(other);
        // Until it is computed.
        assertEq(_prove(a.result, INPUT_WORD), 0);
        _claim(a.result);
    }

    /// All its stake could take is locked for itself: it loses more than half, and 70 % of what insured it.
    function test_aLiarInsuredByItselfLosesMostOfIt() public {
        uint256 most = (SHARE * 3) / 10;
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(most, operator.owner));
        uint256 taken = _prove(result, INPUT_WORD);
        assertEq(taken, STAKE / 2);
        assertGe(operators.awardOf(challenger), BOUNTY_FLOOR);
        bytes32 key = _claim(result);
        assertEq(_stakeOf(), 0);
        skip(UNBONDING_PERIOD);
        operators.payCover(key);
        assertEq(opg.balanceOf(operator.owner), most);
        assertLe(most, (STAKE * 15) / 100);
    }

    function test_otherSlashesDoNotTouchIt() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf((SHARE * 3) / 10, insured));
        for (uint256 i = 1; i < 5; ++i) _slash(operator, i);
        assertEq(_stakeOf(), SHARE);
        assertEq(_prove(result, INPUT_WORD), 0);
        bytes32 key = _claim(result);
        skip(UNBONDING_PERIOD);
        operators.payCover(key);
        assertEq(opg.balanceOf(insured), (SHARE * 3) / 10);
    }

    function test_everySeparateCoverOfOneLieIsPaid() public {
        InferenceResult memory first = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        skip(10);
        InferenceResult memory second = _resultOfNow(INPUT_WORD, LIE, 2 * COVER);
        // In another transaction, where nothing is loaded.
        vm.prank(address(pipe));
        operators.insureResult(operator.signer, second.structHash(), coverOf(2 * COVER, user), 2 * COVER);
        _prove(first, INPUT_WORD);
        bytes32 a = _claim(first);
        bytes32 b = _claim(second);
        skip(UNBONDING_PERIOD);
        operators.payCover(a);
        operators.payCover(b);
        assertEq(opg.balanceOf(insured), COVER);
        assertEq(opg.balanceOf(user), 2 * COVER);
    }

    function test_outlivesRotationRevocationAndPause() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        SignedResult memory signed = _sign(operator.signerKey, result);
        operator = _rotate(operator, "second signer");
        vm.prank(operator.signer);
        operators.revokeSigner(operator.signer);
        vm.prank(guardian);
        ITimedPause(address(pipe)).pause(1 days);
        disputes.proveWrongOutput(signed, INPUT_WORD);
        bytes32 key = _claim(result);
        skip(UNBONDING_PERIOD);
        operators.payCover(key);
        assertEq(opg.balanceOf(insured), COVER);
        assertEq(_stakeOf(), STAKE / 2 - LOCK);
    }

    function test_outlivesTheEraWhereTheLockDoes() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        _prove(result, INPUT_WORD);
        uint40 endsAt = operators.coverOf(operator.id, address(pipe), result.structHash()).endsAt;
        assertLt(endsAt, vm.getBlockTimestamp() + JAIL_PERIOD);
        vm.warp(endsAt - 1);
        assertEq(operators.coverOf(operator.id, address(pipe), result.structHash()).era, 0);
        _claim(result);
    }

    function test_theSameLieOfTheNextEraIsInsuredApart() public {
        InferenceResult memory first = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        _prove(first, INPUT_WORD);
        _claim(first);
        skip(JAIL_PERIOD);
        vm.prank(operator.owner);
        operators.leaveJail(operator.id);
        InferenceResult memory second = _resultOfNow(INPUT_WORD, LIE, COVER);
        vm.prank(address(pipe));
        operators.insureResult(operator.signer, second.structHash(), coverOf(COVER, insured), COVER);
        vm.expectPartialRevert(ICoverClaims.NotProvedWrong.selector);
        _claim(second);
        _prove(second, INPUT_WORD);
        _claim(second);
    }

    function test_revertsWhileAnEarlierCoverOfTheSameResultIsUnpaid() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        bytes32 hash = result.structHash();
        _prove(result, INPUT_WORD);
        bytes32 key = _claim(result);
        skip(JAIL_PERIOD);
        vm.prank(operator.owner);
        operators.leaveJail(operator.id);
        vm.prank(address(pipe));
        operators.insureResult(operator.signer, hash, coverOf(2 * COVER, insured), 2 * COVER);
        vm.expectRevert(abi.encodeWithSelector(ICovers.CoverUnpaid.selector, key));
        vm.prank(address(disputes));
        operators.claimCover(operator.id, address(pipe), hash);

        operators.payCover(key);
        vm.prank(address(disputes));
        operators.claimCover(operator.id, address(pipe), hash);
        assertEq(opg.balanceOf(insured), COVER);
        assertEq(operators.dueCoverOf(key).amount, 2 * COVER);
    }

    function test_evidenceThatIsProvedLastLeavesADayToClaim() public {
        InferenceResult memory result = _insureLie(INPUT_WORD, coverOf(COVER, insured));
        uint256 verdict = uint256(result.validUntil) + DISPUTE_WINDOW + disputes.CHALLENGE_PERIOD();
        assertGe(operators.coverOf(operator.id, address(pipe), result.structHash()).endsAt, verdict + 1 days);
    }

    function _claim(InferenceResult memory result) private returns (bytes32) {
        vm.prank(stranger);
        return disputes.claimCover(operator.id, address(pipe), result);
    }
}
