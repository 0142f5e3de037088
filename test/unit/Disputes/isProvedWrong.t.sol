// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

/// A contradiction shows that something is wrong; only computation shows what.
contract IsProvedWrongTest is ExactFixture {
    function test_isFalseOfWhatNobodyAccused() public view {
        assertFalse(disputes.isProvedWrong(_key(_lie())));
        assertFalse(disputes.isProvedWrong(_key(_truth())));
        assertFalse(disputes.isProvedWrong(0));
    }

    function test_isTrueOfWhatWasComputed() public {
        SignedResult memory lie = _lie();
        _proveWrong(lie, INPUT);
        assertTrue(disputes.isProvedWrong(_key(lie)));
        assertFalse(disputes.isProvedWrong(_key(_truth())));
    }

    function test_rule31_aContradictionIsNotEnough() public {
        (SignedResult memory above, SignedResult memory below) = (_lieAt(1), _lieAt(-1));
        disputes.proveEquivocation(above, _truth());
        disputes.proveEquivocation(above.result.context == 0 ? _truth() : above, below);
        assertTrue(disputes.isPunished(_key(above)));
        assertFalse(disputes.isProvedWrong(_key(above)));
        assertFalse(disputes.isProvedWrong(_key(below)));
        assertFalse(disputes.isProvedWrong(_key(_truth())));
    }

    /// What a contradiction punished is computed later, for a cover say: it costs the stake nothing more.
    function test_rule29_computingWhatWasPunishedSlashesNothingMore() public {
        SignedResult memory lie = _lieAt(1);
        disputes.proveEquivocation(lie, _truth());
        vm.expectEmit(address(disputes));
        emit IDisputes.WrongOutputProved(
            actor.id,
            release,
            _key(lie),
            lie.result.outputHash,
            keccak256(_right(INPUT)),
            challenger,
            0
        );
        assertEq(_proveWrong(lie, INPUT), 0);
        assertTrue(disputes.isProvedWrong(_key(lie)));
        assertEq(operators.slashCountOf(actor.id), 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, _key(lie)));
        _proveWrong(lie, INPUT);
    }

    /// The right answer was punished in the lie's place.
    function test_rule29_computingWhatTheRightAnswerWasPunishedForSlashesNothingMore() public {
        SignedResult memory lie = _lieAt(-1);
        disputes.proveEquivocation(lie, _truth());
        assertTrue(disputes.isPunished(_key(_truth())));
        assertEq(_proveWrong(lie, INPUT), 0);
        assertTrue(disputes.isProvedWrong(_key(lie)));
        assertTrue(disputes.isPunished(_key(lie)));
        assertFalse(disputes.isPunished(_key(_truth())));
        assertEq(operators.slashCountOf(actor.id), 1);
    }

    function test_aChallengeShowsItToo() public {
        SignedResult memory lie = _lieAt(1);
        disputes.proveEquivocation(lie, _truth());
        uint256 bond = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(challenger, bond);
        vm.prank(challenger);
        bytes32 key = disputes.challengePunished{value: bond}(lie);
        assertTrue(_continue(challenger, lie, 0));
        assertTrue(disputes.isProvedWrong(key));
        assertEq(operators.slashCountOf(actor.id), 1);
        assertEq(disputes.creditOf(challenger), bond);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, key));
        disputes.openChallenge(lie);
    }

    /// Once the right answer is known, contradicting it is enough.
    function test_aContradictionOfAKnownAnswerIsEnough() public {
        _proveWrong(_lieAt(1), INPUT);
        SignedResult memory below = _lieAt(-1);
        disputes.proveEquivocation(_truth(), below);
        assertTrue(disputes.isProvedWrong(_key(below)));
        assertTrue(disputes.isPunished(_key(below)));
        assertFalse(disputes.isPunished(_key(_truth())));
        assertEq(operators.slashCountOf(actor.id), 2);
    }

    /// Where no answer is right, each is wrong.
    function test_withoutARightAnswerEveryAnswerIsWrong() public {
        bytes memory garbage = "no tensors";
        SignedResult memory one = _signed(garbage, "one");
        SignedResult memory other = _signed(garbage, "another");
        SignedResult memory third = _signed(garbage, "a third");
        disputes.proveEquivocation(one, other);
        _proveWrong(one, garbage);
        _proveWrong(other, garbage);
        assertTrue(disputes.isProvedWrong(_key(one)) && disputes.isProvedWrong(_key(other)));
        assertEq(operators.slashCountOf(actor.id), 2);
        disputes.proveEquivocation(third, other.result.outputHash > third.result.outputHash ? _zero(third) : other);
        assertTrue(disputes.isProvedWrong(_key(third)));
        assertEq(operators.slashCountOf(actor.id), 3);
    }

    /// The lowest answer that can be signed.
    function _zero(SignedResult memory like) private view returns (SignedResult memory) {
        SignedResult memory signed = _sign(actor.signerKey, like.result);
        signed.result.outputHash = 0;
        return _sign(actor.signerKey, signed.result);
    }
}
