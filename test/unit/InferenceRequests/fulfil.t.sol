// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Earnings} from "../../../contracts/interfaces/IEscrow.sol";
import {
    Acceptance,
    Fulfilment,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {IProofSettlement} from "../../../contracts/interfaces/IProofSettlement.sol";
import {IProofVerifier, ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

/// Accepts what comes with the one password.
contract PasswordVerifier is IProofVerifier {
    function verify(ProofStatement calldata statement, bytes calldata proof) external pure returns (bool) {
        return keccak256(proof) == keccak256(abi.encode("password", statement.input, statement.output));
    }
}

/// One answer. Bundles are in fulfilBatch.t.sol, callbacks in callback.t.sol, what logs prove in evidence.t.sol.
contract FulfilTest is RequestsFixture {
    Request internal opened;

    function setUp() public override {
        super.setUp();
        opened = _openFunded(1);
    }

    function test_revertsWhenTheBatchIsEmptyOrTooLarge() public {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.BatchSizeOutOfBounds.selector, 0, MAX_BATCH));
        requests.fulfil(new Fulfilment[](0), "", uint40(block.timestamp));
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.BatchSizeOutOfBounds.selector, MAX_BATCH + 1, MAX_BATCH)
        );
        requests.fulfil(new Fulfilment[](MAX_BATCH + 1), "", uint40(block.timestamp));
    }

    function test_revertsWhenTheValidityIsOver() public {
        SignedAnswers memory answers = _signed(operator, opened);
        vm.warp(answers.validUntil + 1);
        _expectValidityRefused(answers.validUntil);
        _send(answers);
        vm.warp(answers.validUntil);
        _send(answers);
    }

    function test_revertsWhenTheValidityIsTooLong() public {
        SignedAnswers memory answers;
        answers.items = new Fulfilment[](1);
        answers.items[0] = _answer(opened, OUTPUT);
        answers.validUntil = uint40(block.timestamp) + MAX_VALIDITY + 1;
        answers.signature = _signAnswers(operator.signerKey, answers.items, answers.validUntil);
        _expectValidityRefused(answers.validUntil);
        _send(answers);
    }

    function test_revertsWhenTheSignatureIsMalformed() public {
        SignedAnswers memory answers = _signed(operator, opened);
        bytes memory signature = answers.signature;
        answers.signature = new bytes(64);
        vm.expectRevert(abi.encodeWithSignature("ECDSAInvalidSignatureLength(uint256)", 64));
        _send(answers);

        // The other s of the same signature.
        (bytes32 r, bytes32 s) = abi.decode(bytes.concat(signature), (bytes32, bytes32));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 high = bytes32(order - uint256(s));
        answers.signature = abi.encodePacked(r, high, uint8(signature[64]) == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSignature("ECDSAInvalidSignatureS(bytes32)", high));
        _send(answers);
    }

    function test_revertsWhenTheSignerHasNoStanding() public {
        SignedAnswers memory answers = _signed(operator, opened);
        uint256 snapshot = vm.snapshotState();
        vm.prank(operator.signer);
        operators.revokeSigner(operator.signer);
        _expectNotActive(operator.signer);
        _send(answers);
        vm.revertToState(snapshot);

        snapshot = vm.snapshotState();
        _rotate(operator, "next signer");
        _expectNotActive(operator.signer);
        _send(answers);
        vm.revertToState(snapshot);

        _slash(operator, 1);
        _expectNotActive(operator.signer);
        _send(answers);
    }

    function test_revertsWhenTheSignerIsNobody() public {
        (address nobody, uint256 key) = makeAddrAndKey("nobody");
        Actor memory actor = Actor(0, nobody, key, nobody, key);
        SignedAnswers memory answers = _signed(actor, opened);
        _expectNotActive(nobody);
        _send(answers);
    }

    function test_revertsWhenTheRequestDoesNotMatch() public {
        Request memory forged = opened;
        forged.inputHash = keccak256("another input");
        _expectRefused(operator, forged, IInferenceRequests.RequestMismatch.selector);
    }

    function test_revertsWhenItIsFulfilledAlready() public {
        _fulfil(operator, opened, OUTPUT);
        _expectRefused(rival, opened, IInferenceRequests.RequestNotInState.selector);
        _expectRefused(operator, opened, IInferenceRequests.RequestNotInState.selector);
        assertEq(requests.earningsOf(operator.id, release).unripe, FEE);
    }

    function test_revertsWhenTheDeadlineHasPassed() public {
        vm.warp(opened.times.deadline() + 1);
        _expectRefused(operator, opened, IInferenceRequests.DeadlinePassed.selector);
    }

    function test_revertsWhenAnotherOperatorAccepted() public {
        Acceptance memory acceptance = _accept(rival, opened);
        _expectRefused(operator, opened, IInferenceRequests.RequestNotInState.selector);
        SignedAnswers memory answers = _signed(operator, opened, acceptance);
        _expectNothingFulfilled(IInferenceRequests.AcceptanceMismatch.selector);
        _send(answers);
    }

    function test_revertsWhenTheAcceptanceDoesNotMatch() public {
        Acceptance memory acceptance = _accept(rival, opened);
        SignedAnswers memory answers = _signed(operator, opened, Acceptance(acceptance.deadline, operator.signer));
        _expectNothingFulfilled(IInferenceRequests.RequestMismatch.selector);
        _send(answers);
        answers = _signed(rival, opened, Acceptance(acceptance.deadline + 1, rival.signer));
        _expectNothingFulfilled(IInferenceRequests.RequestMismatch.selector);
        _send(answers);
        assertEq(requests.accountOf(rival.signer).reservations, 1);
    }

    function test_revertsWhenAnotherOperatorWasChosen() public {
        RequestTerms memory terms = _terms(2);
        terms.operatorId = rival.id;
        _expectRefused(operator, _openFor(user, terms), IInferenceRequests.OperatorNotChosen.selector);
    }

    function test_revertsWhenTheStakeIsTooLow() public {
        vm.prank(operator.owner);
        operators.unbond(operator.id, STAKE - RELEASE_MIN_STAKE + GRAIN);
        _expectRefused(operator, opened, IInferenceRequests.OperatorStakeTooLow.selector);
    }

    function test_revertsWhenTheProofIsRejected() public {
        (Request memory attested, bytes memory input) = _openAttested();
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = Fulfilment(attested, OUTPUT, abi.encode(input, bytes("guess")), _none());
        SignedAnswers memory answers = _signed(operator, items);
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, Mode.TEE, attested.release));
        _send(answers);

        items[0].proof = abi.encode(bytes("another input"), abi.encode("password", bytes("another input"), OUTPUT));
        answers = _signed(operator, items);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProofSettlement.InputMismatch.selector,
                keccak256(input),
                keccak256("another input")
            )
        );
        _send(answers);
    }

    function test_takesAProofWhereTheModeAsksForOne() public {
        (Request memory attested, bytes memory input) = _openAttested();
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = Fulfilment(attested, OUTPUT, abi.encode(input, abi.encode("password", input, OUTPUT)), _none());
        _fulfil(operator, items);
        assertState(attested, RequestState.Fulfilled);
    }

    function test_paysAndSays() public {
        SignedAnswers memory answers = _signed(operator, opened);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.ResultsSigned(operator.signer, answers.validUntil, answers.signature);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestFulfilled(requests.idOf(opened), operator.id, FEE, OUTPUT);
        _send(answers);

        assertState(opened, RequestState.Fulfilled);
        Earnings memory earnings = requests.earningsOf(operator.id, release);
        assertEq(earnings.unripe, FEE);
        assertEq(earnings.matured, 0);
        assertEq(requests.balanceOf(user), 0);
        // Nothing is paid to whoever carries the transaction.
        assertEq(requests.balanceOf(stranger), 0);
        assertEq(requests.balanceOf(operator.signer), 0);
    }

    function test_aYankNeverTouchesWhatIsInFlight() public {
        vm.prank(publisher);
        hub.setStatus(release, ReleaseStatus.Yanked);
        vm.warp(opened.times.deadline());
        _fulfil(operator, opened, OUTPUT);
        assertState(opened, RequestState.Fulfilled);
    }

    function test_paysInFullUntilTheDeadlineWhereTheCurveIsFlat() public {
        RequestTerms memory terms = _terms(2);
        terms.fullFeeUntil = terms.deadline;
        Request memory flat = _openFor(user, terms);
        vm.warp(terms.deadline);
        _fulfil(operator, flat, OUTPUT);
        assertEq(requests.earningsOf(operator.id, release).unripe, FEE);
    }

    function test_paysNothingAtTheDeadlineOfACurve() public {
        vm.warp(opened.times.deadline());
        _fulfil(operator, opened, OUTPUT);
        assertState(opened, RequestState.Fulfilled);
        assertEq(requests.earningsOf(operator.id, release).unripe, 0);
        assertEq(requests.balanceOf(user), FEE);
    }

    function test_operatorRequesterAndPublisherMayBeOne() public {
        Actor memory all = _onboard("all in one");
        vm.prank(publisher);
        hub.offerOwnership(model, all.owner);
        vm.prank(all.owner);
        hub.acceptOwnership(model);
        Request memory own = _openFor(all.owner, _terms(1));
        _fulfil(all, own, OUTPUT);
        skip(2 * DISPUTE_WINDOW);
        requests.claim(all.id, release, _noContributors());
        // All but the protocol's part comes back, and no more.
        assertEq(requests.balanceOf(all.owner), FEE - FEE / 20);
        assertEq(requests.balanceOf(treasury), FEE / 20);
    }

    function testFuzz_latenessSplitsTheFeeExactly(
        uint256 fee,
        uint40 fullFor,
        uint40 curve,
        uint40 answeredAfter
    ) public {
        fee = bound(fee, 11_000, 1e12) * GRAIN;
        fullFor = uint40(bound(fullFor, 0, 1 days));
        curve = uint40(bound(curve, fullFor == 0 ? 1 : 0, 1 days));
        answeredAfter = uint40(bound(answeredAfter, 0, fullFor + curve));
        RequestTerms memory terms = _terms(2);
        terms.fee = fee;
        terms.fullFeeUntil = uint40(block.timestamp) + fullFor;
        terms.deadline = terms.fullFeeUntil + curve;
        Request memory late = _openFor(user, terms);
        skip(answeredAfter);
        uint256 expected = fee;
        if (answeredAfter > fullFor) expected = (((fee / GRAIN) * (fullFor + curve - answeredAfter)) / curve) * GRAIN;

        _fulfil(operator, late, OUTPUT);
        uint256 paid = requests.earningsOf(operator.id, release).unripe;
        // The curve has 18 digits, so it may be a grain short and never a grain over.
        assertApproxEqAbs(paid, expected, GRAIN);
        assertLe(paid, expected);
        assertEq(paid % GRAIN, 0);
        assertEq(requests.balanceOf(user), fee - paid);
        assertEq(requests.feeAt(late, block.timestamp), paid);
    }

    function test_rule05_resultIsOfOneRequestOnly() public {
        Request memory twin = _openFor(user, _terms(2));
        SignedAnswers memory answers = _signed(operator, opened);
        answers.items[0].request = twin;
        // Another context is another digest, which nobody with standing has signed.
        _expectNobodySigned(answers);
        assertState(twin, RequestState.Open);
    }

    function test_rule05_everyFieldOfTheResultIsSigned() public {
        uint40 validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        for (uint256 i; i < 9; ++i) {
            InferenceResult memory result = _resultFor(opened, OUTPUT, validUntil);
            if (i == 0) result.context = 0;
            if (i == 1) result.release = _publish(ROYALTY, 0);
            if (i == 2) result.mode = Mode.TEE;
            if (i == 3) result.codec = 0;
            if (i == 4) result.inputHash = keccak256("another input");
            if (i == 5) result.outputHash = keccak256("another output");
            if (i == 6) result.fee = FEE - GRAIN;
            if (i == 7) result.maxCover = 1;
            if (i == 8) result.validUntil = validUntil - 1;
            SignedAnswers memory answers = _signed(operator, opened);
            answers.signature = _signTyped(operator.signerKey, result.structHash());
            _expectNobodySigned(answers);
        }
    }

    function test_rule05_signatureForAnotherContractOrChainIsWorthless() public {
        bytes32 structHash = _resultFor(opened, OUTPUT, uint40(block.timestamp) + MAX_VALIDITY).structHash();
        SignedAnswers memory answers = _signed(operator, opened);
        answers.signature = _signDigest(
            operator.signerKey,
            keccak256(abi.encodePacked(hex"1901", _domain(block.chainid, address(requests)), structHash))
        );
        _expectNobodySigned(answers);
        answers.signature = _signDigest(
            operator.signerKey,
            keccak256(abi.encodePacked(hex"1901", _domain(block.chainid + 1, address(operators)), structHash))
        );
        _expectNobodySigned(answers);
    }

    function test_rule05_signatureFromBeforeAForkIsWorthless() public {
        SignedAnswers memory answers = _signed(operator, opened);
        vm.chainId(4711);
        _expectNobodySigned(answers);
    }

    /// Bits are bytes: −0.0 and every NaN reach log and consumer as they were signed.
    function testFuzz_rule06_outputIsKeptBitForBit(bytes memory output) public {
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = _answer(opened, output);
        SignedAnswers memory answers = _signed(operator, items);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestFulfilled(requests.idOf(opened), operator.id, FEE, output);
        _send(answers);
    }

    function _domain(uint256 chainId, address verifyingContract) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("OPG Inference"),
                    keccak256("1"),
                    chainId,
                    verifyingContract
                )
            );
    }

    /// A request in mode TEE, for which a verifier is set.
    function _openAttested() private returns (Request memory attested, bytes memory input) {
        address verifier = address(new PasswordVerifier());
        vm.prank(governor);
        settlement.setVerifier(Mode.TEE, IProofVerifier(verifier));
        RequestTerms memory terms = _terms(2);
        terms.release = _publish(_content(), ROYALTY, 0, Mode.TEE.bit());
        terms.mode = uint8(Mode.TEE);
        input = abi.encode("input", terms.lane);
        attested = _openFor(user, terms);
    }

    function _expectRefused(Actor memory actor, Request memory request_, bytes4 reason) private {
        SignedAnswers memory answers = _signed(actor, request_);
        _expectNothingFulfilled(reason);
        _send(answers);
    }

    function _expectNotActive(address signer) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.OperatorNotActive.selector, signer));
    }

    function _expectNobodySigned(SignedAnswers memory answers) private {
        vm.expectPartialRevert(IInferenceRequests.OperatorNotActive.selector);
        _send(answers);
    }

    function _expectValidityRefused(uint40 validUntil) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceRequests.ValidityOutOfBounds.selector,
                validUntil,
                block.timestamp,
                block.timestamp + MAX_VALIDITY
            )
        );
    }
}
