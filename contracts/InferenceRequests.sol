// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "./Escrow.sol";
import {TimedPause} from "./TimedPause.sol";
import {IInferenceCallback} from "./interfaces/IInferenceCallback.sol";
import {
    Acceptance,
    Delivery,
    Fulfilment,
    IInferenceRequests,
    LaneRecord,
    Request,
    RequestState,
    RequestTerms
} from "./interfaces/IInferenceRequests.sol";
import {IModelHub, ReleaseTerms} from "./interfaces/IModelHub.sol";
import {IOPG} from "./interfaces/IOPG.sol";
import {IOperators, SignerStatus, Standing} from "./interfaces/IOperators.sol";
import {IProofSettlement} from "./interfaces/IProofSettlement.sol";
import {FeeCurve} from "./libraries/FeeCurve.sol";
import {ResultSignatures} from "./libraries/ResultSignatures.sol";
import {CODEC_TENSORS} from "./types/Codec.sol";
import {GRAIN, toGrains} from "./types/Grain.sol";
import {InferenceResult} from "./types/InferenceResult.sol";
import {Mode} from "./types/Mode.sol";
import {RequestId} from "./types/RequestId.sol";

/// @title InferenceRequests
/// @notice Owns one slot per requester and lane, and the money in requests. Requesters open and cancel, signers
/// accept, anyone brings signed answers and ends what is over. Trusts `Operators`, `ModelHub` and `ProofSettlement`.
contract InferenceRequests is IInferenceRequests, Escrow, TimedPause {
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

    IProofSettlement public immutable SETTLEMENT;
    bytes32 private immutable _domainSeparator;
    uint256 private immutable _maxValidity;
    uint256 private immutable _minimumStake;

    mapping(address requester => mapping(uint32 lane => LaneRecord)) private _lanes;

    constructor(
        IOPG opg,
        IOperators operators,
        IModelHub hub,
        IProofSettlement settlement,
        address authority,
        address treasury_,
        uint16 protocolFeeBps_
    ) Escrow(opg, operators, hub, authority, treasury_, protocolFeeBps_) {
        SETTLEMENT = settlement;
        _domainSeparator = operators.domainSeparator();
        _maxValidity = operators.maxValidity();
        _minimumStake = operators.minimumStake();
    }

    /// @inheritdoc IInferenceRequests
    function request(RequestTerms calldata terms, bytes calldata input)
        external
        override
        whenNotPaused
        returns (RequestId id)
    {
        ReleaseTerms memory release = HUB.usableTerms(terms.release);
        LaneRecord storage lane = _lanes[msg.sender][terms.lane];
        (uint40 nonce, RequestState state) = (lane.nonce, lane.state);
        require(!_isLive(state), LaneBusy(msg.sender, terms.lane, state));
        _checkTerms(terms, release, input.length);

        Request memory opened = Request({
            requester: msg.sender,
            lane: terms.lane,
            nonce: state == RequestState.None ? 0 : nonce + 1,
            release: terms.release,
            mode: terms.mode,
            codec: terms.codec,
            inputHash: keccak256(input),
            fee: terms.fee,
            royalty: release.royalty,
            minStake: _highest(terms.minStake, release.minStake, _minimumStake),
            operatorId: terms.operatorId,
            openedAt: uint40(block.timestamp),
            fullFeeUntil: terms.fullFeeUntil,
            deadline: terms.deadline,
            acceptPeriod: terms.acceptPeriod,
            callbackGas: terms.callbackGas,
            delivery: terms.delivery
        });
        id = _idOf(opened);
        _debit(msg.sender, terms.fee);
        _move(msg.sender, terms.lane, opened.nonce, RequestId.unwrap(id), RequestState.Open);
        emit RequestOpened(id, msg.sender, terms.release, opened, input);
    }

    /// @inheritdoc IInferenceRequests
    function accept(Request calldata request_) external override {
        RequestId id = _requireState(request_, RequestState.Open);
        require(block.timestamp <= request_.deadline, DeadlinePassed(id, request_.deadline));
        require(request_.acceptPeriod != 0, AcceptNotAllowed(id));
        Standing memory standing = _activeStanding(msg.sender);
        require(
            request_.operatorId == 0 || request_.operatorId == standing.operatorId,
            OperatorNotChosen(id, standing.operatorId)
        );
        uint256 stake = uint256(standing.stake) * GRAIN;
        require(stake >= request_.minStake, OperatorStakeTooLow(msg.sender, stake, request_.minStake));
        require(_reserve(msg.sender, request_.fee, standing.slots), NoFreeSlot(msg.sender, standing.slots));

        uint256 until = block.timestamp + request_.acceptPeriod;
        uint40 deadline = until < request_.deadline ? uint40(until) : request_.deadline;
        _moveTo(request_, _acceptedHash(id, Acceptance(msg.sender, deadline)), RequestState.Accepted);
        emit RequestAccepted(id, standing.operatorId, msg.sender, deadline);
    }

    /// @inheritdoc IInferenceRequests
    /// @dev Callbacks cannot be last in a batch of answers, so all effects of all answers come before the first of
    /// them; the one effect that follows a callback (it failed) touches only the lane that it was for.
    function fulfil(Fulfilment[] calldata items, uint40 validUntil, bytes calldata signature) external override {
        require(
            items.length != 0 && items.length <= MAX_BATCH, BatchSizeOutOfBounds(items.length, MAX_BATCH)
        );
        require(
            validUntil >= block.timestamp && validUntil <= block.timestamp + _maxValidity,
            ValidityOutOfBounds(validUntil, block.timestamp, block.timestamp + _maxValidity)
        );
        (RequestId[] memory ids, address signer) = _recover(items, validUntil, signature);
        Standing memory standing = _activeStanding(signer);
        emit ResultsSigned(signer, validUntil, signature);

        uint256 settled;
        bytes4 firstProblem;
        bool[] memory used = new bool[](items.length);
        for (uint256 i; i < items.length; ++i) {
            bytes4 problem = _settle(items[i], ids[i], signer, standing);
            if (problem == 0) {
                used[i] = true;
                ++settled;
            } else {
                if (firstProblem == 0) firstProblem = problem;
                bytes32 resultHash = _resultOf(items[i], ids[i], validUntil).structHash();
                emit FulfilmentSkipped(ids[i], resultHash, problem);
            }
        }
        require(settled != 0, NothingFulfilled(firstProblem));

        for (uint256 i; i < items.length; ++i) {
            if (used[i]) _deliverOrSchedule(items[i].request, ids[i], items[i].output);
        }
    }

    /// @inheritdoc IInferenceRequests
    function deliver(Request calldata request_, bytes calldata output, uint40 deliverableAt) external override {
        RequestId id = _idOf(request_);
        bytes32 commitment = _undeliveredHash(id, keccak256(output), deliverableAt);
        _requireCommitment(request_, id, commitment, RequestState.Undelivered);
        require(block.timestamp >= deliverableAt, DeliveryTooEarly(id, deliverableAt));

        _moveTo(request_, RequestId.unwrap(id), RequestState.Fulfilled);
        emit RequestDelivered(id);
        _requireCallbackGas(id, request_.callbackGas);
        require(_callBack(request_.requester, gasleft(), id, output), DeliveryFailed(id));
    }

    /// @inheritdoc IInferenceRequests
    function cancel(Request calldata request_) external override {
        RequestId id = _requireState(request_, RequestState.Open);
        uint256 from = uint256(request_.openedAt) + MIN_OPEN_TIME;
        require(block.timestamp >= from, CancelTooEarly(id, from));
        require(msg.sender == request_.requester, NotRequester(id, msg.sender));

        _moveTo(request_, RequestId.unwrap(id), RequestState.Cancelled);
        _credit(request_.requester, request_.fee);
        emit RequestCancelled(id, request_.fee);
    }

    /// @inheritdoc IInferenceRequests
    function reportNoShow(Request calldata request_, Acceptance calldata acceptance) external override {
        RequestId id = _idOf(request_);
        _requireCommitment(request_, id, _acceptedHash(id, acceptance), RequestState.Accepted);
        require(block.timestamp > acceptance.deadline, DeadlineNotPassed(id, acceptance.deadline));
        require(block.timestamp <= request_.deadline, DeadlinePassed(id, request_.deadline));

        _moveTo(request_, RequestId.unwrap(id), RequestState.Open);
        _penalise(request_, id, acceptance);
        emit RequestReopened(id);
    }

    /// @inheritdoc IInferenceRequests
    function expire(Request calldata request_, Acceptance calldata acceptance) external override {
        RequestId id = _idOf(request_);
        bool accepted = acceptance.signer != address(0);
        if (accepted) {
            _requireCommitment(request_, id, _acceptedHash(id, acceptance), RequestState.Accepted);
        } else {
            _requireCommitment(request_, id, RequestId.unwrap(id), RequestState.Open);
        }
        require(block.timestamp > request_.deadline, DeadlineNotPassed(id, request_.deadline));

        _moveTo(request_, RequestId.unwrap(id), accepted ? RequestState.Faulted : RequestState.Expired);
        if (accepted) _penalise(request_, id, acceptance);
        _credit(request_.requester, request_.fee);
        emit RequestExpired(id, request_.fee);
    }

    /// @inheritdoc IInferenceRequests
    function idOf(Request calldata request_) external view override returns (RequestId) {
        return _idOf(request_);
    }

    /// @inheritdoc IInferenceRequests
    function stateOf(address requester, uint32 lane, uint40 nonce) external view override returns (RequestState) {
        LaneRecord storage record = _lanes[requester][lane];
        return record.nonce == nonce ? record.state : RequestState.None;
    }

    /// @inheritdoc IInferenceRequests
    function laneOf(address requester, uint32 lane) external view override returns (LaneRecord memory) {
        return _lanes[requester][lane];
    }

    /// @inheritdoc IInferenceRequests
    function feeAt(Request calldata request_, uint256 timestamp) external pure override returns (uint256) {
        return FeeCurve.due(request_.fee, request_.fullFeeUntil, request_.deadline, timestamp);
    }

    function _checkTerms(RequestTerms calldata terms, ReleaseTerms memory release, uint256 inputLength)
        private
        view
    {
        require(release.modes & terms.mode.bit() != 0, ModeNotOffered(terms.release, terms.mode));
        if (terms.mode != Mode.VANILLA) {
            require(SETTLEMENT.isSupported(terms.mode), IProofSettlement.ModeNotSupported(terms.mode));
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
        require(
            terms.callbackGas <= MAX_CALLBACK_GAS, CallbackGasOutOfBounds(terms.callbackGas, MAX_CALLBACK_GAS)
        );
        require(
            terms.delivery == Delivery.AtFulfilment || terms.callbackGas != 0, DeliveryWithoutCallback()
        );
        require(inputLength <= MAX_INPUT_LENGTH, InputTooLarge(inputLength, MAX_INPUT_LENGTH));
        toGrains(terms.minStake);
        toGrains(terms.fee);
        uint256 protocolFee = _protocolPart(terms.fee);
        require(
            terms.fee >= release.royalty + protocolFee, FeeTooLow(terms.fee, release.royalty, protocolFee)
        );
    }

    /// @dev Ids of the requests, and who signed the results.
    function _recover(Fulfilment[] calldata items, uint40 validUntil, bytes calldata signature)
        private
        view
        returns (RequestId[] memory ids, address signer)
    {
        ids = new RequestId[](items.length);
        bytes32[] memory leaves = new bytes32[](items.length);
        for (uint256 i; i < items.length; ++i) {
            ids[i] = _idOf(items[i].request);
            leaves[i] = _resultOf(items[i], ids[i], validUntil).structHash();
        }
        signer = ResultSignatures.recover(ResultSignatures.bundleDigest(_domainSeparator, leaves), signature);
    }

    /// @dev Pays one answer, or says why it does not count. Nothing is called but the mode's verifier.
    /// @return problem selector of the error that a single answer would deserve; 0 = settled
    function _settle(Fulfilment calldata item, RequestId id, address signer, Standing memory standing)
        private
        returns (bytes4 problem)
    {
        Request calldata request_ = item.request;
        bool accepted = item.acceptance.signer != address(0);
        bytes32 expected = accepted ? _acceptedHash(id, item.acceptance) : RequestId.unwrap(id);
        LaneRecord storage lane = _lanes[request_.requester][request_.lane];
        if (lane.state != (accepted ? RequestState.Accepted : RequestState.Open)) {
            return RequestNotInState.selector;
        }
        if (lane.commitment != _truncate(expected)) return RequestMismatch.selector;
        if (block.timestamp > request_.deadline) return DeadlinePassed.selector;
        if (accepted && !_isSameOperator(item.acceptance.signer, signer, standing.operatorId)) {
            return AcceptanceMismatch.selector;
        }
        if (request_.operatorId != 0 && request_.operatorId != standing.operatorId) {
            return OperatorNotChosen.selector;
        }
        if (uint256(standing.stake) * GRAIN < request_.minStake) return OperatorStakeTooLow.selector;
        if (request_.mode != Mode.VANILLA) {
            SETTLEMENT.requireProof(
                request_.mode,
                request_.release,
                standing.operatorId,
                signer,
                request_.inputHash,
                item.output,
                item.proof
            );
        }

        if (accepted) _release(item.acceptance.signer, request_.fee);
        _pay(request_, id, standing, item.output);
        _moveTo(request_, RequestId.unwrap(id), RequestState.Fulfilled);
    }

    /// @dev By the fee curve; lateness scales the royalty alike, and what is not earned goes back.
    function _pay(Request calldata request_, RequestId id, Standing memory standing, bytes calldata output)
        private
    {
        uint256 paid =
            FeeCurve.due(request_.fee, request_.fullFeeUntil, request_.deadline, block.timestamp);
        uint256 royalty =
            FeeCurve.due(request_.royalty, request_.fullFeeUntil, request_.deadline, block.timestamp);
        _accrue(standing.operatorId, standing.slashCount, request_.release, paid / GRAIN, royalty / GRAIN);
        if (paid != request_.fee) _credit(request_.requester, request_.fee - paid);
        emit RequestFulfilled(id, standing.operatorId, paid, royalty, output);
    }

    function _deliverOrSchedule(Request calldata request_, RequestId id, bytes calldata output) private {
        if (request_.callbackGas == 0) return;
        uint40 deliverableAt = uint40(block.timestamp);
        if (request_.delivery == Delivery.AfterWindow) {
            deliverableAt += uint40(_window);
            emit DeliveryScheduled(id, deliverableAt);
        } else {
            _requireCallbackGas(id, request_.callbackGas);
            if (_callBack(request_.requester, request_.callbackGas, id, output)) return;
            emit CallbackFailed(id, deliverableAt);
        }
        _moveTo(
            request_, _undeliveredHash(id, keccak256(output), deliverableAt), RequestState.Undelivered
        );
    }

    /// @dev EIP-150 keeps back one 64th; without this check an operator could starve the callback.
    function _requireCallbackGas(RequestId id, uint256 callbackGas) private view {
        uint256 required = (callbackGas * 64) / 63 + CALLBACK_RESERVE;
        require(gasleft() >= required, GasTooLowForCallback(id, gasleft(), required));
    }

    function _callBack(address requester, uint256 gasLimit, RequestId id, bytes calldata output)
        private
        returns (bool success)
    {
        bytes memory data = abi.encodeCall(IInferenceCallback.onInference, (id, output));
        // In assembly so that returned data, however long, is not copied.
        assembly ("memory-safe") {
            success := call(gasLimit, requester, 0, add(data, 32), mload(data), 0, 0)
        }
    }

    function _penalise(Request calldata request_, RequestId id, Acceptance calldata acceptance) private {
        _forfeit(acceptance.signer, request_.fee);
        emit NoShowPenalised(id, acceptance.signer, request_.fee);
    }

    function _moveTo(Request calldata request_, bytes32 commitment, RequestState state) private {
        _move(request_.requester, request_.lane, request_.nonce, commitment, state);
    }

    /// @dev Every edge of the state machine is written here.
    function _move(address requester, uint32 lane, uint40 nonce, bytes32 commitment, RequestState state) private {
        _lanes[requester][lane] = LaneRecord(_truncate(commitment), nonce, state);
    }

    function _requireState(Request calldata request_, RequestState state) private view returns (RequestId id) {
        id = _idOf(request_);
        _requireCommitment(request_, id, RequestId.unwrap(id), state);
    }

    function _requireCommitment(
        Request calldata request_,
        RequestId id,
        bytes32 commitment,
        RequestState state
    ) private view {
        LaneRecord memory lane = _lanes[request_.requester][request_.lane];
        require(lane.state == state, RequestNotInState(id, lane.state));
        require(lane.commitment == _truncate(commitment), RequestMismatch(id));
    }

    function _activeStanding(address signer) private view returns (Standing memory standing) {
        standing = OPERATORS.standingOf(signer);
        require(standing.status == SignerStatus.Active && !standing.jailed, OperatorNotActive(signer));
    }

    /// @dev An operator that rotated its signer may still answer what the old one accepted.
    function _isSameOperator(address acceptedBy, address signer, uint32 operatorId) private view returns (bool) {
        return acceptedBy == signer || OPERATORS.standingOf(acceptedBy).operatorId == operatorId;
    }

    function _idOf(Request memory request_) private view returns (RequestId) {
        return RequestId.wrap(keccak256(abi.encode(address(this), request_)));
    }

    function _resultOf(Fulfilment calldata item, RequestId id, uint40 validUntil)
        private
        pure
        returns (InferenceResult memory)
    {
        return InferenceResult({
            context: RequestId.unwrap(id),
            release: item.request.release,
            mode: item.request.mode,
            codec: item.request.codec,
            inputHash: item.request.inputHash,
            outputHash: keccak256(item.output),
            fee: item.request.fee,
            maxCover: 0,
            validUntil: validUntil
        });
    }

    function _acceptedHash(RequestId id, Acceptance memory acceptance) private pure returns (bytes32) {
        return keccak256(abi.encode(id, acceptance));
    }

    function _undeliveredHash(RequestId id, bytes32 outputHash, uint40 deliverableAt)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(id, outputHash, deliverableAt));
    }

    /// @dev 208 bits; finding two contents with one commitment takes 2^104 hashes.
    function _truncate(bytes32 commitment) private pure returns (uint208) {
        return uint208(uint256(commitment));
    }

    function _isLive(RequestState state) private pure returns (bool) {
        return state == RequestState.Open || state == RequestState.Accepted || state == RequestState.Undelivered;
    }

    function _highest(uint256 a, uint256 b, uint256 c) private pure returns (uint256 highest) {
        highest = a > b ? a : b;
        if (c > highest) highest = c;
    }
}
