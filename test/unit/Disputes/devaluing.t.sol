// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge} from "../../../contracts/interfaces/IChallenges.sol";
import {IBounties} from "../../../contracts/interfaces/IBounties.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {Claim} from "../../../contracts/types/Claim.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

/// A liar that is being computed, and proves something against itself before the last step, so that it pays its own
/// bounty to itself and its accuser goes away with nothing.
contract DevaluingTest is ExactFixture {
    uint64 private constant STEP_GAS = 4_500_000;
    uint256 private constant ONE_STEP = 6_500_000;
    uint256 private constant HALF_BOUNTY = 1875 ether;

    address private worker = makeAddr("worker");
    SignedResult private lie;
    bytes32 private key;
    uint256 private bond;
    uint40 private openedAt;

    function setUp() public override {
        super.setUp();
        _script(STEPS, STEP_GAS);
        vm.fee(BASE_FEE);
    }

    function test_rule28_contradictingTheAccusedAnswerEarnsTheLiarNothing() public {
        _accuse(_lieAt(2));
        _steps(2);
        _contradict(_lieAt(1));
        assertTrue(disputes.isPunished(key));
        _steps(1);
        _requireShares();
    }

    /// The accused answer is the lower one: it is the right one that is marked.
    function test_rule28_contradictingTheRightAnswerEarnsTheLiarNothing() public {
        _accuse(_lieAt(-1));
        _steps(2);
        _contradict(_truth());
        assertFalse(disputes.isPunished(key));
        _steps(1);
        _requireShares();
    }

    /// Neither answer is the accused one; the right one is marked, and its slash will stand for the accused one.
    function test_rule28_contradictingBesideTheAccusedAnswerEarnsTheLiarNothing() public {
        _accuse(_lieAt(-1));
        _steps(2);
        SignedResult memory truth = _truth();
        SignedResult memory lower = _lieAt(-9);
        vm.prank(actor.owner);
        disputes.proveEquivocation(truth, lower);
        assertEq(operators.awardOf(actor.owner), 0);
        _steps(1);
        _requireShares();
    }

    /// The accused answer is slashed for itself; the contradiction stays its prover's, a day later.
    function test_aContradictionOfOtherAnswersStaysItsProvers() public {
        _accuse(_lieAt(-1));
        SignedResult memory above = _lieAt(2);
        SignedResult memory lower = _lieAt(1);
        vm.prank(stranger);
        disputes.proveEquivocation(above, lower);
        uint256 payableAt = vm.getBlockTimestamp() + disputes.CHALLENGE_PERIOD();
        _steps(3);
        assertEq(operators.slashCountOf(actor.id), 2);
        bytes32 other = _key(above);
        vm.warp(payableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BountyNotPayable.selector, other, payableAt));
        disputes.payBounty(other);
        vm.warp(payableAt);
        assertEq(disputes.payBounty(other), 2 * HALF_BOUNTY);
        assertEq(opg.balanceOf(stranger), 2 * HALF_BOUNTY);
        // Of half the stake that was left.
        assertEq(disputes.payBounty(key), HALF_BOUNTY / 2);
        assertEq(disputes.payWork(key, openedAt, worker), HALF_BOUNTY / 2);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }

    /// Nobody goes on: whoever showed the contradiction has its bounty, so a liar cannot keep it by accusing itself.
    function test_aChallengeThatLapsesLeavesTheContradictionItsBounty() public {
        _accuse(_lieAt(2));
        SignedResult memory other = _lieAt(1);
        vm.prank(stranger);
        disputes.proveEquivocation(lie, other);
        skip(disputes.STEP_PERIOD());
        disputes.endChallenge(key);
        assertEq(disputes.creditOf(actor.owner), bond);
        skip(disputes.CHALLENGE_PERIOD());
        assertEq(disputes.payBounty(key), 2 * HALF_BOUNTY);
        assertEq(opg.balanceOf(stranger), 2 * HALF_BOUNTY);
    }

    /// Accusing what was contradicted before takes nothing from whoever showed that, though it waits for a commitment,
    /// and for a challenge of another answer besides, and all is in one second.
    function test_aChallengeTakesNothingThatWasEarnedBefore() public {
        vm.prank(user);
        disputes.commit(0, keccak256("any"));
        _open(user, _lieAt(7));
        lie = _lieAt(2);
        SignedResult memory other = _lieAt(1);
        vm.prank(stranger);
        disputes.proveEquivocation(lie, other);
        key = _challengePunished(challenger, lie);
        _steps(3);
        assertTrue(disputes.isProvedWrong(key));
        skip(disputes.CHALLENGE_PERIOD());
        assertEq(disputes.payBounty(key), 2 * HALF_BOUNTY);
        assertEq(opg.balanceOf(stranger), 2 * HALF_BOUNTY);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }

    /// The contradiction is mined before the accusation, which then does not bind its author's bond for nothing.
    function test_anAccusationThatComesTooLateCostsNothing() public {
        lie = _lieAt(2);
        _contradict(_lieAt(1), 2 * HALF_BOUNTY);
        uint256 value = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(challenger, value);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, _key(lie)));
        vm.prank(challenger);
        disputes.openChallenge{value: value}(lie);
    }

    /// Whoever committed to the lie before anyone showed anything has the opener's part.
    function test_rule28_theEarliestCommitmentGoesBeforeBoth() public {
        lie = _lieAt(2);
        bytes32 commitment = _commitmentFor(_key(lie), user, "salt");
        vm.prank(user);
        disputes.commit(0, commitment);
        skip(10 minutes);
        _accuse(lie);
        _contradict(_lieAt(1));
        Claim memory claim = _claim(lie);
        vm.prank(user);
        disputes.claimBounty(claim, 0, "salt");
        _steps(3);
        skip(1 hours);
        assertEq(disputes.payBounty(key), HALF_BOUNTY);
        assertEq(opg.balanceOf(user), HALF_BOUNTY);
        assertEq(disputes.payWork(key, openedAt, worker), HALF_BOUNTY);
    }

    /// Somebody computes at once what a challenge had computed two thirds of: they share by work, and the bond is back.
    function test_rule28_aProofInOneTransactionIsTheLastStep() public {
        _accuse(_lieAt(-1));
        _steps(2);
        vm.prank(stranger);
        assertEq(disputes.proveWrongOutput(lie, INPUT), STAKE / 2);
        assertFalse(_isOpen(key));
        assertEq(operators.awardOf(stranger), 0);
        uint256 credits = disputes.creditOf(challenger) + disputes.creditOf(worker) + disputes.creditOf(stranger);
        assertEq(credits, bond);
        assertGt(disputes.creditOf(stranger), 0);
        uint256 ofWorker = disputes.payWork(key, openedAt, worker);
        assertApproxEqRel(ofWorker, (HALF_BOUNTY * 2) / 5, 0.02e18);
        assertEq(ofWorker + disputes.payWork(key, openedAt, stranger), HALF_BOUNTY);
        skip(1 hours);
        assertEq(disputes.payBounty(key), HALF_BOUNTY);
        assertEq(opg.balanceOf(challenger), HALF_BOUNTY);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }

    /// The right answer is no fault, in whatever way it is computed while it is challenged.
    function test_aProofInOneTransactionAcquitsNobody() public {
        _accuse(_truth());
        vm.expectRevert();
        disputes.proveWrongOutput(lie, INPUT);
        assertTrue(_isOpen(key));
    }

    /// A challenge that lapsed, and that nobody ended yet: the proof is another's, the bond comes back, for it was
    /// true.
    function test_aProofAfterTheLapseReturnsTheBond() public {
        _accuse(_lieAt(1));
        _steps(1);
        skip(disputes.STEP_PERIOD());
        vm.prank(stranger);
        disputes.proveWrongOutput(lie, INPUT);
        assertEq(operators.awardOf(stranger), 2 * HALF_BOUNTY);
        disputes.endChallenge(key);
        assertEq(disputes.creditOf(challenger) + disputes.creditOf(worker), bond);
        assertEq(disputes.creditOf(actor.owner), 0);
    }

    /// Every other answer proved in every way first: the accused one keeps a bounty for its accuser, or the liar paid
    /// that to nobody.
    function testFuzz_whateverTheLiarProvesTheAccuserIsPaid(uint256[6] calldata acts, uint8 place) public {
        int256[5] memory answers = [int256(-2), -1, 0, 1, 2];
        int256 accused = answers[[0, 1, 3, 4][place % 4]];
        _accuse(_lieAt(accused));
        _steps(2);
        for (uint256 i; i < acts.length; ++i) {
            SignedResult memory a = _lieAt(answers[acts[i] % 5]);
            SignedResult memory b = _lieAt(answers[(acts[i] >> 8) % 5]);
            vm.prank(actor.owner);
            try disputes.proveEquivocation(a, b) {} catch {}
        }
        _steps(1);
        assertTrue(disputes.isProvedWrong(key));
        assertEq(disputes.creditOf(challenger) + disputes.creditOf(worker), bond);
        assertGt(disputes.payWork(key, openedAt, worker), 0);
        skip(1 hours);
        disputes.payBounty(key);
        assertGt(opg.balanceOf(challenger), 0);
        assertEq(operators.awardOf(actor.owner), 0);
    }

    function _accuse(SignedResult memory signed) private {
        lie = signed;
        key = _open(challenger, lie);
        Challenge memory challenge = disputes.challengeOf(key);
        (bond, openedAt) = (challenge.bond, challenge.openedAt);
    }

    function _steps(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            uint32 pc = disputes.challengeOf(key).pc;
            bytes memory state = _after(INPUT, pc);
            Claim memory claim = _claim(lie);
            vm.prank(worker);
            disputes.continueChallenge{gas: ONE_STEP}(claim, pc, state);
        }
    }

    /// By the liar, against itself.
    function _contradict(SignedResult memory other) private {
        _contradict(other, 0);
    }

    function _contradict(SignedResult memory other, uint256 award) private {
        vm.prank(actor.owner);
        disputes.proveEquivocation(lie, other);
        assertEq(operators.awardOf(actor.owner), award);
    }

    function _requireShares() private {
        assertFalse(_isOpen(key));
        assertTrue(disputes.isProvedWrong(key));
        assertEq(operators.slashCountOf(actor.id), 1);
        assertEq(disputes.creditOf(challenger) + disputes.creditOf(worker), bond);
        assertEq(disputes.payWork(key, openedAt, worker), HALF_BOUNTY);
        skip(1 hours);
        assertEq(disputes.payBounty(key), HALF_BOUNTY);
        assertEq(opg.balanceOf(challenger), HALF_BOUNTY);
        assertEq(opg.balanceOf(actor.owner), 0);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }
}
