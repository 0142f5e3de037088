// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge, IChallenges} from "../../../contracts/interfaces/IChallenges.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ScriptedMachine} from "../../../contracts/mocks/ScriptedMachine.sol";
import {Claim} from "../../../contracts/types/Claim.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

contract ContinueChallengeTest is ExactFixture {
    uint64 private constant STEP_GAS = 4_500_000;
    uint256 private constant ONE_STEP = 6_000_000;

    address private worker = makeAddr("worker");

    function setUp() public override {
        super.setUp();
        _script(STEPS, STEP_GAS);
    }

    function test_revertsWhenTheChallengeIsUnknown() public {
        SignedResult memory lie = _lie();
        Claim memory claim = _claim(lie);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.ChallengeUnknown.selector, _key(lie)));
        disputes.continueChallenge(claim, 0, INPUT);
    }

    function test_revertsWhenTheStateIsAnother() public {
        SignedResult memory lie = _lie();
        _open(challenger, lie);
        Claim memory claim = _claim(lie);
        bytes memory forged = abi.encode(bytes32("forged"));
        vm.expectRevert(
            abi.encodeWithSelector(IChallenges.StateMismatch.selector, keccak256(INPUT), keccak256(forged))
        );
        disputes.continueChallenge(claim, 0, forged);
    }

    function test_revertsWhenTheChallengeIsOver() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 endsAt = block.timestamp + disputes.STEP_PERIOD();
        vm.warp(endsAt);
        Claim memory claim = _claim(lie);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.ChallengeOver.selector, key, endsAt));
        disputes.continueChallenge(claim, 0, INPUT);
    }

    /// Small steps would eat the bond up in overhead.
    function test_rule27_smallStepsCannotEatTheBond() public {
        _script(STEPS, 1_000_000);
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        Claim memory claim = _claim(lie);
        vm.expectPartialRevert(IChallenges.StepTooSmall.selector);
        vm.prank(worker);
        disputes.continueChallenge{gas: 2_000_000}(claim, 0, INPUT);
        assertEq(disputes.challengeOf(key).pc, 0);
        assertEq(disputes.creditOf(worker), 0);
    }

    function test_movesTheCheckpointAndPaysTheWorker() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 bond = disputes.challengeOf(key).bond;
        skip(1 hours);
        uint256 gasBefore = gasleft();
        assertFalse(_step(lie, 0));
        uint256 gasUsed = gasBefore - gasleft();

        Challenge memory challenge = disputes.challengeOf(key);
        assertEq(challenge.pc, 1);
        assertEq(challenge.stateHash, keccak256(_after(INPUT, 1)));
        assertEq(challenge.lapsesAt, block.timestamp + disputes.STEP_PERIOD());
        uint256 paid = disputes.creditOf(worker);
        assertEq(challenge.bond, bond - paid);
        assertApproxEqRel(paid, (gasUsed + 21_000) * BASE_FEE, 0.02e18);
        assertEq(address(disputes).balance, bond);
    }

    function test_aWrongOutputIsSlashedAfterAllSteps() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 bond = disputes.challengeOf(key).bond;
        for (uint32 pc; pc < STEPS - 1; ++pc) assertFalse(_step(lie, pc));
        assertTrue(_step(lie, STEPS - 1));

        assertTrue(disputes.isPunished(key));
        assertFalse(_isOpen(key));
        assertEq(_standing(actor).stake * GRAIN, STAKE / 2);
        assertEq(operators.unburned(), 21_250 ether);
        assertEq(disputes.creditOf(worker) + disputes.creditOf(challenger), bond);
        assertGt(disputes.creditOf(challenger), 0);
        assertEq(disputes.creditOf(actor.owner), 0);
        _requireShares(key, 1875 ether, 1875 ether);
    }

    function test_aRightOutputCostsTheAccuserItsBond() public {
        SignedResult memory truth = _truth();
        bytes32 key = _open(challenger, truth);
        uint256 bond = disputes.challengeOf(key).bond;
        for (uint32 pc; pc < STEPS; ++pc) assertEq(_step(truth, pc), pc == STEPS - 1);
        _requireUntouched();
        assertFalse(_isOpen(key));
        assertEq(disputes.creditOf(worker) + disputes.creditOf(actor.owner), bond);
        assertEq(disputes.creditOf(challenger), 0);
        assertEq(disputes.bountyOf(key).claimant, address(0));
    }

    function test_anInvalidInputIsAVerdictAtOnce() public {
        bytes memory garbage = "no tensors";
        SignedResult memory lie = _signed(garbage, LIE);
        bytes32 key = _open(challenger, lie);
        assertTrue(_continue(worker, lie, 0, garbage));
        assertTrue(disputes.isPunished(key));
    }

    function test_anyOtherFailureOfTheMachineIsNoVerdict() public {
        SignedResult memory truth = _truth();
        bytes32 key = _open(challenger, truth);
        ScriptedMachine(machine).set(GRAPH_ROOT, ScriptedMachine.Script(true, STEPS, STEP_GAS, GAS_BOUND, true));
        Claim memory claim = _claim(truth);
        vm.expectRevert(ScriptedMachine.Broken.selector);
        disputes.continueChallenge(claim, 0, INPUT);
        assertTrue(_isOpen(key));
        _requireUntouched();
    }

    function testFuzz_tooLittleGasChangesNothing(uint256 gasGiven) public {
        gasGiven = bound(gasGiven, 50_000, 4_000_000);
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        Claim memory claim = _claim(lie);
        vm.prank(worker);
        try disputes.continueChallenge{gas: gasGiven}(claim, 0, INPUT) {
            fail();
        } catch {}
        assertEq(disputes.challengeOf(key).pc, 0);
    }

    /// At the last step, gas that lasts for the computation and not for the slash must not let the liar go.
    function testFuzz_aVerdictWithoutItsSlashIsNone(uint256 gasGiven) public {
        gasGiven = bound(gasGiven, 4_500_000, 6_000_000);
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        _step(lie, 0);
        _step(lie, 1);
        Claim memory claim = _claim(lie);
        bytes memory state = _after(INPUT, 2);
        vm.prank(worker);
        try disputes.continueChallenge{gas: gasGiven}(claim, 2, state) {
            assertEq(operators.slashCountOf(actor.id), 1);
        } catch {
            assertTrue(_isOpen(key));
            assertEq(operators.slashCountOf(actor.id), 0);
        }
    }

    function test_rule28_aStaleCheckpointFailsEarly() public {
        SignedResult memory lie = _lie();
        _open(challenger, lie);
        _step(lie, 0);
        Claim memory claim = _claim(lie);
        uint256 gasBefore = gasleft();
        try disputes.continueChallenge(claim, 0, INPUT) {
            fail();
        } catch (bytes memory reason) {
            assertEq(reason, abi.encodeWithSelector(IChallenges.CheckpointStale.selector, 0, 1));
        }
        // 21,000 for the transaction, and its calldata.
        assertLt(gasBefore - gasleft() + 21_000 + 16 * 300, 50_000);
    }

    function test_rule07_aChallengeOpenedInTimeIsFinishedAfterTheWindow() public {
        SignedResult memory lie = _lie();
        vm.warp(uint256(lie.result.validUntil) + DISPUTE_WINDOW);
        bytes32 key = _open(challenger, lie);
        skip(5 hours);
        _step(lie, 0);
        skip(5 hours);
        _step(lie, 1);
        skip(5 hours);
        _step(lie, 2);
        assertTrue(disputes.isPunished(key));
    }

    /// A lie in the second before all stake starts to leave, opened in the last second, finished in the last.
    function test_rule07_stakeOutlivesTheLongestChallenge() public {
        SignedResult memory lie = _lie();
        lie.result.validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        lie = _sign(actor.signerKey, lie.result);
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        vm.warp(uint256(lie.result.validUntil) + DISPUTE_WINDOW);
        bytes32 key = _open(challenger, lie);
        uint256 endsAt = block.timestamp + disputes.CHALLENGE_PERIOD();
        assertLt(endsAt, operators.unbondingOf(actor.id).releaseAt);
        skip(5 hours);
        _step(lie, 0);
        skip(5 hours);
        _step(lie, 1);
        skip(5 hours);
        _step(lie, 2);
        assertTrue(disputes.isPunished(key));
        assertEq(operators.unbondingOf(actor.id).amount, STAKE / 2);
    }

    /// Its key retires, its evidence dies, and the verdict still finds the operator.
    function test_rotationDuringAChallengeIsNoWayOut() public {
        SignedResult memory lie = _lie();
        _rotate(actor, "next signer");
        vm.warp(uint256(lie.result.validUntil) + DISPUTE_WINDOW);
        bytes32 key = _open(challenger, lie);
        skip(3 hours);
        for (uint32 pc; pc < STEPS; ++pc) _step(lie, pc);
        assertTrue(disputes.isPunished(key));
        assertEq(operators.standingById(actor.id).stake * GRAIN, STAKE / 2);
    }

    function test_stepsWithoutEndLapse() public {
        _script(100, STEP_GAS);
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 endsAt = block.timestamp + disputes.CHALLENGE_PERIOD();
        for (uint32 pc; pc < 5; ++pc) {
            skip(5 hours - (pc == 4 ? 4 hours : 0));
            if (block.timestamp < endsAt) _step(lie, pc);
        }
        vm.warp(endsAt);
        Claim memory claim = _claim(lie);
        bytes memory state = _after(INPUT, disputes.challengeOf(key).pc);
        uint32 pcNow = disputes.challengeOf(key).pc;
        vm.expectRevert(abi.encodeWithSelector(IChallenges.ChallengeOver.selector, key, endsAt));
        disputes.continueChallenge(claim, pcNow, state);
        disputes.endChallenge(key);
        assertFalse(_isOpen(key));
    }

    function test_aLieThatWasPunishedMeanwhileReturnsTheBond() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 bond = disputes.challengeOf(key).bond;
        disputes.proveEquivocation(_truth(), lie);
        for (uint32 pc; pc < STEPS; ++pc) _step(lie, pc);
        assertEq(operators.slashCountOf(actor.id), 1);
        assertEq(disputes.creditOf(challenger) + disputes.creditOf(worker), bond);
    }

    /// An operator that has lost everything meanwhile does not keep its accuser from the bond.
    function test_nothingToSlashReturnsTheBond() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 bond = disputes.challengeOf(key).bond;
        for (uint256 i; i < 60; ++i) {
            (SignedResult memory a, SignedResult memory b) = _equivocation(actor, i);
            try disputes.proveEquivocation(a, b) {} catch {
                break;
            }
        }
        assertEq(_standing(actor).stake, 1);
        for (uint32 pc; pc < STEPS; ++pc) _step(lie, pc);
        assertFalse(_isOpen(key));
        assertFalse(disputes.isPunished(key));
        assertEq(disputes.creditOf(challenger) + disputes.creditOf(worker), bond);
    }

    /// Nor may what is left of a stake be so little that its bounty is nothing, and the verdict hang on collecting it.
    function test_aStakeOfAFewGrainsCannotStopTheVerdict() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 bond = disputes.challengeOf(key).bond;
        for (uint256 i; _standing(actor).stake > 7; ++i) {
            (SignedResult memory a, SignedResult memory b) = _equivocation(actor, i);
            disputes.proveEquivocation(a, b);
        }
        assertGt(_standing(actor).stake, 1);
        for (uint32 pc; pc < STEPS; ++pc) _step(lie, pc);
        assertFalse(_isOpen(key));
        assertTrue(disputes.isPunished(key));
        assertEq(disputes.creditOf(challenger) + disputes.creditOf(worker), bond);
    }

    /// What follows the arguments costs its sender next to nothing, and nobody needs it.
    function test_rule27_isNotPaidForWhatFollowsTheArguments() public {
        SignedResult memory lie = _lie();
        _open(challenger, lie);
        bytes memory call_ = abi.encodeCall(disputes.continueChallenge, (_claim(lie), 0, INPUT));
        uint256 snapshot = vm.snapshotState();
        vm.prank(worker);
        (bool success, ) = address(disputes).call{gas: ONE_STEP}(call_);
        uint256 paid = disputes.creditOf(worker);
        assertTrue(success && paid != 0);
        vm.revertToState(snapshot);
        vm.prank(worker);
        (success, ) = address(disputes).call{gas: ONE_STEP}(bytes.concat(call_, new bytes(100_000)));
        assertTrue(success);
        assertApproxEqRel(disputes.creditOf(worker), paid, 0.001e18);
    }

    /// Who accuses itself gets the bounty of its own stake at most: 85 % of what is taken burns.
    function test_rule30_accusingOneselfPaysTheBountyOnly() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(actor.owner, lie);
        for (uint32 pc; pc < STEPS; ++pc) _continueAs(actor.owner, lie, pc);
        uint40 openedAt = uint40(block.timestamp);
        skip(1 hours);
        uint256 received = disputes.payBounty(key) + disputes.payWork(key, openedAt, actor.owner);
        assertEq(received, 3750 ether);
        assertEq(operators.unburned(), 21_250 ether);
    }

    /// Two who compute share by what they computed; nothing is left over and nobody is paid twice.
    function test_rule28_workersShareByWork() public {
        address other = makeAddr("other worker");
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        _step(lie, 0);
        _continueAs(other, lie, 1);
        _step(lie, 2);
        uint40 openedAt = uint40(block.timestamp);
        uint256 ofWorker = disputes.payWork(key, openedAt, worker);
        uint256 ofOther = disputes.payWork(key, openedAt, other);
        assertEq(ofWorker + ofOther, 1875 ether);
        assertApproxEqRel(ofWorker, 2 * ofOther, 0.02e18);
        assertEq(opg.balanceOf(worker), ofWorker);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.NoWork.selector, key, worker));
        disputes.payWork(key, openedAt, worker);
        skip(1 hours);
        disputes.payBounty(key);
        assertEq(opg.balanceOf(challenger), 1875 ether);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }

    /// Work in a challenge that lapsed buys nothing in the next one of the same claim.
    function test_workOfALapsedChallengeIsForgotten() public {
        address early = makeAddr("early worker");
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint40 firstOpenedAt = uint40(block.timestamp);
        _continueAs(early, lie, 0);
        skip(6 hours);
        disputes.endChallenge(key);
        _open(challenger, lie);
        uint40 openedAt = uint40(vm.getBlockTimestamp());
        for (uint32 pc; pc < STEPS; ++pc) _step(lie, pc);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.NoWork.selector, key, early));
        disputes.payWork(key, firstOpenedAt, early);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.NoWork.selector, key, early));
        disputes.payWork(key, openedAt, early);
        assertEq(disputes.payWork(key, openedAt, worker), 1875 ether);
    }

    /// The base fee rises far above the cap: workers are paid the cap, and never more than the bond.
    function test_rule27_theBondNeverPaysMoreThanItHolds() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        uint256 bond = disputes.challengeOf(key).bond;
        vm.fee(100 gwei);
        for (uint32 pc; pc < STEPS; ++pc) _step(lie, pc);
        assertLe(disputes.creditOf(worker), bond);
        assertEq(disputes.creditOf(worker) + disputes.creditOf(challenger), bond);
        assertEq(address(disputes).balance, bond);
    }

    function _step(SignedResult memory signed, uint32 pc) private returns (bool) {
        return _continueAs(worker, signed, pc);
    }

    function _continueAs(address who, SignedResult memory signed, uint32 pc) private returns (bool isOver) {
        Claim memory claim = _claim(signed);
        bytes memory state = _after(INPUT, pc);
        vm.prank(who);
        isOver = disputes.continueChallenge{gas: ONE_STEP}(claim, pc, state);
    }

    function _requireShares(bytes32 key, uint256 ofOpener, uint256 ofWorkers) private {
        uint40 openedAt = uint40(block.timestamp);
        skip(1 hours);
        assertEq(disputes.payBounty(key), ofOpener);
        assertEq(opg.balanceOf(challenger), ofOpener);
        assertEq(disputes.payWork(key, openedAt, worker), ofWorkers);
        assertEq(opg.balanceOf(worker), ofWorkers);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }
}
