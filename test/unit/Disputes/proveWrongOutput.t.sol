// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {Arithmetic, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {IOperators, Offence} from "../../../contracts/interfaces/IOperators.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ScriptedMachine} from "../../../contracts/mocks/ScriptedMachine.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ExactFixture} from "../support/ExactFixture.sol";
import {Actor} from "../support/NetworkFixture.sol";

contract ProveWrongOutputTest is ExactFixture {
    function test_revertsWhenTheEvidenceHasExpired() public {
        SignedResult memory lie = _lie();
        uint256 endedAt = uint256(lie.result.validUntil) + DISPUTE_WINDOW;
        vm.warp(endedAt + 1);
        _expect(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        _proveWrong(lie, INPUT);
        vm.warp(endedAt);
        assertEq(_proveWrong(lie, INPUT), STAKE / 2);
    }

    function test_revertsWhenTheReleaseIsApproximate() public {
        release = _publishOther();
        SignedResult memory lie = _lie();
        _expect(abi.encodeWithSelector(IDisputes.ResultNotExact.selector, release, 0));
        _proveWrong(lie, INPUT);
    }

    /// A release that is confirmed late measures nothing that was signed before, honest floats above all.
    function test_rule23_whatWasSignedWhileApproximateIsNotMeasured() public {
        bytes32 late = keccak256("late graph");
        release = _publishExact(late);
        SignedResult memory before = _lie();
        ScriptedMachine(machine).set(late, ScriptedMachine.Script(true, STEPS, 1000, GAS_BOUND, false));
        hub.confirmExact(release);
        uint40 exactFrom = uint40(block.timestamp + 1 days);
        _expect(abi.encodeWithSelector(IDisputes.ResultNotExact.selector, release, exactFrom));
        _proveWrong(before, INPUT);
        vm.warp(exactFrom);
        _expect(abi.encodeWithSelector(IDisputes.ResultNotExact.selector, release, exactFrom));
        _proveWrong(before, INPUT);
        assertEq(_proveWrong(_lie(), INPUT), STAKE / 2);
    }

    function test_revertsWhenTheInputIsAnother() public {
        SignedResult memory lie = _lie();
        bytes memory other = abi.encode(bytes32("another input"));
        _expect(abi.encodeWithSelector(IDisputes.InputsDiffer.selector, keccak256(INPUT), keccak256(other)));
        _proveWrong(lie, other);
    }

    function test_revertsWhenTheSignerIsUnknown() public {
        (address outsider, uint256 key) = makeAddrAndKey("outsider");
        SignedResult memory lie = _sign(key, _lie().result);
        _expect(abi.encodeWithSelector(IOperators.SignerUnknown.selector, outsider));
        _proveWrong(lie, INPUT);
    }

    function test_revertsWhenTheOutputIsRight() public {
        SignedResult memory truth = _truth();
        _expect(abi.encodeWithSelector(IDisputes.OutputRight.selector, keccak256(_right(INPUT))));
        _proveWrong(truth, INPUT);
        _requireUntouched();
    }

    function test_revertsWhenThereIsNothingToSlash() public {
        Actor memory poor = _register("poor");
        SignedResult memory lie = _sign(poor.signerKey, _lie().result);
        _expect(abi.encodeWithSelector(IOperators.NothingToSlash.selector, poor.id));
        _proveWrong(lie, INPUT);
        _stake(poor, MINIMUM_STAKE);
        assertEq(_proveWrong(lie, INPUT), MINIMUM_STAKE / 2);
    }

    function test_slashesAndPaysTheChallenger() public {
        SignedResult memory lie = _lie();
        bytes32 key = _key(lie);
        vm.expectEmit(address(operators));
        emit IOperators.OperatorSlashed(
            actor.id,
            actor.signer,
            Offence.WrongOutput,
            25_000 ether,
            21_250 ether,
            3750 ether,
            challenger,
            0,
            address(0)
        );
        vm.expectEmit(address(disputes));
        emit IDisputes.WrongOutputProved(
            actor.id,
            release,
            key,
            keccak256(LIE),
            keccak256(_right(INPUT)),
            challenger,
            25_000 ether
        );
        assertEq(_proveWrong(lie, INPUT), 25_000 ether);
        assertTrue(disputes.isPunished(key));
        assertEq(operators.awardOf(challenger), 3750 ether);
        assertTrue(_standing(actor).jailed);
        assertEq(address(disputes).balance, 0);
    }

    function test_rule27_needsNoBond() public {
        vm.deal(challenger, 0);
        assertEq(_proveWrong(_lie(), INPUT), STAKE / 2);
    }

    /// Mode, price and context change nothing about what is right.
    function test_takesResultsOfEveryModeAndContext() public {
        SignedResult memory lie = _lie();
        (lie.result.context, lie.result.fee, lie.result.maxCover) = (keccak256("request"), 7, 9);
        lie.result.mode = Mode.TEE;
        assertEq(_proveWrong(_sign(actor.signerKey, lie.result), INPUT), STAKE / 2);
    }

    function test_takesAMemberOfABundle() public {
        InferenceResult[] memory results = new InferenceResult[](5);
        for (uint256 i; i < 5; ++i) results[i] = _truth().result;
        results[3] = _lie().result;
        SignedResult[] memory bundle = _signBundle(actor.signerKey, results);
        _expect(abi.encodeWithSelector(IDisputes.OutputRight.selector, keccak256(_right(INPUT))));
        _proveWrong(bundle[2], INPUT);
        assertEq(_proveWrong(bundle[3], INPUT), STAKE / 2);
    }

    function test_anyAnswerToAnInvalidInputIsAFault() public {
        bytes memory garbage = "no tensors";
        assertEq(_proveWrong(_signed(garbage, LIE), garbage), STAKE / 2);
    }

    /// The zero that stands for no right output is no output that can be signed.
    function test_aZeroForAnOutputHashIsNoWayOut() public {
        bytes memory garbage = "no tensors";
        SignedResult memory lie = _signed(garbage, LIE);
        lie.result.outputHash = 0;
        assertEq(_proveWrong(_sign(actor.signerKey, lie.result), garbage), STAKE / 2);
        lie = _lie();
        lie.result.codec = 9;
        lie.result.outputHash = 0;
        assertEq(_proveWrong(_sign(actor.signerKey, lie.result), INPUT), STAKE / 4);
    }

    function test_anyAnswerUnderAnotherCodecIsAFault() public {
        SignedResult memory lie = _truth();
        lie.result.codec = 2;
        assertEq(_proveWrong(_sign(actor.signerKey, lie.result), INPUT), STAKE / 2);
    }

    /// Only the machine's own word on the input counts; a graph that cannot run proves nothing.
    function test_anyOtherFailureOfTheMachineProvesNothing() public {
        ScriptedMachine(machine).set(GRAPH_ROOT, ScriptedMachine.Script(true, STEPS, 1000, GAS_BOUND, true));
        SignedResult memory truth = _truth();
        _expect(abi.encodeWithSelector(ScriptedMachine.Broken.selector));
        _proveWrong(truth, INPUT);
        _requireUntouched();
    }

    /// Whatever gas the caller gives: an honest operator is never slashed, and the call ends in success or nothing.
    function testFuzz_tooLittleGasProvesNothing(uint256 gasGiven) public {
        gasGiven = bound(gasGiven, 30_000, 900_000);
        _script(STEPS, 60_000);
        SignedResult memory truth = _truth();
        vm.prank(challenger);
        try disputes.proveWrongOutput{gas: gasGiven}(truth, INPUT) {
            fail();
        } catch {}
        _requireUntouched();
    }

    /// The same lie to a thousand callers is one lie.
    function test_rule29_isPunishedOnceForHoweverManyCallers() public {
        SignedResult memory first = _lie();
        _proveWrong(first, INPUT);
        for (uint256 i; i < 3; ++i) {
            SignedResult memory again = _lie();
            again.result.context = bytes32(i + 1);
            again.result.fee += i;
            again = _sign(actor.signerKey, again.result);
            _expect(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, _key(first)));
            _proveWrong(again, INPUT);
        }
        assertEq(operators.slashCountOf(actor.id), 1);
    }

    function test_reachesUnbondingStakeAndRetiredSigners() public {
        SignedResult memory lie = _lie();
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        _rotate(actor, "next signer");
        vm.warp(uint256(lie.result.validUntil) + DISPUTE_WINDOW - MAX_VALIDITY);
        assertEq(_proveWrong(lie, INPUT), STAKE / 2);
        assertEq(operators.unbondingOf(actor.id).amount, STAKE / 2);
    }

    function test_reachesAnOperatorThatIsInJailAlready() public {
        _proveWrong(_lie(), INPUT);
        bytes memory second = abi.encode(bytes32("a second input"));
        assertEq(_proveWrong(_signed(second, LIE), second), STAKE / 4);
    }

    function _publishOther() private returns (ReleaseId) {
        ReleaseContent memory content = _content();
        content.arithmetic = Arithmetic.Approximate;
        vm.prank(publisher);
        return hub.publish(model, true, content, ROYALTY, RELEASE_MIN_STAKE, VANILLA_ONLY, "", 0);
    }

    function _expect(bytes memory reason) private {
        vm.expectRevert(reason);
    }
}
