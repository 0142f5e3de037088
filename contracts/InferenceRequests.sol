// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "./Escrow.sol";
import {ResultDomain} from "./ResultDomain.sol";
import {TimedPause} from "./TimedPause.sol";
import {ICovers} from "./interfaces/ICovers.sol";
import {IInferenceCallback} from "./interfaces/IInferenceCallback.sol";
import {
    Acceptance,
    Fulfilment,
    IInferenceRequests,
    LaneRecord,
    RequestDescription,
    RequestState,
    RequestTerms
} from "./interfaces/IInferenceRequests.sol";
import {IModelHub, ReleaseTerms} from "./interfaces/IModelHub.sol";
import {IOPG} from "./interfaces/IOPG.sol";
import {IOperators} from "./interfaces/IOperators.sol";
import {IProofSettlement} from "./interfaces/IProofSettlement.sol";
import {FeeCurve} from "./libraries/FeeCurve.sol";
import {ResultSignatures} from "./libraries/ResultSignatures.sol";
import {CODEC_TENSORS} from "./types/Codec.sol";
import {Cover} from "./types/Cover.sol";
import {GRAIN, MAX_GRAINS, NotWholeGrains, toGrains} from "./types/Grain.sol";
import {INFERENCE_RESULT_TYPEHASH} from "./types/InferenceResult.sol";
import {KeyOrigin, MODE_MASK, demandedBy} from "./types/KeyOrigin.sol";
import {Mode} from "./types/Mode.sol";
import {Delivery, Request, RequestOrigin, packOrigin, packPrice, packTimes} from "./types/Request.sol";
import {ReleaseId} from "./types/ReleaseId.sol";
import {RequestId} from "./types/RequestId.sol";
import {LaneWord, packLane} from "./types/LaneWord.sol";
import {CompactStanding} from "./types/CompactStanding.sol";

/// @title InferenceRequests
/// @notice Owns one slot per requester and lane, and the money in requests. Requesters open and cancel, signers
/// accept, anyone brings signed answers and ends what is over. Trusts `Operators`, `ModelHub` and `ProofSettlement`.
contract InferenceRequests is IInferenceRequests, Escrow, TimedPause, ResultDomain {
    uint256 public constant MAX_DURATION = 30 days;
    uint256 public constant MAX_ACCEPT_PERIOD = 1 days;
    uint256 public constant MAX_CALLBACK_GAS = 2_000_000;
    /// @dev A request must be readable by nodes and answerable within the gas cap of a transaction.
    uint256 public constant MAX_INPUT_LENGTH = 65_536;
    uint256 public constant MAX_BATCH = 128;
    /// @dev A pending answer can be read; cancelling must not be the reply to it.
    uint256 public constant MIN_OPEN_TIME = 5 minutes;
    /// @dev Gas that must remain beside a callback's to finish what follows it.
    uint256 public constant CALLBACK_RESERVE = 40_000;

    IProofSettlement public immutable override SETTLEMENT;
    uint256 private immutable _maxValidity;
    uint256 private immutable _minimumStake;

    /// @dev The storage words of `LaneRecord`: compared and written whole, which a struct is not.
    mapping(uint256 laneKey => LaneWord word) private _lanes;

    constructor(
        IOPG opg,
        IOperators operators,
        IModelHub hub,
        IProofSettlement settlement,
        address authority,
        address treasury_,
        uint16 protocolFeeBps_
    ) Escrow(opg, operators, hub, authority, treasury_, protocolFeeBps_) ResultDomain(operators) {
        SETTLEMENT = settlement;
        _maxValidity = operators.maxValidity();
        _minimumStake = operators.minimumStake();
    }

    /// @inheritdoc IInferenceRequests
    /// @dev Terms in memory, since each read of a field in calldata checks it again; only a public function may say so.
    function request(
        RequestTerms memory terms,
        bytes calldata input
    ) public override whenNotPaused returns (RequestId id) {
        ReleaseTerms memory release = HUB.usableTerms(terms.release);
        LaneWord lane = _lanes[_laneKey(msg.sender, terms.lane)];
        (uint40 nonce, RequestState state) = (lane.nonce(), lane.state());
        require(!_isLive(state), LaneBusy(msg.sender, terms.lane, state));
        _checkTerms(terms, release, input.length);

        if (state != RequestState.None) ++nonce;
        Request memory opened = _open(terms, release, nonce, _hash(input));
        id = RequestId.wrap(keccak256(abi.encode(address(this), opened)));
        _debit(msg.sender, terms.fee);
        _move(opened.origin, RequestId.unwrap(id), RequestState.Open);
        emit RequestOpened(id, msg.sender, terms.release, opened, input);
    }

    /// @inheritdoc IInferenceRequests
    function accept(Request calldata request_) external override {
        RequestId id = _requireState(request_, RequestState.Open);
        require(block.timestamp <= request_.times.deadline(), DeadlinePassed(id, request_.times.deadline()));
        require(request_.times.acceptPeriod() != 0, AcceptNotAllowed(id));
        CompactStanding standing = _activeStanding(msg.sender);
        require(
            request_.price.operatorId() == 0 || request_.price.operatorId() == standing.operatorId(),
            OperatorNotChosen(id, standing.operatorId())
        );
        uint256 stake = standing.stakeGrains() * GRAIN;
        require(stake >= request_.price.minStake(), OperatorStakeTooLow(msg.sender, stake, request_.price.minStake()));
        require(_reserve(msg.sender, request_.price.fee(), standing.slots()), NoFreeSlot(msg.sender, standing.slots()));

        uint256 until = block.timestamp + request_.times.acceptPeriod();
        uint40 deadline = until < request_.times.deadline() ? uint40(until) : request_.times.deadline();
        _move(request_.origin, _acceptedHash(id, deadline, msg.sender), RequestState.Accepted);
        emit RequestAccepted(id, msg.sender, deadline);
    }

    /// @inheritdoc IInferenceRequests
    /// @dev Callbacks cannot be last in a batch of answers, so all effects of all answers come before the first of
    /// them. Until its own callback begins, an answer is `Undelivered`: no callback before it can use its lane again.
    function fulfil(Fulfilment[] calldata items, bytes calldata signature, uint40 validUntil) external override {
        require(items.length != 0 && items.length <= MAX_BATCH, BatchSizeOutOfBounds(items.length, MAX_BATCH));
        require(
            validUntil >= block.timestamp && validUntil <= block.timestamp + _maxValidity,
            ValidityOutOfBounds(validUntil, block.timestamp, block.timestamp + _maxValidity)
        );
        (RequestId[] memory ids, bytes32[] memory outputHashes, address signer) = _recover(
            items,
            validUntil,
            signature
        );
        CompactStanding standing = _activeStanding(signer);
        emit ResultsSigned(signer, validUntil, signature);

        uint256 settled;
        bytes4 firstProblem;
        // Commitments of the answers whose callback is due, in the place of the hashes that they are made of.
        bytes32[] memory due = outputHashes;
        for (uint256 i; i < items.length; ++i) {
            Fulfilment calldata item = items[i];
            bytes4 problem = _check(item, ids[i], signer, standing);
            if (problem == 0 && item.request.cover.isAsked()) {
                problem = _insure(item.request, ids[i], outputHashes[i], validUntil, signer);
            }
            if (problem == 0) {
                _settle(item, ids[i], standing);
                due[i] = _schedule(item.request, ids[i], outputHashes[i], validUntil);
                ++settled;
            } else {
                if (firstProblem == 0) firstProblem = problem;
                emit FulfilmentSkipped(ids[i], _resultHash(item.request, ids[i], outputHashes[i], validUntil), problem);
                due[i] = 0;
            }
        }
        require(settled != 0, NothingFulfilled(firstProblem));

        for (uint256 i; i < items.length; ++i) {
            if (due[i] != 0) _deliverOrKeep(items[i], ids[i], due[i]);
        }
    }

    /// @inheritdoc IInferenceRequests
    function deliver(Request calldata request_, bytes calldata output, uint40 deliverableAt) external override {
        RequestId id = _idOf(request_);
        bytes32 commitment = _undeliveredHash(id, _hash(output), deliverableAt);
        _requireCommitment(request_, id, commitment, RequestState.Undelivered);
        require(block.timestamp >= deliverableAt, DeliveryTooEarly(id, deliverableAt));

        _move(request_.origin, RequestId.unwrap(id), RequestState.Fulfilled);
        emit RequestDelivered(id);
        require(_callBack(request_, id, output, type(uint256).max), DeliveryFailed(id));
    }

    /// @inheritdoc IInferenceRequests
    function cancel(Request calldata request_) external override {
        RequestId id = _requireState(request_, RequestState.Open);
        uint256 from = uint256(request_.times.openedAt()) + MIN_OPEN_TIME;
        require(block.timestamp >= from, CancelTooEarly(id, from));
        require(msg.sender == request_.origin.requester(), NotRequester(id, msg.sender));

        _move(request_.origin, RequestId.unwrap(id), RequestState.Cancelled);
        _credit(request_.origin.requester(), request_.price.fee());
        emit RequestCancelled(id, request_.price.fee());
    }

    /// @inheritdoc IInferenceRequests
    function reportNoShow(Request calldata request_, Acceptance calldata acceptance) external override {
        RequestId id = _idOf(request_);
        _requireAccepted(request_, id, acceptance);
        require(block.timestamp > acceptance.deadline, DeadlineNotPassed(id, acceptance.deadline));
        require(block.timestamp <= request_.times.deadline(), DeadlinePassed(id, request_.times.deadline()));

        _move(request_.origin, RequestId.unwrap(id), RequestState.Open);
        _penalise(request_, id, acceptance);
        emit RequestReopened(id);
    }

    /// @inheritdoc IInferenceRequests
    function expire(Request calldata request_, Acceptance calldata acceptance) external override {
        RequestId id = _idOf(request_);
        bool accepted = acceptance.signer != address(0);
        if (accepted) {
            _requireAccepted(request_, id, acceptance);
        } else {
            _requireCommitment(request_, id, RequestId.unwrap(id), RequestState.Open);
        }
        require(block.timestamp > request_.times.deadline(), DeadlineNotPassed(id, request_.times.deadline()));

        _move(request_.origin, RequestId.unwrap(id), accepted ? RequestState.Faulted : RequestState.Expired);
        if (accepted) _penalise(request_, id, acceptance);
        _credit(request_.origin.requester(), request_.price.fee());
        emit RequestExpired(id, request_.price.fee());
    }

    /// @inheritdoc IInferenceRequests
    function idOf(Request calldata request_) external view override returns (RequestId) {
        return _idOf(request_);
    }

    /// @inheritdoc IInferenceRequests
    function describe(Request calldata request_) external pure override returns (RequestDescription memory) {
        return
            RequestDescription({
                requester: request_.origin.requester(),
                lane: request_.origin.lane(),
                nonce: request_.origin.nonce(),
                release: request_.release,
                mode: request_.origin.mode(),
                codec: request_.origin.codec(),
                inputHash: request_.inputHash,
                fee: request_.price.fee(),
                royalty: request_.price.royalty(),
                minStake: request_.price.minStake(),
                operatorId: request_.price.operatorId(),
                openedAt: request_.times.openedAt(),
                fullFeeUntil: request_.times.fullFeeUntil(),
                deadline: request_.times.deadline(),
                acceptPeriod: request_.times.acceptPeriod(),
                callbackGas: request_.price.callbackGas(),
                delivery: request_.origin.delivery(),
                cover: request_.cover.amount(),
                beneficiary: request_.cover.beneficiary()
            });
    }

    /// @inheritdoc IInferenceRequests
    function stateOf(address requester, uint32 lane, uint40 nonce) external view override returns (RequestState) {
        LaneWord word = _lanes[_laneKey(requester, lane)];
        return word.nonce() == nonce ? word.state() : RequestState.None;
    }

    /// @inheritdoc IInferenceRequests
    function laneOf(address requester, uint32 lane) external view override returns (LaneRecord memory) {
        LaneWord word = _lanes[_laneKey(requester, lane)];
        return LaneRecord(word.commitment(), word.nonce(), word.state());
    }

    /// @inheritdoc IInferenceRequests
    function feeAt(Request calldata request_, uint256 timestamp) external pure override returns (uint256) {
        return FeeCurve.mulDown(request_.price.feeGrains(), FeeCurve.share(request_.times, timestamp)) * GRAIN;
    }

    function _checkTerms(RequestTerms memory terms, ReleaseTerms memory release, uint256 inputLength) private view {
        if (terms.mode > MODE_MASK) _meetDemand(terms);
        require(terms.mode <= uint8(type(Mode).max), ModeUnknown(terms.mode));
        Mode mode = Mode(terms.mode);
        require(release.modes & mode.bit() != 0, ModeNotOffered(terms.release, mode));
        if (mode != Mode.VANILLA) {
            require(SETTLEMENT.isSupported(mode), IProofSettlement.ModeNotSupported(mode));
        }
        require(terms.codec == CODEC_TENSORS, CodecUnknown(terms.codec));
        require(
            terms.deadline > block.timestamp && terms.deadline <= block.timestamp + MAX_DURATION,
            DeadlineOutOfBounds(terms.deadline, block.timestamp + 1, block.timestamp + MAX_DURATION)
        );
        require(
            terms.fullFeeUntil >= block.timestamp && terms.fullFeeUntil <= terms.deadline,
            FeeCurveInvalid(terms.fullFeeUntil, terms.deadline)
        );
        require(
            terms.acceptPeriod <= MAX_ACCEPT_PERIOD,
            AcceptPeriodOutOfBounds(terms.acceptPeriod, MAX_ACCEPT_PERIOD)
        );
        require(terms.callbackGas <= MAX_CALLBACK_GAS, CallbackGasOutOfBounds(terms.callbackGas, MAX_CALLBACK_GAS));
        require(terms.delivery == Delivery.AtFulfilment || terms.callbackGas != 0, DeliveryWithoutCallback());
        require(inputLength <= MAX_INPUT_LENGTH, InputTooLarge(inputLength, MAX_INPUT_LENGTH));
        uint256 protocolFee = _protocolPart(toGrains(terms.fee) * GRAIN);
        require(terms.fee >= release.royalty + protocolFee, FeeTooLow(terms.fee, release.royalty, protocolFee));
        if (terms.cover.isAsked()) _checkCover(terms.release, terms.cover);
    }

    /// @dev What is left of `terms.mode` is the mode: a release's keys stay as they are, so nothing has to be kept.
    function _meetDemand(RequestTerms memory terms) private view {
        KeyOrigin least = demandedBy(terms.mode);
        KeyOrigin origin = HUB.proofKeyOriginOf(terms.release);
        require(origin >= least, IModelHub.KeyOriginTooLow(terms.release, origin, least));
        terms.mode &= MODE_MASK;
    }

    /// @dev What would only fail when it is answered.
    function _checkCover(ReleaseId release, Cover cover) private view {
        require(cover.grains() != 0, ICovers.CoverZero());
        require(cover.grains() <= MAX_GRAINS, NotWholeGrains(cover.amount()));
        address beneficiary = cover.beneficiary();
        require(
            beneficiary != address(0) &&
                beneficiary != address(this) &&
                beneficiary != address(OPERATORS) &&
                beneficiary != address(OPG_TOKEN),
            ICovers.BeneficiaryUnusable(beneficiary)
        );
        (, uint40 exactFrom) = HUB.exactGraphOf(release);
        // Whatever answers from now on is valid for longer than that.
        require(exactFrom != 0 && block.timestamp > exactFrom, CoverNeedsExact(release));
    }

    function _open(
        RequestTerms memory terms,
        ReleaseTerms memory release,
        uint40 nonce,
        bytes32 inputHash
    ) private view returns (Request memory) {
        uint256 minStake = _highest(terms.minStake, release.minStake, _minimumStake);
        return
            Request({
                origin: packOrigin(msg.sender, terms.lane, nonce, Mode(terms.mode), terms.codec, terms.delivery),
                release: terms.release,
                inputHash: inputHash,
                price: packPrice(
                    toGrains(terms.fee),
                    release.royalty / GRAIN,
                    toGrains(minStake),
                    terms.operatorId,
                    terms.callbackGas
                ),
                times: packTimes(uint40(block.timestamp), terms.fullFeeUntil, terms.deadline, terms.acceptPeriod),
                cover: terms.cover
            });
    }

    /// @dev Ids of the requests, hashes of the outputs, and who signed the results.
    function _recover(
        Fulfilment[] calldata items,
        uint40 validUntil,
        bytes calldata signature
    ) private view returns (RequestId[] memory ids, bytes32[] memory outputHashes, address signer) {
        bytes32[] memory words = _words(items.length);
        assembly ("memory-safe") {
            ids := words
        }
        outputHashes = _words(items.length);
        bytes32[] memory leaves = _words(items.length);
        for (uint256 i; i < items.length; ++i) {
            Fulfilment calldata item = items[i];
            RequestId id = _idOf(item.request);
            bytes32 outputHash = _hash(item.output);
            (ids[i], outputHashes[i]) = (id, outputHash);
            leaves[i] = _resultHash(item.request, id, outputHash, validUntil);
        }
        signer = ResultSignatures.recover(ResultSignatures.bundleDigest(_domainSeparator(), leaves), signature);
    }

    /// @dev Says why an answer does not count. Nothing is called but the mode's verifier.
    /// @return problem selector of the error that a single answer would deserve; 0 = it counts
    function _check(
        Fulfilment calldata item,
        RequestId id,
        address signer,
        CompactStanding standing
    ) private view returns (bytes4 problem) {
        Request calldata request_ = item.request;
        bool accepted = item.acceptance.signer != address(0);
        bytes32 expected =
            accepted ? _acceptedHash(id, item.acceptance.deadline, item.acceptance.signer) : RequestId.unwrap(id);
        RequestState state = accepted ? RequestState.Accepted : RequestState.Open;
        LaneWord lane = _lanes[request_.origin.laneKey()];
        if (lane != packLane(expected, request_.origin.nonce(), state)) {
            return lane.state() == state ? RequestMismatch.selector : RequestNotInState.selector;
        }
        if (block.timestamp > request_.times.deadline()) return DeadlinePassed.selector;
        if (accepted && !_isSameOperator(item.acceptance.signer, signer, standing.operatorId())) {
            return AcceptanceMismatch.selector;
        }
        if (request_.price.operatorId() != 0 && request_.price.operatorId() != standing.operatorId()) {
            return OperatorNotChosen.selector;
        }
        if (standing.stakeGrains() < request_.price.minStakeGrains()) return OperatorStakeTooLow.selector;
        if (request_.origin.mode() != Mode.VANILLA) {
            SETTLEMENT.requireProof(
                request_.origin.mode(),
                request_.release,
                standing.operatorId(),
                signer,
                request_.inputHash,
                item.output,
                item.proof
            );
        }
    }

    /// @dev An answer that cannot be insured as its request says does not count. The last thing that can fail.
    /// @return problem selector of the error; 0 = reserved
    function _insure(
        Request calldata request_,
        RequestId id,
        bytes32 outputHash,
        uint40 validUntil,
        address signer
    ) private returns (bytes4 problem) {
        Cover cover = request_.cover;
        bytes32 resultHash = _resultHash(request_, id, outputHash, validUntil);
        try OPERATORS.insureResult(signer, resultHash, cover, cover.amount()) {
            emit RequestInsured(id, cover.beneficiary(), cover.amount());
        } catch (bytes memory reason) {
            problem = bytes4(reason);
            // Gas that ran out says nothing.
            require(problem != 0, CoverNotReserved(id));
        }
    }

    function _settle(Fulfilment calldata item, RequestId id, CompactStanding standing) private {
        if (item.acceptance.signer != address(0)) _release(item.acceptance.signer, item.request.price.fee());
        _pay(item.request, id, standing, item.output);
    }

    /// @dev By the fee curve, what is not earned goes back. Lateness scales the royalty with what is paid: rounding
    /// both from the full price could leave a royalty and a protocol fee that are more than the payment.
    function _pay(Request calldata request_, RequestId id, CompactStanding standing, bytes calldata output) private {
        uint256 share = FeeCurve.share(request_.times, block.timestamp);
        uint256 royalty = request_.price.royaltyGrains();
        uint256 fee = request_.price.feeGrains();
        uint256 paid = FeeCurve.mulDown(fee, share);
        if (paid != fee) royalty = (royalty * paid) / fee;
        _accrue(standing.operatorId(), standing.slashCount(), request_.release, paid, royalty);
        if (paid != fee) _credit(request_.origin.requester(), (fee - paid) * GRAIN);
        emit RequestFulfilled(id, standing.operatorId(), paid * GRAIN, output);
    }

    /// @dev Writes where a settled request goes.
    /// @return pending commitment of an answer whose callback is due now; 0 = none is
    function _schedule(
        Request calldata request_,
        RequestId id,
        bytes32 outputHash,
        uint40 validUntil
    ) private returns (bytes32 pending) {
        RequestOrigin origin = request_.origin;
        if (request_.price.callbackGas() == 0) {
            _move(origin, RequestId.unwrap(id), RequestState.Fulfilled);
            return 0;
        }
        // The evidence against a result lives one window longer than the result.
        bool waits = origin.delivery() == Delivery.AfterWindow;
        uint40 deliverableAt = waits ? validUntil + uint40(_window) : uint40(block.timestamp);
        pending = _undeliveredHash(id, outputHash, deliverableAt);
        _move(origin, pending, RequestState.Undelivered);
        if (!waits) return pending;
        emit DeliveryScheduled(id, deliverableAt);
        return 0;
    }

    function _deliverOrKeep(Fulfilment calldata item, RequestId id, bytes32 pending) private {
        RequestOrigin origin = item.request.origin;
        // A callback before this one may have brought the answer by `deliver`.
        if (_lanes[origin.laneKey()] != packLane(pending, origin.nonce(), RequestState.Undelivered)) return;
        _move(origin, RequestId.unwrap(id), RequestState.Fulfilled);
        if (_callBack(item.request, id, item.output, item.request.price.callbackGas())) return;
        _move(origin, pending, RequestState.Undelivered);
        emit CallbackFailed(id, uint40(block.timestamp));
    }

    /// @dev EIP-150 keeps back one 64th; without the check an operator could starve the callback. It stands right
    /// before the call, so that no length of the output can eat into the callback's gas.
    function _callBack(
        Request calldata request_,
        RequestId id,
        bytes calldata output,
        uint256 gasLimit
    ) private returns (bool success) {
        bytes memory data = abi.encodeCall(IInferenceCallback.onInference, (id, output));
        address requester = request_.origin.requester();
        uint256 required = (uint256(request_.price.callbackGas()) * 64) / 63 + CALLBACK_RESERVE;
        require(gasleft() >= required, GasTooLowForCallback(id, gasleft(), required));
        // In assembly so that returned data, however long, is not copied. The memory of `data` is given back: a batch
        // would else pay for the data of all its callbacks, at a price that grows with the square.
        assembly ("memory-safe") {
            success := call(gasLimit, requester, 0, add(data, 32), mload(data), 0, 0)
            mstore(64, data)
        }
    }

    function _penalise(Request calldata request_, RequestId id, Acceptance calldata acceptance) private {
        _forfeit(acceptance.signer, request_.price.fee());
        emit NoShowPenalised(id, acceptance.signer, request_.price.fee());
    }

    /// @dev Every edge of the state machine is written here.
    function _move(RequestOrigin origin, bytes32 commitment, RequestState state) private {
        _lanes[origin.laneKey()] = packLane(commitment, origin.nonce(), state);
    }

    function _requireState(Request calldata request_, RequestState state) private view returns (RequestId id) {
        id = _idOf(request_);
        _requireCommitment(request_, id, RequestId.unwrap(id), state);
    }

    function _requireAccepted(Request calldata request_, RequestId id, Acceptance calldata acceptance) private view {
        bytes32 commitment = _acceptedHash(id, acceptance.deadline, acceptance.signer);
        _requireCommitment(request_, id, commitment, RequestState.Accepted);
    }

    function _requireCommitment(
        Request calldata request_,
        RequestId id,
        bytes32 commitment,
        RequestState state
    ) private view {
        LaneWord lane = _lanes[request_.origin.laneKey()];
        if (lane == packLane(commitment, request_.origin.nonce(), state)) return;
        require(lane.state() == state, RequestNotInState(id, lane.state()));
        revert RequestMismatch(id);
    }

    function _activeStanding(address signer) private view returns (CompactStanding standing) {
        standing = OPERATORS.compactStandingOf(signer);
        require(standing.isActive(), OperatorNotActive(signer));
    }

    /// @dev An operator that rotated its signer may still answer what the old one accepted.
    function _isSameOperator(address acceptedBy, address signer, uint32 operatorId) private view returns (bool) {
        return acceptedBy == signer || OPERATORS.compactStandingOf(acceptedBy).operatorId() == operatorId;
    }

    function _idOf(Request calldata request_) private view returns (RequestId id) {
        // As `keccak256(abi.encode(address(this), request_))`: the six words stand one after the other.
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, address())
            calldatacopy(add(free, 32), request_, 192)
            id := keccak256(free, 224)
        }
    }

    /// @dev Struct hash of the `InferenceResult` that answers the request; written out, since a struct in memory
    /// would be built only to be copied.
    function _resultHash(
        Request calldata request_,
        RequestId id,
        bytes32 outputHash,
        uint40 validUntil
    ) private pure returns (bytes32 hash) {
        bytes32 typehash = INFERENCE_RESULT_TYPEHASH;
        RequestOrigin origin = request_.origin;
        (Mode mode, uint8 codec) = (origin.mode(), origin.codec());
        (uint256 fee, uint256 maxCover) = (request_.price.fee(), request_.cover.amount());
        (ReleaseId release, bytes32 inputHash) = (request_.release, request_.inputHash);
        // As `keccak256(abi.encode(…))`, without leaving the words in memory.
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, typehash)
            mstore(add(free, 32), id)
            mstore(add(free, 64), release)
            mstore(add(free, 96), mode)
            mstore(add(free, 128), codec)
            mstore(add(free, 160), inputHash)
            mstore(add(free, 192), outputHash)
            mstore(add(free, 224), fee)
            mstore(add(free, 256), maxCover)
            mstore(add(free, 288), validUntil)
            hash := keccak256(free, 320)
        }
    }

    function _acceptedHash(RequestId id, uint40 deadline, address signer) private pure returns (bytes32) {
        return _hashOfThree(RequestId.unwrap(id), deadline, uint160(signer));
    }

    function _undeliveredHash(RequestId id, bytes32 outputHash, uint40 deliverableAt) private pure returns (bytes32) {
        return _hashOfThree(RequestId.unwrap(id), uint256(outputHash), deliverableAt);
    }

    /// @dev `keccak256(abi.encode(a, b, c))`, without leaving the words in memory.
    function _hashOfThree(bytes32 a, uint256 b, uint256 c) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, a)
            mstore(add(free, 32), b)
            mstore(add(free, 64), c)
            hash := keccak256(free, 96)
        }
    }

    /// @dev Without the zeros of Solidity: for whoever writes every place.
    function _words(uint256 count) private pure returns (bytes32[] memory words) {
        assembly ("memory-safe") {
            words := mload(64)
            mstore(words, count)
            mstore(64, add(words, shl(5, add(count, 1))))
        }
    }

    /// @dev Solidity would keep a copy of every output in memory, whose price grows with the square.
    function _hash(bytes calldata data) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(64)
            calldatacopy(free, data.offset, data.length)
            hash := keccak256(free, data.length)
        }
    }

    function _laneKey(address requester, uint32 lane) private pure returns (uint256) {
        return (uint256(uint160(requester)) << 32) | lane;
    }

    function _isLive(RequestState state) private pure returns (bool) {
        return state == RequestState.Open || state == RequestState.Accepted || state == RequestState.Undelivered;
    }

    function _highest(uint256 a, uint256 b, uint256 c) private pure returns (uint256 highest) {
        highest = a > b ? a : b;
        if (c > highest) highest = c;
    }
}
