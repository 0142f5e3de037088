// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {Arithmetic, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {IOperators, Offence, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {EvidenceFixture} from "../support/EvidenceFixture.sol";
import {Actor} from "../support/NetworkFixture.sol";

contract ProveEquivocationTest is EvidenceFixture {
    bytes32 private constant CONTEXT = keccak256("context");
    bytes private constant INPUT = "input";

    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
    }

    function test_revertsWhenTheEvidenceHasExpired() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        b.result.validUntil -= 10 minutes;
        b = _sign(actor.signerKey, b.result);
        uint256 endedAt = uint256(b.result.validUntil) + DISPUTE_WINDOW;
        vm.warp(endedAt + 1);
        _expect(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        _prove(a, b);
        _expect(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        _prove(b, a);
    }

    function test_revertsWhenTheReleasesDiffer() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        b.result.release = _publish(0, 0);
        b = _sign(actor.signerKey, b.result);
        _expect(abi.encodeWithSelector(IDisputes.ReleasesDiffer.selector, a.result.release, b.result.release));
        _prove(a, b);
    }

    function test_revertsWhenTheCodecsDiffer() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        b.result.codec = a.result.codec + 1;
        b = _sign(actor.signerKey, b.result);
        _expect(abi.encodeWithSelector(IDisputes.CodecsDiffer.selector, a.result.codec, b.result.codec));
        _prove(a, b);
    }

    function test_revertsWhenTheInputsDiffer() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        b.result.inputHash = keccak256("another input");
        b = _sign(actor.signerKey, b.result);
        _expect(abi.encodeWithSelector(IDisputes.InputsDiffer.selector, a.result.inputHash, b.result.inputHash));
        _prove(a, b);
    }

    function test_revertsWhenTheOutputsAreTheSame() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        b.result.outputHash = a.result.outputHash;
        b.result.fee += 1;
        b = _sign(actor.signerKey, b.result);
        _expect(abi.encodeWithSelector(IDisputes.OutputsSame.selector, a.result.outputHash));
        _prove(a, b);
        _expect(abi.encodeWithSelector(IDisputes.OutputsSame.selector, a.result.outputHash));
        _prove(a, a);
    }

    function test_revertsWhenTheSignerIsUnknown() public {
        (address outsider, uint256 key) = makeAddrAndKey("outsider");
        SignedResult memory honest = _sign(actor.signerKey, _answer("one"));
        SignedResult memory a = _sign(key, _answer("one"));
        SignedResult memory b = _sign(key, _answer("another"));
        _expect(abi.encodeWithSelector(IOperators.SignerUnknown.selector, outsider));
        _prove(a, b);
        _expect(abi.encodeWithSelector(IOperators.SignerUnknown.selector, outsider));
        _prove(honest, b);
    }

    /// Two operators may disagree; that makes neither a liar.
    function test_revertsWhenTheOperatorsDiffer() public {
        Actor memory other = _onboard("other");
        SignedResult memory a = _sign(actor.signerKey, _answer("one"));
        SignedResult memory b = _sign(other.signerKey, _answer("another"));
        _expect(abi.encodeWithSelector(IDisputes.OperatorsDiffer.selector, actor.id, other.id));
        _prove(a, b);
        _expect(abi.encodeWithSelector(IDisputes.OperatorsDiffer.selector, other.id, actor.id));
        _prove(b, a);
    }

    function test_revertsWhenThereIsNothingToSlash() public {
        Actor memory poor = _register("poor");
        SignedResult memory a = _sign(poor.signerKey, _answer("one"));
        SignedResult memory b = _sign(poor.signerKey, _answer("another"));
        _expect(abi.encodeWithSelector(IOperators.NothingToSlash.selector, poor.id));
        _prove(a, b);
        assertFalse(disputes.isPunished(_keyOf(poor.id, a, b)));

        _stake(poor, MINIMUM_STAKE);
        assertEq(_prove(a, b), MINIMUM_STAKE / 2);
    }

    function test_slashesAndPaysTheChallenger() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        bytes32 key = _keyOf(actor.id, a, b);
        vm.expectEmit(address(operators));
        emit IOperators.OperatorSlashed(
            actor.id,
            actor.signer,
            Offence.Equivocation,
            25_000 ether,
            21_250 ether,
            3750 ether,
            challenger,
            0,
            address(0)
        );
        vm.expectEmit(address(operators));
        emit IOperators.OperatorJailed(actor.id, uint40(block.timestamp) + JAIL_PERIOD);
        vm.expectEmit(address(disputes));
        emit IDisputes.EquivocationProved(
            actor.id,
            release,
            key,
            a.result.outputHash,
            b.result.outputHash,
            challenger,
            25_000 ether
        );
        assertEq(_prove(a, b), 25_000 ether);

        assertTrue(disputes.isPunished(key));
        Standing memory standing = _standing(actor);
        assertEq(standing.stake * GRAIN, 25_000 ether);
        assertEq(standing.slashCount, 1);
        assertTrue(standing.jailed);
        assertEq(operators.awardOf(challenger), 3750 ether);
        assertEq(operators.unburned(), 21_250 ether);
        assertEq(opg.balanceOf(address(operators)), STAKE);
        assertEq(opg.balanceOf(address(disputes)), 0);
    }

    function test_takesEvidenceUntilTheLastSecond() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        vm.warp(uint256(a.result.validUntil) + DISPUTE_WINDOW);
        assertEq(_prove(a, b), STAKE / 2);
    }

    function test_aValidityWithoutEndIsEvidenceWithoutEnd() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        (a.result.validUntil, b.result.validUntil) = (type(uint40).max, type(uint40).max);
        (a, b) = (_sign(actor.signerKey, a.result), _sign(actor.signerKey, b.result));
        skip(3650 days);
        assertEq(_prove(a, b), STAKE / 2);
    }

    /// What was signed in bundles is evidence like what was signed alone, also when one bundle holds both.
    function test_takesMembersOfBundles() public {
        InferenceResult[] memory results = new InferenceResult[](5);
        for (uint256 i; i < 5; ++i) results[i] = _answer(abi.encode(i));
        SignedResult[] memory bundle = _signBundle(actor.signerKey, results);
        assertEq(_prove(bundle[1], bundle[4]), STAKE / 2);
        assertEq(_prove(_sign(actor.signerKey, _answer("alone")), bundle[2]), STAKE / 4);
    }

    /// A signature over every member: whoever changes one has the signature of somebody else.
    function test_rule05_noMemberCanBeChanged() public {
        for (uint256 i; i < 5; ++i) {
            (SignedResult memory a, SignedResult memory b) = _pair();
            if (i == 0) (a.result.context, b.result.context) = (keccak256("c"), keccak256("c"));
            if (i == 1) b.result.mode = Mode.TEE;
            if (i == 2) b.result.outputHash = keccak256("a third output");
            if (i == 3) b.result.maxCover = 1;
            if (i == 4) b.result.validUntil += 1;
            SignedResult memory first = i == 0 ? a : b;
            (SignedResult memory x, SignedResult memory y) = i == 0 ? (a, b) : (b, a);
            bytes memory unknown = abi.encodeWithSelector(IOperators.SignerUnknown.selector, _apparentSigner(first));
            _expect(unknown);
            _prove(x, y);
        }
        _requireUntouched();
    }

    function test_rule05_signaturesOfOtherDomainsDoNotCount() public {
        bytes32[3] memory domains = [
            _domain(block.chainid + 1, address(operators)),
            _domain(block.chainid, address(disputes)),
            _domain(block.chainid, address(requests))
        ];
        for (uint256 i; i < domains.length; ++i) {
            SignedResult memory a = _signIn(domains[i], actor.signerKey, _answer("one"));
            SignedResult memory b = _signIn(domains[i], actor.signerKey, _answer("another"));
            _expect(abi.encodeWithSelector(IOperators.SignerUnknown.selector, _apparentSigner(a)));
            _prove(a, b);
        }
        _requireUntouched();
    }

    function test_rule05_malformedSignaturesDoNotCount() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        bytes memory good = b.signature;

        b.signature = _otherForm(good);
        _expect(_malleableError(b.signature));
        _prove(a, b);
        b.signature = _compact(good);
        _expect(_lengthError(64));
        _prove(a, b);
        b.signature = "";
        _expect(_lengthError(0));
        _prove(b, a);
        b.signature = _ofNobody(good);
        _expect(abi.encodeWithSignature("ECDSAInvalidSignature()"));
        _prove(a, b);
        _requireUntouched();
    }

    function test_rule07_evidenceReachesUnbondingStake() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        vm.warp(uint256(a.result.validUntil) + DISPUTE_WINDOW);
        assertEq(_prove(a, b), STAKE / 2);
        assertEq(operators.unbondingOf(actor.id).amount, STAKE / 2);
    }

    /// Who began to leave before it signed still has its stake there when the last evidence dies.
    function test_rule07_stakeOutlivesTheEvidenceAgainstIt() public {
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        skip(UNBONDING_PERIOD - MAX_VALIDITY - DISPUTE_WINDOW);
        (SignedResult memory a, SignedResult memory b) = _pair();
        vm.warp(uint256(a.result.validUntil) + DISPUTE_WINDOW);
        assertEq(_prove(a, b), STAKE / 2);
        vm.prank(actor.owner);
        assertEq(operators.withdrawUnbonded(actor.id, actor.owner), STAKE / 2);
    }

    function test_rule08_aRetiredSignerStaysSlashableWhileItsResultsAreEvidence() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        Actor memory rotated = _rotate(actor, "next signer");
        skip(MAX_VALIDITY + DISPUTE_WINDOW);
        assertEq(_prove(a, b), STAKE / 2);
        assertTrue(operators.standingOf(rotated.signer).jailed);
        assertEq(operators.standingOf(rotated.signer).stake * GRAIN, STAKE / 2);
    }

    /// The thief dates its results freshly and has both outputs from the old key, or contradicts the new one.
    function test_rule08_stolenOldKeyCannotBeBackDated() public {
        Actor memory rotated = _rotate(actor, "next signer");
        uint256 endedAt = block.timestamp + MAX_VALIDITY + DISPUTE_WINDOW;
        vm.warp(endedAt + 1);
        SignedResult memory honest = _sign(rotated.signerKey, _answer("one"));
        SignedResult memory forged = _sign(actor.signerKey, _answer("another"));
        SignedResult memory forgedToo = _sign(actor.signerKey, _answer("a third"));
        bytes memory refused = abi.encodeWithSelector(
            IOperators.SignerNoLongerSlashable.selector,
            actor.signer,
            endedAt
        );
        _expect(refused);
        _prove(forged, forgedToo);
        _expect(refused);
        _prove(honest, forged);
        _expect(refused);
        _prove(forged, honest);
        _requireUntouched();
    }

    function test_rule08_revokingThenRotatingKeepsTheEarlierDate() public {
        uint256 endedAt = block.timestamp + MAX_VALIDITY + DISPUTE_WINDOW;
        vm.prank(actor.signer);
        operators.revokeSigner(actor.signer);
        skip(12 hours);
        _rotate(actor, "next signer");
        (SignedResult memory a, SignedResult memory b) = _pair();
        vm.warp(endedAt + 1);
        _expect(abi.encodeWithSelector(IOperators.SignerNoLongerSlashable.selector, actor.signer, endedAt));
        _prove(a, b);
        vm.warp(endedAt);
        assertEq(_prove(a, b), STAKE / 2);
    }

    function test_rule08_twoSignersOfOneOperatorAreOneAuthor() public {
        SignedResult memory before = _sign(actor.signerKey, _answer("one"));
        Actor memory rotated = _rotate(actor, "next signer");
        SignedResult memory afterwards = _sign(rotated.signerKey, _answer("another"));
        assertEq(_prove(before, afterwards), STAKE / 2);
        _expectPunished(_keyOf(actor.id, before, afterwards));
        _prove(afterwards, before);
    }

    function test_rule26_approximateResultsOfTwoContextsDoNotConflict() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        b.result.context = keccak256("another context");
        b = _sign(actor.signerKey, b.result);
        _expect(abi.encodeWithSelector(IDisputes.ContextsDiffer.selector, a.result.context, b.result.context));
        _prove(a, b);
    }

    function test_rule26_approximateResultsWithoutContextDoNotConflict() public {
        (SignedResult memory a, SignedResult memory b) = _pairIn(0, 0);
        _expect(abi.encodeWithSelector(IDisputes.ContextsDiffer.selector, 0, 0));
        _prove(a, b);
    }

    function test_rule26_exactResultsConflictInAnyContext() public {
        _treatAsExact(release);
        (SignedResult memory a, SignedResult memory b) = _pairIn(CONTEXT, 0);
        assertEq(_prove(a, b), STAKE / 2);
    }

    /// The publisher's word alone makes nobody slashable across contexts.
    function test_rule26_declaredExactIsNotExact() public {
        ReleaseContent memory content = _content();
        content.arithmetic = Arithmetic.Exact;
        (content.exact.graphRoot, content.exact.loweringVersion) = (keccak256("graph"), 1);
        (content.inputs[0].dtype, content.outputs[0].dtype) = (6, 6);
        vm.prank(publisher);
        release = hub.publish(model, true, content, ROYALTY, RELEASE_MIN_STAKE, VANILLA_ONLY, "", 0);
        (SignedResult memory a, SignedResult memory b) = _pairIn(CONTEXT, 0);
        _expect(abi.encodeWithSelector(IDisputes.ContextsDiffer.selector, CONTEXT, 0));
        _prove(a, b);
    }

    function test_rule26_modePriceAndTimeAreNoWayOut() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        (b.result.mode, b.result.fee, b.result.maxCover) = (Mode.ZK, 7, 9);
        b.result.validUntil += 30 minutes;
        b = _sign(actor.signerKey, b.result);
        assertEq(_prove(a, b), STAKE / 2);
    }

    /// An honest answer that was signed again, after the ledger was lost, contradicts nothing.
    function test_rule26_signingTheSameOutputAgainIsNoOffence() public {
        _treatAsExact(release);
        SignedResult memory a = _sign(actor.signerKey, _answer("one"));
        skip(10 minutes);
        SignedResult memory b = _sign(actor.signerKey, _answer("one"));
        _expect(abi.encodeWithSelector(IDisputes.OutputsSame.selector, a.result.outputHash));
        _prove(a, b);
        _requireUntouched();
    }

    function test_rule29_onePairIsPunishedOnce() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        _prove(a, b);
        bytes32 key = _keyOf(actor.id, a, b);
        _expectPunished(key);
        _prove(a, b);
        _expectPunished(key);
        _prove(b, a);
        assertEq(_standing(actor).slashCount, 1);
    }

    /// Callers, prices and contexts of one wrong output of an exact release are many; the offence is one.
    function test_rule29_oneWrongOutputForManyCallersIsPunishedOnce() public {
        _treatAsExact(release);
        (SignedResult memory a, SignedResult memory b) = _pair();
        _prove(a, b);
        (SignedResult memory c, SignedResult memory d) = _pairIn(keccak256("second caller"), keccak256("third caller"));
        c.result.fee += 1 ether;
        c = _sign(actor.signerKey, c.result);
        _expectPunished(_keyOf(actor.id, a, b));
        _prove(c, d);
    }

    function test_rule29_aNewSignerIsNotPunishedAgain() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        _prove(a, b);
        Actor memory rotated = _rotate(actor, "next signer");
        SignedResult memory again = _sign(rotated.signerKey, b.result);
        _expectPunished(_keyOf(actor.id, a, b));
        _prove(a, again);
    }

    function test_rule29_eachOperatorIsPunishedForItself() public {
        Actor memory other = _onboard("other");
        (SignedResult memory a, SignedResult memory b) = _pair();
        _prove(a, b);
        assertEq(_prove(_sign(other.signerKey, a.result), _sign(other.signerKey, b.result)), STAKE / 2);
    }

    /// Front-running the challenger with one's own proof still costs at least 85 %.
    function test_rule30_provingAgainstOneselfSavesLittle() public {
        (SignedResult memory a, SignedResult memory b) = _pair();
        vm.prank(actor.owner);
        uint256 slashed = disputes.proveEquivocation(a, b);
        assertEq(operators.awardOf(actor.owner), (slashed * 15) / 100);
        assertEq(operators.unburned(), slashed - operators.awardOf(actor.owner));
    }

    /// In whatever pairs and order n outputs are proved, n − 1 slashes come of them.
    function testFuzz_rule29_nOutputsAreSlashedLessOneTimes(uint256 seed, uint256 count) public {
        count = bound(count, 2, 6);
        SignedResult[] memory signed = new SignedResult[](count);
        for (uint256 i; i < count; ++i) signed[i] = _sign(actor.signerKey, _answer(abi.encode(seed, i)));
        uint256 offset = seed % (count * count);
        for (uint256 i; i < count * count; ++i) {
            uint256 index = (i + offset) % (count * count);
            (SignedResult memory a, SignedResult memory b) = (signed[index / count], signed[index % count]);
            if (index / count == index % count) continue;
            if (disputes.isPunished(_keyOf(actor.id, a, b))) _expectPunished(_keyOf(actor.id, a, b));
            _prove(a, b);
        }
        assertEq(_standing(actor).slashCount, count - 1);
    }

    function testFuzz_slashesOnlyWhatConflicts(uint256 seedA, uint256 seedB, uint8 same) public {
        (InferenceResult memory a, InferenceResult memory b) = (_random(seedA), _random(seedB));
        if (same & 1 != 0) b.release = a.release;
        if (same & 2 != 0) b.codec = a.codec;
        if (same & 4 != 0) b.inputHash = a.inputHash;
        if (same & 8 != 0) b.outputHash = a.outputHash;
        if (same & 16 != 0) b.context = a.context;
        if (same & 32 != 0) _treatAsExact(a.release);
        bool sameQuestion = a.release == b.release && a.codec == b.codec && a.inputHash == b.inputHash;
        bool sameContext = a.context == b.context && a.context != 0;
        bool conflicts = sameQuestion && a.outputHash != b.outputHash && (sameContext || same & 32 != 0);

        SignedResult memory first = _sign(actor.signerKey, a);
        SignedResult memory second = _sign(actor.signerKey, b);
        try disputes.proveEquivocation(first, second) returns (uint256 slashed) {
            assertTrue(conflicts);
            assertEq(slashed, STAKE / 2);
        } catch {
            assertFalse(conflicts);
            _requireUntouched();
        }
    }

    function _answer(bytes memory output) private view returns (InferenceResult memory) {
        return _result(CONTEXT, INPUT, output);
    }

    function _pair() private view returns (SignedResult memory a, SignedResult memory b) {
        return _pairIn(CONTEXT, CONTEXT);
    }

    function _pairIn(
        bytes32 contextA,
        bytes32 contextB
    ) private view returns (SignedResult memory a, SignedResult memory b) {
        a = _sign(actor.signerKey, _result(contextA, INPUT, "one"));
        b = _sign(actor.signerKey, _result(contextB, INPUT, "another"));
    }

    function _random(uint256 seed) private view returns (InferenceResult memory result) {
        result.context = keccak256(abi.encode(seed, "context"));
        result.release = ReleaseId.wrap(keccak256(abi.encode(seed, "release")));
        result.mode = Mode(seed % 3);
        result.codec = uint8(seed >> 8);
        result.inputHash = keccak256(abi.encode(seed, "input"));
        result.outputHash = keccak256(abi.encode(seed, "output"));
        (result.fee, result.maxCover) = (seed >> 16, seed >> 24);
        result.validUntil = uint40(bound(seed, block.timestamp - DISPUTE_WINDOW, type(uint40).max));
    }

    function _prove(SignedResult memory a, SignedResult memory b) private returns (uint256) {
        vm.prank(challenger);
        return disputes.proveEquivocation(a, b);
    }

    function _expect(bytes memory problem) private {
        vm.expectRevert(problem);
    }

    function _expectPunished(bytes32 key) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, key));
    }

    function _requireUntouched() private view {
        assertEq(_standing(actor).stake * GRAIN, STAKE);
        assertEq(_standing(actor).slashCount, 0);
    }

    function _keyOf(uint32 operatorId, SignedResult memory a, SignedResult memory b) private pure returns (bytes32) {
        (InferenceResult memory x, InferenceResult memory y) = (a.result, b.result);
        return _claimKey(operatorId, 0, x.outputHash > y.outputHash ? x : y);
    }
}
