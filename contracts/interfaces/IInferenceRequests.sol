// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cover} from "../types/Cover.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {Delivery, Request} from "../types/Request.sol";
import {RequestId} from "../types/RequestId.sol";
import {IEscrow} from "./IEscrow.sol";
import {IProofSettlement} from "./IProofSettlement.sol";

/// @notice `Open → (Accepted →) Fulfilled`, by way of `Undelivered` while a callback waits or has failed;
/// `Cancelled`, `Expired` and `Faulted` (accepted, then silent to the end) are the other ends.
enum RequestState {
    None,
    Open,
    Accepted,
    Fulfilled,
    Undelivered,
    Cancelled,
    Expired,
    Faulted
}

/// @notice What a requester asks for.
struct RequestTerms {
    ReleaseId release;
    /// Number of the mode. The two upper bits demand something of keys that proofs are made with
    /// (`types/KeyOrigin.sol`); 0 = nothing beyond what the network's verifier does.
    uint8 mode;
    /// Encoding of input and output, `types/Codec.sol`.
    uint8 codec;
    /// Token wei at full price, whole grains; taken from the requester's balance now.
    uint256 fee;
    /// Full fee until this timestamp, then linear down to zero at `deadline`.
    uint40 fullFeeUntil;
    /// Last timestamp at which an answer counts.
    uint40 deadline;
    /// Seconds that an operator which accepts has the request to itself; 0 = accepting is not allowed.
    uint32 acceptPeriod;
    /// One of the requester's 2^32 lanes; a lane carries one live request, and using a finished one again is cheap.
    uint32 lane;
    /// Gas of the callback; 0 = no callback.
    uint32 callbackGas;
    Delivery delivery;
    /// Token wei, whole grains; the release's and the network's minimum apply besides.
    uint256 minStake;
    /// What the answer insures, and for whom; `NO_COVER` = nothing. Exact releases only. Operators say at what rate of
    /// it they raise their price.
    Cover cover;
    /// The only operator that may answer; 0 = any.
    uint32 operatorId;
}

/// @notice A packed request, spelled out: `RequestTerms` with what the contract fixed when it was opened.
struct RequestDescription {
    address requester;
    uint32 lane;
    /// How many requests the lane had before.
    uint40 nonce;
    ReleaseId release;
    Mode mode;
    uint8 codec;
    bytes32 inputHash;
    /// Token wei.
    uint256 fee;
    /// Token wei of `fee` that belong to publisher and contributors, as published.
    uint256 royalty;
    /// Token wei; the highest of request's, release's and network's minimum.
    uint256 minStake;
    uint32 operatorId;
    uint40 openedAt;
    uint40 fullFeeUntil;
    uint40 deadline;
    uint32 acceptPeriod;
    uint32 callbackGas;
    Delivery delivery;
    /// Token wei that the answer insures; 0 = nothing.
    uint256 cover;
    address beneficiary;
}

/// @notice Who accepted a request and until when it is theirs alone; all zero when nobody did.
struct Acceptance {
    uint40 deadline;
    address signer;
}

/// @notice One answer inside a batch.
struct Fulfilment {
    Request request;
    /// Canonical encoding by the request's codec.
    bytes output;
    /// Empty for VANILLA, else as for `IProofSettlement.requireProof`.
    bytes proof;
    Acceptance acceptance;
}

/// @notice One slot per requester and lane.
struct LaneRecord {
    /// Truncated hash of what the state refers to.
    uint208 commitment;
    uint40 nonce;
    RequestState state;
}

/// @title Asynchronous inference requests
/// @notice Owns the state of every request and the money in it. A request is one storage slot: a commitment to its
/// contents, which callers bring back in calldata (they are in `RequestOpened`).
/// @dev Assumptions: signatures and standing as in `Operators`; terms as in `ModelHub`. The pause stops `request` only.
interface IInferenceRequests is IEscrow {
    event RequestOpened(
        RequestId indexed id,
        address indexed requester,
        ReleaseId indexed release,
        Request request,
        bytes input
    );
    event RequestAccepted(RequestId indexed id, address indexed signer, uint40 deadline);
    /// `paid` is gross; publisher, protocol and operator divide it when it is claimed.
    event RequestFulfilled(RequestId indexed id, uint32 indexed operatorId, uint256 paid, bytes output);
    /// The answer reserved `amount` (token wei) for the beneficiary.
    event RequestInsured(RequestId indexed id, address indexed beneficiary, uint256 amount);
    /// One a transaction: with the events of its results in order, this rebuilds every signed digest.
    event ResultsSigned(address indexed signer, uint40 validUntil, bytes signature);
    /// `resultHash` is the struct hash of the result that was not used; `reason` the selector of the error.
    event FulfilmentSkipped(RequestId indexed id, bytes32 resultHash, bytes4 reason);
    event CallbackFailed(RequestId indexed id, uint40 deliverableAt);
    event DeliveryScheduled(RequestId indexed id, uint40 deliverableAt);
    event RequestDelivered(RequestId indexed id);
    event RequestCancelled(RequestId indexed id, uint256 refund);
    event RequestExpired(RequestId indexed id, uint256 refund);
    event RequestReopened(RequestId indexed id);
    event NoShowPenalised(RequestId indexed id, address indexed signer, uint256 burned);

    /// @notice The lane carries a request that is not settled.
    error LaneBusy(address requester, uint32 lane, RequestState state);
    /// @notice The contents brought are not those of the request in this lane.
    error RequestMismatch(RequestId id);
    /// @notice The request is in another state than this needs.
    error RequestNotInState(RequestId id, RequestState state);
    /// @notice Only the requester may do this.
    error NotRequester(RequestId id, address caller);
    /// @notice The release does not allow the mode, or nothing verifies it here.
    error ModeNotOffered(ReleaseId release, Mode mode);
    /// @notice No such mode exists.
    error ModeUnknown(uint8 mode);
    /// @notice No such codec exists.
    error CodecUnknown(uint8 codec);
    /// @notice The deadline is in the past, or further away than the maximum.
    error DeadlineOutOfBounds(uint40 deadline, uint256 earliest, uint256 latest);
    /// @notice The fee has to begin falling between now and the deadline.
    error FeeCurveInvalid(uint40 fullFeeUntil, uint40 deadline);
    /// @notice The fee does not cover the royalty and the protocol fee.
    error FeeTooLow(uint256 fee, uint256 royalty, uint256 protocolFee);
    /// Right and wrong are defined for exact releases alone.
    error CoverNeedsExact(ReleaseId release);
    /// @notice The time that an operator may hold the request accepted exceeds the maximum.
    error AcceptPeriodOutOfBounds(uint32 period, uint256 maximum);
    /// @notice The callback asks for more gas than the maximum.
    error CallbackGasOutOfBounds(uint32 callbackGas, uint256 maximum);
    /// @notice A delivery after the window needs a callback.
    error DeliveryWithoutCallback();
    /// @notice The input is longer than the maximum.
    error InputTooLarge(uint256 length, uint256 maximum);
    /// @notice The request is not to be accepted first, only answered.
    error AcceptNotAllowed(RequestId id);
    /// @notice The requester chose another operator.
    error OperatorNotChosen(RequestId id, uint32 operatorId);
    /// @notice The signer is unknown, retired, or of a jailed operator.
    error OperatorNotActive(address signer);
    /// @notice The operator has less stake than the release or the request asks for.
    error OperatorStakeTooLow(address signer, uint256 stake, uint256 required);
    /// @notice The operator holds as many requests accepted as its stake allows.
    error NoFreeSlot(address signer, uint16 slots);
    /// @notice The deadline has passed: the request can only be refunded.
    error DeadlinePassed(RequestId id, uint40 deadline);
    /// @notice The deadline has not passed: the request can still be answered.
    error DeadlineNotPassed(RequestId id, uint40 deadline);
    /// @notice The acceptance brought is not that of the request.
    error AcceptanceMismatch(RequestId id);
    /// @notice A request stays open for a while before it can be cancelled.
    error CancelTooEarly(RequestId id, uint256 from);
    /// @notice A batch has at least one answer and at most the maximum.
    error BatchSizeOutOfBounds(uint256 size, uint256 maximum);
    /// @notice The signature is expired, or valid for longer than operators may sign ahead.
    error ValidityOutOfBounds(uint40 validUntil, uint256 earliest, uint256 latest);
    /// Every answer of the batch was refused; `reason` is the selector for the first.
    error NothingFulfilled(bytes4 reason);
    /// @notice Gas ran out while the cover was reserved; the answer is not taken without it.
    error CoverNotReserved(RequestId id);
    /// @notice The transaction has too little gas left for the callback that was paid for.
    error GasTooLowForCallback(RequestId id, uint256 gasLeft, uint256 required);
    /// @notice The answer is delivered when it can no longer be disputed.
    error DeliveryTooEarly(RequestId id, uint40 deliverableAt);
    /// @notice The callback reverted; it can be tried again.
    error DeliveryFailed(RequestId id);

    /// @notice Opens a request paid from the caller's balance here.
    /// @param input canonical encoding by `terms.codec`
    function request(RequestTerms calldata terms, bytes calldata input) external returns (RequestId id);

    /// @notice Takes an open request for `acceptPeriod`, exclusively; for slow models. Called by the signer, which
    /// puts up the fee from its own balance here; it comes back with the answer and is burned when none comes.
    function accept(Request calldata request_) external;

    /// @notice Answers requests with results signed by one operator's signer. Anyone may send it.
    /// @dev Works from `Open` and from `Accepted` by the same operator. Answers that no longer count are skipped with
    /// an event; when none counts it reverts. Callbacks come last and cannot undo a payment. Until its own callback
    /// begins, an answer is `Undelivered`: the callbacks before it can bring it by `deliver`, and cannot use its lane.
    /// @param signature over the one result or the bundle, in the order of `items`
    /// @param validUntil the `validUntil` of every signed result
    function fulfil(Fulfilment[] calldata items, bytes calldata signature, uint40 validUntil) external;

    /// @notice Calls back a requester whose callback failed or was to wait for the dispute window, which ends one
    /// window after the `validUntil` of the result. Anyone; the callback gets at least `callbackGas`, and all the gas
    /// that is sent.
    /// @param deliverableAt from `CallbackFailed` or `DeliveryScheduled`
    function deliver(Request calldata request_, bytes calldata output, uint40 deliverableAt) external;

    /// @notice Takes an open request back, in full, once it has been open for `MIN_OPEN_TIME`.
    function cancel(Request calldata request_) external;

    /// @notice Burns the accept bond of an operator that let its exclusive time pass, and opens the request again.
    /// Anyone.
    function reportNoShow(Request calldata request_, Acceptance calldata acceptance) external;

    /// @notice Refunds a request that nobody answered by its deadline, in full. Anyone. Never paused.
    /// @param acceptance of an accepted request, whose bond is burned; zero otherwise
    function expire(Request calldata request_, Acceptance calldata acceptance) external;

    /// @notice The id of a request: its hash together with this contract.
    function idOf(Request calldata request_) external view returns (RequestId);

    /// @notice A packed request, spelled out.
    function describe(Request calldata request_) external pure returns (RequestDescription memory);

    /// @notice The state of the request that was number `nonce` of a lane; `None` when the lane has moved on to
    /// another since, or has not come that far.
    function stateOf(address requester, uint32 lane, uint40 nonce) external view returns (RequestState);

    /// @notice The record of a requester's lane.
    function laneOf(address requester, uint32 lane) external view returns (LaneRecord memory);

    /// @notice Token wei that an answer mined at `timestamp` earns, all parts together.
    function feeAt(Request calldata request_, uint256 timestamp) external pure returns (uint256);

    /// @notice Decides which modes can be asked for, and whether their proofs hold.
    // solhint-disable-next-line func-name-mixedcase
    function SETTLEMENT() external view returns (IProofSettlement);
}
