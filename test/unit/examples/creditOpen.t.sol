// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {MockAnswer} from "../../../contracts/consumer/MockPipe.sol";
import {CreditScoreModel} from "../../../contracts/examples/CreditScoreModel.sol";
import {CreditAttestation, CreditLine, ICreditLender} from "../../../contracts/examples/ICreditLender.sol";
import {IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {TensorRules} from "../../../contracts/types/Tensor.sol";
import {CreditFixture} from "./CreditFixture.sol";

/// An attester that is a contract, and signs whatever it was told to.
contract AttestingContract is IERC1271 {
    mapping(bytes32 digest => bool) private _attested;

    function attest(bytes32 digest) external {
        _attested[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes memory) external view override returns (bytes4) {
        return _attested[digest] ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

contract CreditOpenTest is CreditFixture {
    function test_opensLineOnProvedScore() public {
        uint256 dueAt = vm.getBlockTimestamp() + uint256(TERM) * 30 days;
        _carry(800);
        vm.expectEmit(address(credit));
        emit ICreditLender.CreditOpened(applicant, 8000 ether, dueAt, 800, _features(), TERM);
        assertEq(_apply(), 8000 ether);
        CreditLine memory line = credit.creditOf(applicant);
        assertEq(line.limit, 8000 ether);
        assertEq(line.score, 800);
        assertEq(line.dueAt, dueAt);
        assertEq(credit.debtOf(applicant), 0);
        assertEq(credit.nonceOf(applicant), 1);
        assertEq(token.balanceOf(applicant), 0);
    }

    function test_acceptsLeastScoreAndRefusesTheOneBelow() public {
        _carry(699);
        _requireRefusal(abi.encodeWithSelector(ICreditLender.ScoreTooLow.selector, 699, 700));
        pipe.forget();
        _carry(700);
        assertEq(_apply(), 7000 ether);
    }

    /// The same attestation still opens a line when a better term is chosen: refusal used nothing up.
    function test_refusalLeavesNothing() public {
        _carry(300);
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.ScoreTooLow.selector, 300, 700));
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
        assertEq(credit.nonceOf(applicant), 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.CreditUnknown.selector, applicant));
        credit.creditOf(applicant);
        _carryAs(applicant, RELEASE, credit.inputOf(_features(), 6), 900, Mode.ZK);
        vm.prank(applicant);
        assertEq(credit.open(attestation, signature, 6), 9000 ether);
    }

    function test_revertsWithoutAnswer() public {
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.expectPartialRevert(IPipe.InferenceRequired.selector);
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
    }

    /// However much is at stake: a signature is no proof.
    function test_revertsWhenScoreIsOnlySigned() public {
        MockAnswer memory signed = MockAnswer(_output(1000), Mode.VANILLA, 1, INFERENCE_FEE, 1e27, 0);
        pipe.answer(applicant, address(credit), RELEASE, _input(), signed);
        _requireRefusal(abi.encodeWithSelector(IPipe.ModeNotAllowed.selector, Mode.VANILLA, Mode.ZK.bit()));
        pipe.forget();
        signed.mode = Mode.TEE;
        pipe.answer(applicant, address(credit), RELEASE, _input(), signed);
        _requireRefusal(abi.encodeWithSelector(IPipe.ModeNotAllowed.selector, Mode.TEE, Mode.ZK.bit()));
    }

    function test_revertsWhenScoreIsOfAnotherRelease() public {
        _carryAs(applicant, ReleaseId.wrap(keccak256("generous v1.00")), _input(), 1000, Mode.ZK);
        _requireMissing();
    }

    function test_revertsWhenScoreIsOfOtherFeatures() public {
        CreditAttestation memory attestation = _attestation();
        attestation.features.savings = 4;
        _carryAs(applicant, RELEASE, credit.inputOf(attestation.features, TERM), 1000, Mode.ZK);
        _requireMissing();
    }

    /// A longer term is another question.
    function test_revertsWhenScoreIsOfAnotherTerm() public {
        _carryAs(applicant, RELEASE, credit.inputOf(_features(), TERM - 1), 1000, Mode.ZK);
        _requireMissing();
    }

    function test_revertsWhenScoreWasLoadedByAnother() public {
        _carryAs(makeAddr("friend"), RELEASE, _input(), 1000, Mode.ZK);
        _requireMissing();
    }

    function test_revertsWhenInferenceCostsTooMuch() public {
        MockAnswer memory dear = MockAnswer(_output(800), Mode.ZK, 1, INFERENCE_FEE + 1, 0, 0);
        pipe.answer(applicant, address(credit), RELEASE, _input(), dear);
        _requireRefusal(abi.encodeWithSelector(IPipe.FeeAboveMaximum.selector, INFERENCE_FEE + 1, INFERENCE_FEE));
    }

    function test_revertsWhenAttestationIsForAnother() public {
        _carry(800);
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        address thief = makeAddr("thief");
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.ApplicantMismatch.selector, thief, applicant));
        vm.prank(thief);
        credit.open(attestation, signature, TERM);
        attestation.applicant = thief;
        _carryAs(thief, RELEASE, _input(), 800, Mode.ZK);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttestationSignatureInvalid.selector, attester));
        vm.prank(thief);
        credit.open(attestation, signature, TERM);
    }

    function test_revertsWhenAttestationIsReplayed() public {
        _carry(800);
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.startPrank(applicant);
        credit.open(attestation, signature, TERM);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttestationNonceInvalid.selector, 0, 1));
        credit.open(attestation, signature, TERM);
    }

    function test_revertsWhenAttestationIsForLater() public {
        _carry(800);
        CreditAttestation memory attestation = _attestation();
        attestation.nonce = 1;
        bytes memory signature = _sign(attestation);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttestationNonceInvalid.selector, 1, 0));
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
    }

    function test_revertsWhenAttestationIsStale() public {
        _carry(800);
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.warp(attestation.validUntil + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditLender.AttestationExpired.selector,
                attestation.validUntil,
                attestation.validUntil + 1
            )
        );
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
        vm.warp(attestation.validUntil);
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
    }

    /// Of another lender with the same attester, and of a chain with another number.
    function test_revertsWhenAttestationIsForAnotherLenderOrChain() public {
        _carry(800);
        ICreditLender first = credit;
        credit = _deploy(_terms());
        vm.prank(lender);
        credit.setAttester(attester);
        CreditAttestation memory attestation = _attestation();
        bytes memory elsewhere = _sign(attestation);
        credit = first;
        bytes memory wrongChain;
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        wrongChain = _sign(attestation);
        vm.chainId(chain);
        _requireInvalid(attestation, elsewhere);
        _requireInvalid(attestation, wrongChain);
    }

    function test_revertsWhenFeaturesAreNotWhatWasSigned() public {
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        attestation.features.history = 3;
        _requireInvalid(attestation, signature);
    }

    function testFuzz_revertsForAnyOtherSignature(uint256 key, bytes calldata garbage) public {
        key = bound(key, 1, 1 << 250);
        vm.assume(key != attesterKey);
        CreditAttestation memory attestation = _attestation();
        _requireInvalid(attestation, _signWith(key, attestation));
        _requireInvalid(attestation, garbage);
        _requireInvalid(attestation, "");
    }

    /// The other of the two forms that each signature has.
    function test_revertsWhenSignatureIsMirrored() public {
        CreditAttestation memory attestation = _attestation();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(attesterKey, credit.digestOf(attestation));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        _requireInvalid(attestation, abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27));
    }

    function test_takesAttesterThatIsAContract() public {
        AttestingContract office = new AttestingContract();
        vm.prank(lender);
        credit.setAttester(address(office));
        _carry(800);
        CreditAttestation memory attestation = _attestation();
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttestationSignatureInvalid.selector, address(office)));
        vm.prank(applicant);
        credit.open(attestation, "", TERM);
        office.attest(credit.digestOf(attestation));
        vm.prank(applicant);
        assertEq(credit.open(attestation, "", TERM), 8000 ether);
    }

    /// Signed by the attester, and still nothing that the model has a score for.
    function test_revertsForFeaturesAndTermsThatTheModelDoesNotKnow() public {
        CreditAttestation memory attestation = _attestation();
        attestation.features.checking = 4;
        bytes memory signature = _sign(attestation);
        vm.startPrank(applicant);
        vm.expectRevert(abi.encodeWithSelector(CreditScoreModel.FeatureUnknown.selector, 0, 4, 3));
        credit.open(attestation, signature, TERM);
        attestation = _attestation();
        attestation.features.plans = 255;
        signature = _sign(attestation);
        vm.expectRevert(abi.encodeWithSelector(CreditScoreModel.FeatureUnknown.selector, 5, 255, 2));
        credit.open(attestation, signature, TERM);
        attestation = _attestation();
        signature = _sign(attestation);
        vm.expectRevert(abi.encodeWithSelector(CreditScoreModel.TermUnknown.selector, 3, 4, 72));
        credit.open(attestation, signature, 3);
        vm.expectRevert(abi.encodeWithSelector(CreditScoreModel.TermUnknown.selector, 73, 4, 72));
        credit.open(attestation, signature, 73);
    }

    function testFuzz_limitFollowsScoreAndNeverPassesTheMost(uint256 score) public {
        score = bound(score, MIN_SCORE, 1000);
        _carry(int256(score));
        uint256 limit = _apply();
        assertEq(limit, (uint256(MAX_LIMIT) * score) / 1000);
        assertLe(limit, MAX_LIMIT);
    }

    /// Proved or not, what is no score opens nothing.
    function test_revertsForOutputsThatAreNoScore() public {
        _carry(1001);
        _requireRefusal(abi.encodeWithSelector(CreditScoreModel.ScoreOutOfRange.selector, 1001));
        pipe.forget();
        _carry(-1);
        _requireRefusal(abi.encodeWithSelector(CreditScoreModel.ScoreOutOfRange.selector, -1));
        pipe.forget();
        int256[] memory values = new int256[](1);
        values[0] = 900;
        bytes memory narrow = TensorCodec.encode(TensorCodec.fromInts(values, TensorCodec.shapeOf(1, 1), Dtype.INT32));
        MockAnswer memory given = MockAnswer(narrow, Mode.ZK, 1, INFERENCE_FEE, 0, 0);
        pipe.answer(applicant, address(credit), RELEASE, _input(), given);
        _requireRefusal(abi.encodeWithSelector(TensorRules.TensorDtypeWrong.selector, Dtype.INT32, Dtype.INT64));
    }

    function test_revertsWhileAnythingIsOwed() public {
        _open();
        _draw(1 ether);
        vm.warp(vm.getBlockTimestamp() + 500 days);
        uint256 debt = credit.debtOf(applicant);
        _requireRefusal(abi.encodeWithSelector(ICreditLender.DebtOutstanding.selector, applicant, debt));
        _repay(debt - 1);
        _requireRefusal(abi.encodeWithSelector(ICreditLender.DebtOutstanding.selector, applicant, 1));
        _repay(1);
        assertEq(_apply(), 8000 ether);
    }

    function _requireRefusal(bytes memory reason) private {
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.expectRevert(reason);
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
    }

    function _requireMissing() private {
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.expectPartialRevert(IPipe.InferenceRequired.selector);
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
    }

    function _requireInvalid(CreditAttestation memory attestation, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttestationSignatureInvalid.selector, attester));
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
    }
}
