// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cover} from "../types/Cover.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @notice What a contract asks. The answer is a pure function of (release, codec, input); the rest says whose answer
/// will do, and for how much.
struct InferenceQuery {
    ReleaseId release;
    /// Encoding of input and output, `types/Codec.sol`.
    uint8 codec;
    /// What the answer insures, and for whom: reserved from the operator's stake each time that the query is answered.
    /// `NO_COVER` = nothing. Exact releases only.
    Cover cover;
    /// Set of modes that will do: bit n = mode n. The two upper bits demand something of keys that proofs are made with
    /// (`types/KeyOrigin.sol`); 0 = nothing beyond what the network's verifier does.
    uint8 modes;
    /// 0 = any operator.
    uint32 operatorId;
    /// Token wei; a result that costs more is refused.
    uint256 maxFee;
    /// Token wei of active stake that is not set aside for covers; never below what release and network demand.
    uint256 minStake;
    /// Canonical encoding.
    bytes input;
}

/// @notice An answer read without payment, and what stands behind it.
struct InferenceAnswer {
    bytes output;
    uint32 operatorId;
    Mode mode;
    /// Token wei, the operator's active stake when read.
    uint256 stake;
}

/// @notice OPG that an account set aside for one consumer to spend on inferences. `payer == consumer` is a contract
/// that pays for its callers.
struct Budget {
    /// Token wei.
    uint256 balance;
    /// Token wei that may be spent in one block.
    uint256 blockLimit;
}

/// @notice One call of `IPipe.execute`.
struct Call {
    address target;
    uint256 value;
    bytes data;
}

/// @title PIPE: a model's answer inside the transaction that uses it
/// @notice A transaction carries signed results; `infer` returns them to the contracts it runs through.
/// @dev Results are kept in transient storage by (account, consumer, release, codec, input), so that what one account
/// loaded never answers for another. Carried results are bundles, one after another, all integers big-endian:
///
///   bundle = count (1) ‖ consumer (20) ‖ validUntil (5) ‖ result × count ‖ signature (65, r ‖ s ‖ v)
///   result = release (32) ‖ inputHash (32) ‖ mode (1) ‖ codec (1) ‖ fee (7, grains) ‖ maxCover (7, grains)
///          ‖ outputLength (3) ‖ proofLength (3) ‖ output ‖ proof
///
/// Each result stands for an `InferenceResult` whose context is `keccak256(abi.encode(payer, consumer))`, or 0 where
/// `consumer` is 0. The signature is that of `ResultSignatures` over the bundle.
interface IPipe {
    /// One bundle was paid for. With the inputs of `Inferred` it is all that a dispute needs.
    event ResultsLoaded(address indexed signer, address indexed payer, bytes bundle);
    /// The first use of a loaded result, which is the one for that release and the hash of that input. Who paid is in
    /// its `ResultsLoaded`.
    event Inferred(address indexed consumer, ReleaseId indexed release, bytes input);
    /// The same of a use that is insured, first or not: the result reserved `amount` (token wei) for the beneficiary.
    event Insured(
        address indexed consumer,
        ReleaseId indexed release,
        address indexed beneficiary,
        uint256 amount,
        bytes input
    );
    event BudgetSet(address indexed payer, address indexed consumer, uint256 balance, uint256 blockLimit);

    /// @notice Nothing was carried for these queries of `consumer` on behalf of `account`. A node reads it from a
    /// simulation.
    error InferenceRequired(address account, address consumer, InferenceQuery[] queries);
    /// @notice ERC-3668.
    error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData);
    /// @notice The bundle is not encoded as one.
    error BundleMalformed(uint256 offset);
    /// @notice The signature is expired, or valid for longer than operators may sign ahead.
    error ResultNotValid(uint40 validUntil, uint256 latest);
    /// @notice The result was signed for another consumer.
    error ConsumerMismatch(address consumer, address caller);
    /// @notice The signer is unknown, retired, or of a jailed operator.
    error OperatorNotActive(address signer);
    /// @notice The operator has less stake than the release asks for.
    error ReleaseStakeTooLow(ReleaseId release, uint256 stake, uint256 required);
    /// @notice The release does not allow the mode, or nothing verifies it here.
    error ModeNotOffered(ReleaseId release, Mode mode);
    /// @notice No such codec exists.
    error CodecUnknown(uint8 codec);
    /// @notice The fee signed does not cover the royalty and the protocol fee.
    error ResultFeeTooLow(uint256 fee, uint256 royalty, uint256 protocolFee);
    /// A result of no context, or an unpaid read, insures nothing.
    error CoverWithoutContext();
    /// Right and wrong are defined for exact releases alone.
    error CoverNeedsExact(ReleaseId release);
    /// @notice The fee signed is more than the query allows.
    error FeeAboveMaximum(uint256 fee, uint256 maxFee);
    /// @notice The operator has less stake than the query asks for.
    error StakeBelowMinimum(uint256 stake, uint256 minStake);
    /// @notice The query names another operator.
    error OperatorNotChosen(uint32 operatorId, uint32 chosen);
    /// @notice The query asks for another mode.
    error ModeNotAllowed(Mode mode, uint8 modes);
    /// @notice What the payer set aside for the consumer is less than the fee.
    error BudgetTooLow(address payer, address consumer, uint256 balance, uint256 required);
    /// @notice The budget has a limit a block, which is used up.
    error BlockLimitReached(address payer, address consumer, uint256 left, uint256 required);
    /// @notice No operator with a gateway serves this release as asked.
    error NobodyServes(ReleaseId release);
    /// @notice `execute` inside `execute`.
    error ExecutionNested();
    /// @notice An unpaid read inside a transaction (its gas price is not zero).
    error ReadInTransaction();

    /// @notice Loads results for the caller's own use later in this transaction. The caller's balance pays.
    /// @param results bundles; each for one consumer or for any (`consumer` 0)
    function preload(bytes calldata results) external;

    /// @notice Loads results, then makes calls, for callers whose own address does not matter to the targets. The calls
    /// come from `executor()`, which is nobody: it holds no right, balance or approval. The caller's balance pays. What
    /// was loaded is forgotten at the end.
    /// @return returned what each call returned. A call that fails reverts all with its error
    function execute(bytes calldata results, Call[] calldata calls) external payable returns (bytes[] memory returned);

    /// @notice The answer to `query`.
    /// @param account for whom the caller acts: whose loaded results answer, and who pays for carried ones from its
    /// budget for the caller. A consumer names its own `msg.sender`, or itself
    /// @param carried bundles that came with the call; loaded when no loaded result answers. May be empty
    /// @return output canonical encoding
    function infer(
        InferenceQuery calldata query,
        address account,
        bytes calldata carried
    ) external returns (bytes memory output);

    /// @notice The same for several queries; what is missing is reported together.
    function inferBatch(
        InferenceQuery[] calldata queries,
        address account,
        bytes calldata carried
    ) external returns (bytes[] memory outputs);

    /// @notice An unpaid read: by ERC-3668 from the operators that serve the release. For calls, not transactions.
    function query(InferenceQuery calldata query_) external view returns (InferenceAnswer memory);

    /// @notice ERC-3668 callback of `query`.
    /// @param response one bundle of context 0
    /// @param extraData the query, ABI-encoded
    function queryCallback(
        bytes calldata response,
        bytes calldata extraData
    ) external view returns (InferenceAnswer memory);

    /// @notice Checks carried results (context 0) against a query, without payment.
    function read(
        InferenceQuery calldata query_,
        bytes calldata carried
    ) external view returns (InferenceAnswer memory);

    /// @notice Moves OPG from the caller's balance to its budget for `consumer`, and sets how much of it the consumer
    /// may spend in one block. Emits `BudgetSet`.
    function fundBudget(address consumer, uint256 amount, uint256 blockLimit) external;

    /// @notice Moves OPG back from the budget to the caller's balance. Never paused.
    function drainBudget(address consumer, uint256 amount) external;

    function budgetOf(address payer, address consumer) external view returns (Budget memory);

    /// @notice Who makes the calls of `execute`.
    function executor() external view returns (address);

    /// @notice True inside `execute`: whoever cannot know for whom it is called may then name `executor()`.
    function isExecuting() external view returns (bool);

    /// @notice Context of a result that `consumer` uses and `payer` pays.
    function contextOf(address payer, address consumer) external pure returns (bytes32);
}
