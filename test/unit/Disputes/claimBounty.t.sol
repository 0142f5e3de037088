// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBounties} from "../../../contracts/interfaces/IBounties.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {Claim} from "../../../contracts/types/Claim.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

contract ClaimBountyTest is ExactFixture {
    bytes32 private constant SALT = keccak256("salt");
    uint256 private constant BOUNTY = 3750 ether;

    address private thief = makeAddr("thief");
    SignedResult private lie;
    Claim private claim;
    bytes32 private key;

    function setUp() public override {
        super.setUp();
        lie = _lie();
        claim = _claim(lie);
        key = _key(lie);
    }

    function test_revertsWhenTheBountyIsUnknown() public {
        _commit(challenger);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BountyUnknown.selector, key));
        _claimBounty(challenger);
    }

    function test_revertsWhenNothingWasCommitted() public {
        _commit(challenger);
        _prove(thief);
        vm.expectRevert(abi.encodeWithSelector(IBounties.CommitmentUnknown.selector, stranger, 0));
        _claimBounty(stranger);
    }

    function test_revertsWhenTheCommitmentHasExpired() public {
        _commit(challenger);
        uint256 endedAt = block.timestamp + disputes.COMMITMENT_LIFE();
        vm.warp(endedAt - 1);
        _prove(thief);
        vm.warp(endedAt);
        vm.expectRevert(abi.encodeWithSelector(IBounties.CommitmentExpired.selector, endedAt));
        _claimBounty(challenger);
    }

    /// The copied proof is mined first, and gets nothing.
    function test_rule28_aCopiedProofCannotStealTheBounty() public {
        _commit(challenger);
        skip(10 minutes);
        _prove(thief);
        assertEq(operators.awardOf(thief), 0);
        _claimBounty(challenger);
        skip(1 hours);
        assertEq(disputes.payBounty(key), BOUNTY);
        assertEq(opg.balanceOf(challenger), BOUNTY);
        assertEq(opg.balanceOf(thief), 0);
    }

    /// Whoever commits once the evidence is in the mempool is too late, also when its commitment is mined first.
    function test_rule28_aFreshCommitmentTakesNothing() public {
        _commit(thief);
        skip(1 minutes);
        _prove(challenger);
        uint40 since = uint40(block.timestamp) - disputes.COMMITMENT_AGE();
        vm.expectRevert(
            abi.encodeWithSelector(IBounties.CommitmentTooLate.selector, uint40(block.timestamp - 1 minutes), since)
        );
        _claimBounty(thief);
        skip(1 hours);
        disputes.payBounty(key);
        assertEq(opg.balanceOf(challenger), BOUNTY);
    }

    /// The commitment names its author, so a copy of it proves nothing for another.
    function test_rule28_aCopiedCommitmentIsWorthless() public {
        bytes32 commitment = _commitmentOf(challenger);
        vm.prank(challenger);
        disputes.commit(0, commitment);
        vm.prank(thief);
        disputes.commit(0, commitment);
        skip(10 minutes);
        _prove(challenger);
        vm.expectRevert(abi.encodeWithSelector(IBounties.CommitmentUnknown.selector, thief, 0));
        _claimBounty(thief);
    }

    function test_rule28_theEarliestLiveCommitmentGetsIt() public {
        _commit(user);
        skip(1 minutes);
        _commit(challenger);
        skip(10 minutes);
        _prove(thief);
        _claimBounty(challenger);
        _claimBounty(user);
        vm.expectRevert(abi.encodeWithSelector(IBounties.CommitmentUnknown.selector, challenger, 0));
        _claimBounty(challenger);
        skip(1 hours);
        disputes.payBounty(key);
        assertEq(opg.balanceOf(user), BOUNTY);
    }

    /// Who commits to every question, and to whatever answer it can think of, has nothing of a lie it did not know.
    function test_rule28_aCommitmentToAnotherAnswerTakesNothing() public {
        SignedResult memory guess = _sign(actor.signerKey, lie.result);
        guess.result.outputHash = keccak256("a guess");
        bytes32 commitment = _commitmentFor(_key(guess), thief, SALT);
        vm.prank(thief);
        disputes.commit(0, commitment);
        skip(10 minutes);
        _prove(challenger);
        vm.expectRevert(abi.encodeWithSelector(IBounties.CommitmentUnknown.selector, thief, 0));
        _claimBounty(thief);
        Claim memory guessed = _claim(guess);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BountyUnknown.selector, _key(guess)));
        vm.prank(thief);
        disputes.claimBounty(guessed, 0, SALT);
    }

    /// The question alone, as a commitment could once be made.
    function test_rule28_aCommitmentToTheQuestionTakesNothing() public {
        bytes32 question = keccak256(
            abi.encode(claim.operatorId, claim.release, claim.codec, claim.inputHash, thief, SALT)
        );
        vm.prank(thief);
        disputes.commit(0, question);
        skip(10 minutes);
        _prove(challenger);
        vm.expectRevert(abi.encodeWithSelector(IBounties.CommitmentUnknown.selector, thief, 0));
        _claimBounty(thief);
    }

    /// The liar contradicts its lie by the right answer, which is marked: the bounty follows the slash to the lie.
    function test_rule28_aContradictionOfTheRightAnswerTakesNothingFromWhoCommitted() public {
        (lie, claim, key) = (_lieAt(-1), _claim(_lieAt(-1)), _key(_lieAt(-1)));
        _commit(challenger);
        skip(10 minutes);
        SignedResult memory truth = _truth();
        vm.prank(actor.owner);
        disputes.proveEquivocation(truth, lie);
        assertEq(disputes.bountyOf(_key(truth)).claimant, actor.owner);
        _prove(challenger);
        _claimBounty(challenger);
        skip(1 hours);
        assertEq(disputes.payBounty(key), BOUNTY);
        assertEq(opg.balanceOf(challenger), BOUNTY);
        assertEq(operators.slashCountOf(actor.id), 1);
    }

    /// A thief copies a contradiction that marks the right answer, and computes the lie at once: who committed to the
    /// marked answer has the bounty all the same.
    function test_rule28_computingTheLieTakesNothingFromWhoCommittedToTheContradiction() public {
        SignedResult memory truth = _truth();
        (lie, claim, key) = (_lieAt(-1), _claim(truth), _key(truth));
        _commit(challenger);
        skip(10 minutes);
        vm.startPrank(thief);
        disputes.proveEquivocation(truth, lie);
        disputes.proveWrongOutput(lie, INPUT);
        vm.stopPrank();
        assertEq(disputes.bountyOf(_key(lie)).claimant, thief);
        _claimBounty(challenger);
        assertEq(disputes.bountyOf(_key(lie)).claimant, challenger);
        skip(1 hours);
        assertEq(disputes.payBounty(_key(lie)), BOUNTY);
        assertEq(opg.balanceOf(challenger), BOUNTY);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BountyUnknown.selector, key));
        disputes.payBounty(key);
    }

    /// Of two answers, who committed to the one that is marked.
    function test_rule28_protectsEquivocationToo() public {
        SignedResult memory truth = _truth();
        (SignedResult memory other, SignedResult memory marked) = (lie, truth);
        if (uint256(lie.result.outputHash) > uint256(truth.result.outputHash)) (other, marked) = (truth, lie);
        (claim, key) = (_claim(marked), _key(marked));
        _commit(challenger);
        skip(10 minutes);
        vm.prank(thief);
        disputes.proveEquivocation(other, marked);
        _claimBounty(challenger);
        skip(1 hours);
        disputes.payBounty(key);
        assertEq(opg.balanceOf(challenger), BOUNTY);
    }

    /// Somebody opens the challenge that another was about to open; the opener's half is the other's.
    function test_rule28_protectsTheOpenerOfAChallenge() public {
        _commit(challenger);
        skip(10 minutes);
        _open(thief, lie);
        _claimBounty(challenger);
        assertTrue(_continue(user, lie, 0));
        skip(1 hours);
        assertEq(disputes.payBounty(key), BOUNTY / 2);
        assertEq(opg.balanceOf(challenger), BOUNTY / 2);
    }

    function test_withoutLiveCommitmentsBountiesArePaidAtOnce() public {
        _commit(user);
        skip(disputes.COMMITMENT_LIFE());
        _prove(challenger);
        assertEq(operators.awardOf(challenger), BOUNTY);
        assertEq(disputes.bountyOf(key).claimant, address(0));
    }

    function test_paysNoBountyBeforeAnEarlierCommitmentIsDead() public {
        _commit(user);
        skip(10 minutes);
        _prove(challenger);
        uint256 payableAt = block.timestamp - disputes.COMMITMENT_AGE() + disputes.COMMITMENT_LIFE();
        vm.warp(payableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BountyNotPayable.selector, key, payableAt));
        disputes.payBounty(key);
        vm.warp(payableAt);
        vm.prank(stranger);
        disputes.payBounty(key);
        assertEq(opg.balanceOf(challenger), BOUNTY);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BountyUnknown.selector, key));
        disputes.payBounty(key);
    }

    /// What was earned before a challenge was opened is not the challenge's.
    function test_aChallengeThatEndsLeavesAnothersBountyAlone() public {
        SignedResult memory low = _sign(actor.signerKey, lie.result);
        low.result.outputHash = bytes32(uint256(7));
        low = _sign(actor.signerKey, low.result);
        _commit(user);
        skip(10 minutes);
        vm.prank(challenger);
        disputes.proveEquivocation(lie, low);
        skip(1);
        _challengePunished(thief, lie);
        assertTrue(_continue(thief, lie, 0));
        assertEq(operators.slashCountOf(actor.id), 1);
        skip(1 hours);
        disputes.payBounty(key);
        assertEq(opg.balanceOf(challenger), BOUNTY);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }

    /// Places are used again, so an account's commitments take no more than 256 slots for ever.
    function test_aPlaceHoldsItsLastCommitmentOnly() public {
        _commit(challenger);
        vm.prank(challenger);
        disputes.commit(0, keccak256("another"));
        skip(10 minutes);
        _prove(thief);
        vm.expectRevert(abi.encodeWithSelector(IBounties.CommitmentUnknown.selector, challenger, 0));
        _claimBounty(challenger);
    }

    function _commitmentOf(address who) private view returns (bytes32) {
        return _commitmentFor(key, who, SALT);
    }

    function _commit(address who) private {
        bytes32 commitment = _commitmentOf(who);
        vm.prank(who);
        disputes.commit(0, commitment);
    }

    function _claimBounty(address who) private {
        vm.prank(who);
        disputes.claimBounty(claim, 0, SALT);
    }

    function _prove(address who) private {
        vm.prank(who);
        disputes.proveWrongOutput(lie, INPUT);
    }
}
