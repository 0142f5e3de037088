// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {KeyOrigin} from "../types/KeyOrigin.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {CreditFeatures} from "./CreditScoreModel.sol";

/// @notice What the attester signs (EIP-712, with the lender's contract as the domain): these are the features of that
/// account's owner. Good for one line.
struct CreditAttestation {
    address applicant;
    CreditFeatures features;
    /// `nonceOf(applicant)`.
    uint256 nonce;
    /// Timestamp up to which it opens a line.
    uint40 validUntil;
}

/// @notice What an account may borrow, and owes.
struct CreditLine {
    /// Token wei that may be owed, interest apart.
    uint128 limit;
    /// Token wei drawn and not repaid.
    uint128 principal;
    /// Token wei of interest up to `accruedAt`, not repaid.
    uint128 interest;
    uint40 accruedAt;
    /// Timestamp after which nothing can be drawn, and everything should have been repaid.
    uint40 dueAt;
    /// What the line was opened on.
    uint16 score;
}

/// @notice What a lender's contract is made for, fixed for ever.
struct CreditTerms {
    IERC20 token;
    ReleaseId release;
    /// Who owns the money, and names the attester.
    address lender;
    /// How the keys must have been made, at least, that prove a score: as the publisher of `release` says.
    KeyOrigin leastOrigin;
    /// Thousandths; no line is opened on less.
    uint16 minScore;
    /// Token wei, the limit of a line at a score of 1000; at others in proportion.
    uint112 maxLimit;
    /// A year of 365 days, 1e18 = 100 %; at most that.
    uint64 interest;
    /// Token wei of OPG that one inference may cost.
    uint256 maxInferenceFee;
}

/// @title A lender that opens a credit line on a proved credit score alone
/// @notice The lender names an attester, who signs what it knows of an applicant. The applicant brings that signature,
/// chooses a term, and carries the model's answer for exactly these numbers, with a proof (mode ZK). An answer that is
/// merely signed is refused: nothing has to be waited for and no stake has to be large enough, since the line is real
/// money at once. An applicant whose score is too low is refused with it, and nothing remains of the application, its
/// price included.
/// @dev A model of this size costs less computed on chain than its proof does to check; `docs/on-chain-models.md`. The
/// lender shows the seam: a larger one can be proved, and not computed there.
/// @dev Interest is simple, a second at a time on the principal, rounded up. It goes on after the term. Nothing is
/// pledged: who does not repay has the lender's money and no second line for that account.
/// @dev Warning: a line promises no funds. The lender may take out what is not lent, and lines may add up to more than
/// there is.
/// Warning: a proof shows what the model says of these features, not that they are true, nor that the model is any
/// good. For the first the attester is trusted with everything that the lender has put in: it can attest anybody,
/// and one person under many accounts. `models/README.md` has how little the shipped model knows.
/// Warning: `leastOrigin` compares what the release's publisher says of its keys, and no contract can tell whether it
/// is so. Before a lender names a release, it compiles the circuit again, and makes the key again (PLONK) or reads the
/// ceremony's transcript (Groth16): whoever has the secrets of the keys has proofs of any score.
/// Warning: features are public, as all inputs are. Who would lend to people keeps them off a chain.
interface ICreditLender {
    event AttesterSet(address indexed attester);
    event CreditOpened(
        address indexed borrower,
        uint256 limit,
        uint256 dueAt,
        uint256 score,
        CreditFeatures features,
        uint8 termMonths
    );
    event CreditDrawn(address indexed borrower, uint256 amount);
    event CreditRepaid(address indexed borrower, address indexed payer, uint256 interest, uint256 principal);
    event FundsWithdrawn(uint256 amount);

    /// @notice The terms lend nothing, or ask for a score that nobody can have.
    error CreditTermsInvalid(uint256 minScore, uint256 maxLimit, uint256 interest);
    /// @notice Only the lender may do this.
    error NotTheLender(address caller);
    /// @notice The attester is this already.
    error AttesterUnchanged(address attester);
    /// @notice The attestation is of another applicant.
    error ApplicantMismatch(address caller, address applicant);
    /// @notice The attestation was valid until an earlier time.
    error AttestationExpired(uint256 validUntil, uint256 timestamp);
    /// @notice It was used, or is for a line that comes later.
    error AttestationNonceInvalid(uint256 nonce, uint256 expected);
    /// @notice The attestation is not signed by the attester.
    error AttestationSignatureInvalid(address attester);
    /// @notice The refusal: what the model says of the applicant, and what it takes.
    error ScoreTooLow(uint256 score, uint256 minScore);
    /// @notice The borrower has to repay first.
    error DebtOutstanding(address borrower, uint256 debt);
    /// @notice The account has no line of credit.
    error CreditUnknown(address borrower);
    /// @notice The line of credit has ended.
    error CreditExpired(uint256 dueAt, uint256 timestamp);
    /// @notice More than the line of credit allows.
    error CreditLimitExceeded(uint256 principal, uint256 limit);
    /// @notice The lender has less than this.
    error FundsTooLow(uint256 amount, uint256 available);
    /// @notice An amount of nothing.
    error AmountZero();
    /// @notice The token kept a part of the transfer. Such tokens do not fit this lender.
    error RepaymentIncomplete(uint256 received, uint256 amount);

    /// @notice Opens a line for the caller, in place of one that owes nothing. The caller carries the proved score.
    /// @param signature the attester's; of an account that is a contract by ERC-1271
    /// @param termMonths of 30 days, chosen by the applicant; the model sees it
    function open(
        CreditAttestation calldata attestation,
        bytes calldata signature,
        uint8 termMonths
    ) external returns (uint256 limit);

    /// @notice Lends to the caller, up to its limit and to what is there.
    function draw(uint256 amount) external;

    /// @notice Repays for any borrower, interest first; late too. Takes no more than is owed.
    /// @return paid what was taken
    function repay(address borrower, uint256 amount) external returns (uint256 paid);

    /// @notice The lender names who attests from now on; signatures of the one before are worth nothing. 0 = nobody.
    function setAttester(address newAttester) external;

    /// @notice The lender takes back what is not lent. It funds the contract by sending tokens to it.
    function withdraw(uint256 amount) external;

    function attester() external view returns (address);

    function creditOf(address borrower) external view returns (CreditLine memory);

    /// @notice What `repay` would take now; token wei.
    function debtOf(address borrower) external view returns (uint256);

    /// @notice Of the attestation that the applicant can use next.
    function nonceOf(address applicant) external view returns (uint256);

    /// @notice What the attester signs.
    function digestOf(CreditAttestation calldata attestation) external view returns (bytes32);

    /// @notice What the model is asked.
    function inputOf(CreditFeatures calldata features, uint8 termMonths) external pure returns (bytes memory);
}
