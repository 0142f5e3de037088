// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {PipeConsumer} from "../consumer/PipeConsumer.sol";
import {IModelHub, KeyOrigin} from "../interfaces/IModelHub.sol";
import {InferenceQuery, IPipe} from "../interfaces/IPipe.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {NO_COVER} from "../types/Cover.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {CreditFeatures, CreditScoreModel} from "./CreditScoreModel.sol";
import {CreditAttestation, CreditLine, CreditTerms, ICreditLender} from "./ICreditLender.sol";

/// @title CreditLender
/// @notice An example of a contract that acts on a proof and on nothing less; see `ICreditLender`.
/// @dev Owns the lender's tokens and what each account owes. The lender alone takes out what is not lent; a line is
/// written by its borrower's calls, and lowered by anyone's repayment. Trusts `Pipe` with what is proved, the attester
/// with the features, and the token not to change balances by itself.
contract CreditLender is ICreditLender, PipeConsumer, EIP712, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint256 private constant ONE = 1e18;
    uint256 private constant YEAR = 365 days;
    uint256 private constant MONTH = 30 days;
    bytes private constant FEATURES_TYPE =
        "CreditFeatures(uint8 checking,uint8 history,uint8 savings,uint8 employment,uint8 debtors,uint8 plans)";
    bytes32 private constant FEATURES_TYPEHASH = keccak256(FEATURES_TYPE);
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        abi.encodePacked(
            "CreditAttestation(address applicant,CreditFeatures features,uint256 nonce,uint40 validUntil)",
            FEATURES_TYPE
        )
    );

    IERC20 public immutable TOKEN;
    ReleaseId public immutable RELEASE;
    address public immutable LENDER;
    uint256 public immutable MIN_SCORE;
    uint256 public immutable MAX_LIMIT;
    uint256 public immutable INTEREST;
    uint256 public immutable MAX_INFERENCE_FEE;

    address public override attester;
    mapping(address applicant => uint256 nonce) public override nonceOf;
    mapping(address borrower => CreditLine line) private _lines;

    /// @dev A release's keys never change, so their origin is asked once.
    constructor(
        IPipe pipe,
        IModelHub hub,
        CreditTerms memory terms
    ) PipeConsumer(pipe) EIP712("OPG CreditLender", "1") {
        require(
            terms.minScore <= CreditScoreModel.MAX_SCORE && terms.maxLimit != 0 && terms.interest <= ONE,
            CreditTermsInvalid(terms.minScore, terms.maxLimit, terms.interest)
        );
        KeyOrigin origin = hub.exactCommitmentOf(terms.release).zkKeyOrigin;
        require(
            origin != KeyOrigin.None && origin >= terms.leastOrigin,
            KeyOriginTooWeak(terms.release, origin, terms.leastOrigin)
        );
        (TOKEN, RELEASE, LENDER) = (terms.token, terms.release, terms.lender);
        (MIN_SCORE, MAX_LIMIT, INTEREST) = (terms.minScore, terms.maxLimit, terms.interest);
        MAX_INFERENCE_FEE = terms.maxInferenceFee;
    }

    /// @inheritdoc ICreditLender
    function open(
        CreditAttestation calldata attestation,
        bytes calldata signature,
        uint8 termMonths
    ) external override returns (uint256 limit) {
        uint256 debt = debtOf(msg.sender);
        require(debt == 0, DebtOutstanding(msg.sender, debt));
        _useAttestation(attestation, signature);
        uint256 score = _provedScore(inputOf(attestation.features, termMonths));
        require(score >= MIN_SCORE, ScoreTooLow(score, MIN_SCORE));
        limit = Math.mulDiv(MAX_LIMIT, score, CreditScoreModel.MAX_SCORE);
        uint256 dueAt = block.timestamp + termMonths * MONTH;
        _lines[msg.sender] = CreditLine(
            limit.toUint128(),
            0,
            0,
            uint40(block.timestamp),
            dueAt.toUint40(),
            score.toUint16()
        );
        emit CreditOpened(msg.sender, limit, dueAt, score, attestation.features, termMonths);
    }

    /// @inheritdoc ICreditLender
    function draw(uint256 amount) external override nonReentrant {
        CreditLine memory line = _accrued(msg.sender);
        require(block.timestamp <= line.dueAt, CreditExpired(line.dueAt, block.timestamp));
        require(amount != 0, AmountZero());
        uint256 principal = line.principal + amount;
        require(principal <= line.limit, CreditLimitExceeded(principal, line.limit));
        _requireFunds(amount);
        line.principal = principal.toUint128();
        _lines[msg.sender] = line;
        emit CreditDrawn(msg.sender, amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ICreditLender
    /// @dev Not last: whether all of it arrived is known after the transfer, hence `nonReentrant`, of all that moves
    /// tokens: a withdrawal in the middle would look like a token that keeps a part.
    function repay(address borrower, uint256 amount) external override nonReentrant returns (uint256 paid) {
        CreditLine memory line = _accrued(borrower);
        uint256 interest = Math.min(amount, line.interest);
        uint256 principal = Math.min(amount - interest, line.principal);
        paid = interest + principal;
        require(paid != 0, AmountZero());
        line.interest -= interest.toUint128();
        line.principal -= principal.toUint128();
        _lines[borrower] = line;
        emit CreditRepaid(borrower, msg.sender, interest, principal);
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), paid);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        require(received == paid, RepaymentIncomplete(received, paid));
    }

    /// @inheritdoc ICreditLender
    function setAttester(address newAttester) external override {
        require(msg.sender == LENDER, NotTheLender(msg.sender));
        require(newAttester != attester, AttesterUnchanged(newAttester));
        attester = newAttester;
        emit AttesterSet(newAttester);
    }

    /// @inheritdoc ICreditLender
    function withdraw(uint256 amount) external override nonReentrant {
        require(msg.sender == LENDER, NotTheLender(msg.sender));
        _requireFunds(amount);
        emit FundsWithdrawn(amount);
        TOKEN.safeTransfer(LENDER, amount);
    }

    /// @inheritdoc ICreditLender
    function creditOf(address borrower) external view override returns (CreditLine memory line) {
        line = _lines[borrower];
        require(line.dueAt != 0, CreditUnknown(borrower));
    }

    /// @inheritdoc ICreditLender
    function debtOf(address borrower) public view override returns (uint256) {
        CreditLine memory line = _lines[borrower];
        return uint256(line.principal) + line.interest + _newInterestUp(line);
    }

    /// @inheritdoc ICreditLender
    function digestOf(CreditAttestation calldata attestation) public view override returns (bytes32) {
        bytes32 features = keccak256(abi.encode(FEATURES_TYPEHASH, attestation.features));
        bytes32 structHash = keccak256(
            abi.encode(ATTESTATION_TYPEHASH, attestation.applicant, features, attestation.nonce, attestation.validUntil)
        );
        return _hashTypedDataV4(structHash);
    }

    /// @inheritdoc ICreditLender
    function inputOf(CreditFeatures calldata features, uint8 termMonths) public pure override returns (bytes memory) {
        return CreditScoreModel.encodeInput(features, termMonths);
    }

    function _useAttestation(CreditAttestation calldata attestation, bytes calldata signature) private {
        require(msg.sender == attestation.applicant, ApplicantMismatch(msg.sender, attestation.applicant));
        require(block.timestamp <= attestation.validUntil, AttestationExpired(attestation.validUntil, block.timestamp));
        uint256 expected = nonceOf[msg.sender]++;
        require(attestation.nonce == expected, AttestationNonceInvalid(attestation.nonce, expected));
        require(
            attester != address(0) &&
                SignatureChecker.isValidSignatureNowCalldata(attester, digestOf(attestation), signature),
            AttestationSignatureInvalid(attester)
        );
    }

    /// @dev ZK and no other mode; the stake behind it decides nothing, since the proof does.
    function _provedScore(bytes memory input) private returns (uint256) {
        bytes memory output = _infer(
            InferenceQuery({
                release: RELEASE,
                codec: CODEC_TENSORS,
                cover: NO_COVER,
                modes: Mode.ZK.bit(),
                operatorId: 0,
                maxFee: MAX_INFERENCE_FEE,
                minStake: 0,
                input: input
            })
        );
        return CreditScoreModel.decodeOutput(output);
    }

    function _requireFunds(uint256 amount) private view {
        uint256 available = TOKEN.balanceOf(address(this));
        require(amount <= available, FundsTooLow(amount, available));
    }

    /// @dev The line as it stands now; it must be written back.
    function _accrued(address borrower) private view returns (CreditLine memory line) {
        line = _lines[borrower];
        require(line.dueAt != 0, CreditUnknown(borrower));
        line.interest += _newInterestUp(line).toUint128();
        line.accruedAt = uint40(block.timestamp);
    }

    /// @dev At most 112 + 60 + 40 bits before the division; a principal that large would need 65,000 years to owe more
    /// interest than `CreditLine` has room for.
    function _newInterestUp(CreditLine memory line) private view returns (uint256) {
        return Math.ceilDiv(line.principal * INTEREST * (block.timestamp - line.accruedAt), ONE * YEAR);
    }
}
