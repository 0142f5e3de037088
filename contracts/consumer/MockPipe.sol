// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICovers} from "../interfaces/ICovers.sol";
import {IModelHub} from "../interfaces/IModelHub.sol";
import {Budget, Call, IPipe, InferenceAnswer, InferenceQuery} from "../interfaces/IPipe.sol";
import {IPipeExecutor} from "../interfaces/IPipeExecutor.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {Cover, coverOf as packCover} from "../types/Cover.sol";
import {toGrains} from "../types/Grain.sol";
import {KeyOrigin, demandedBy} from "../types/KeyOrigin.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @notice An answer that a test sets, and what would stand behind it.
struct MockAnswer {
    bytes output;
    Mode mode;
    uint32 operatorId;
    /// Token wei.
    uint256 fee;
    /// Token wei, the operator's active stake.
    uint256 stake;
    /// Token wei that the operator would insure; 0 = nothing, as for an approximate release.
    uint256 maxCover;
}

/// @title MockPipe
/// @notice `Pipe` for the tests of contracts that use it: the test says the answers, and the rules by which they are
/// given out are the real ones. Answers stay until `forget`, where the real ones stay for one transaction.
/// @dev Warning: for tests only. It takes no signed bundles and moves no money.
contract MockPipe is IPipe {
    mapping(uint256 epoch => mapping(bytes32 key => MockAnswer)) private _answers;
    mapping(uint256 epoch => mapping(bytes32 key => bool)) private _used;
    mapping(uint256 epoch => mapping(bytes32 key => Cover)) private _covers;
    mapping(address payer => mapping(address consumer => Budget)) private _budgets;
    /// What the hub would say of a release's keys, see `setKeyOrigin`.
    mapping(ReleaseId release => KeyOrigin origin) public keyOriginOf;
    uint256 private _epoch;
    bool public override isExecuting;

    /// @notice An answer given to the mock is no answer to its query.
    error MockAnswerInvalid();
    /// @notice Signed bundles need the real `Pipe`; here `answer` sets what is carried.
    error MockTakesNoBundles();

    /// @notice What `account` carries for `consumer` (zero = for any consumer). The first answer stands.
    /// @param account as the consumer names it: its caller; itself where it pays for its callers; `executor()`
    function answer(
        address account,
        address consumer,
        ReleaseId release,
        bytes calldata input,
        MockAnswer calldata given
    ) external {
        require(given.operatorId != 0, MockAnswerInvalid());
        bytes32 key = _keyOf(account, consumer, release, CODEC_TENSORS, keccak256(input));
        if (_answers[_epoch][key].operatorId == 0) _answers[_epoch][key] = given;
    }

    /// @notice How the keys are made that prove answers of `release` in mode ZK; none until it is set.
    function setKeyOrigin(ReleaseId release, KeyOrigin origin) external {
        keyOriginOf[release] = origin;
    }

    /// @notice What the end of a transaction does: nothing is loaded any more.
    function forget() external {
        ++_epoch;
    }

    /// @inheritdoc IPipe
    function preload(bytes calldata results) external pure override {
        require(results.length == 0, MockTakesNoBundles());
    }

    /// @inheritdoc IPipe
    /// @dev The calls come from this contract, which takes no coins back.
    function execute(
        bytes calldata results,
        Call[] calldata calls
    ) external payable override returns (bytes[] memory returned) {
        require(results.length == 0, MockTakesNoBundles());
        require(!isExecuting, ExecutionNested());
        isExecuting = true;
        uint256 before = address(this).balance - msg.value;
        returned = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            bool callable = calls[i].data.length == 0 || calls[i].target.code.length != 0;
            require(callable, IPipeExecutor.TargetWithoutCode(calls[i].target));
            (bool success, bytes memory data) = calls[i].target.call{value: calls[i].value}(calls[i].data);
            if (!success) {
                assembly ("memory-safe") {
                    revert(add(data, 32), mload(data))
                }
            }
            returned[i] = data;
        }
        if (address(this).balance > before) _refund(address(this).balance - before);
        isExecuting = false;
    }

    /// @inheritdoc IPipe
    function infer(
        InferenceQuery calldata query_,
        address account,
        bytes calldata carried
    ) external override returns (bytes memory) {
        require(carried.length == 0, MockTakesNoBundles());
        bytes32 key = _find(query_, account);
        if (key == 0) {
            InferenceQuery[] memory missing = new InferenceQuery[](1);
            missing[0] = query_;
            _revertMissing(account, missing);
        }
        return _use(query_, key, account);
    }

    /// @inheritdoc IPipe
    function inferBatch(
        InferenceQuery[] calldata queries,
        address account,
        bytes calldata carried
    ) external override returns (bytes[] memory outputs) {
        require(carried.length == 0, MockTakesNoBundles());
        outputs = new bytes[](queries.length);
        for (uint256 i; i < queries.length; ++i) {
            bytes32 key = _find(queries[i], account);
            if (key == 0) _revertMissing(account, _missingOf(queries, account));
            outputs[i] = _use(queries[i], key, account);
        }
    }

    /// @notice What the answer that a query of `consumer` found insures so far, and for whom.
    function coverOf(
        address account,
        address consumer,
        ReleaseId release,
        bytes calldata input
    ) external view returns (uint256 amount, address beneficiary) {
        Cover cover = _covers[_epoch][_keyOf(account, consumer, release, CODEC_TENSORS, keccak256(input))];
        return (cover.amount(), cover.beneficiary());
    }

    /// @inheritdoc IPipe
    function query(InferenceQuery calldata query_) external view override returns (InferenceAnswer memory) {
        require(tx.gasprice == 0, ReadInTransaction());
        require(!query_.cover.isAsked(), CoverWithoutContext());
        string[] memory urls = new string[](1);
        urls[0] = "https://gateway.invalid";
        bytes memory encoded = abi.encode(query_);
        revert OffchainLookup(address(this), urls, encoded, IPipe.queryCallback.selector, encoded);
    }

    /// @inheritdoc IPipe
    /// @dev Whatever the response: the answer is the one that was set for account and consumer zero.
    function queryCallback(
        bytes calldata,
        bytes calldata extraData
    ) external view override returns (InferenceAnswer memory) {
        return _read(abi.decode(extraData, (InferenceQuery)));
    }

    /// @inheritdoc IPipe
    function read(
        InferenceQuery calldata query_,
        bytes calldata
    ) external view override returns (InferenceAnswer memory) {
        return _read(query_);
    }

    /// @inheritdoc IPipe
    function fundBudget(address consumer, uint256 amount, uint256 blockLimit) external override {
        toGrains(amount);
        toGrains(blockLimit);
        Budget storage budget = _budgets[msg.sender][consumer];
        budget.balance += amount;
        budget.blockLimit = blockLimit;
        emit BudgetSet(msg.sender, consumer, budget.balance, blockLimit);
    }

    /// @inheritdoc IPipe
    function drainBudget(address consumer, uint256 amount) external override {
        toGrains(amount);
        Budget storage budget = _budgets[msg.sender][consumer];
        require(budget.balance >= amount, BudgetTooLow(msg.sender, consumer, budget.balance, amount));
        budget.balance -= amount;
        emit BudgetSet(msg.sender, consumer, budget.balance, budget.blockLimit);
    }

    /// @inheritdoc IPipe
    function budgetOf(address payer, address consumer) external view override returns (Budget memory) {
        return _budgets[payer][consumer];
    }

    /// @inheritdoc IPipe
    function executor() external view override returns (address) {
        return address(this);
    }

    /// @inheritdoc IPipe
    function contextOf(address payer, address consumer) external pure override returns (bytes32) {
        return keccak256(abi.encode(payer, consumer));
    }

    function _missingOf(
        InferenceQuery[] calldata queries,
        address account
    ) private view returns (InferenceQuery[] memory missing) {
        missing = new InferenceQuery[](queries.length);
        uint256 count;
        for (uint256 i; i < queries.length; ++i) {
            if (_find(queries[i], account) == 0) missing[count++] = queries[i];
        }
        assembly ("memory-safe") {
            mstore(missing, count)
        }
    }

    function _refund(uint256 amount) private {
        (bool success, ) = msg.sender.call{value: amount}("");
        require(success, IPipeExecutor.RefundFailed(msg.sender, amount));
    }

    function _use(InferenceQuery calldata query_, bytes32 key, address account) private returns (bytes memory) {
        MockAnswer storage given = _answers[_epoch][key];
        require(given.fee <= query_.maxFee, FeeAboveMaximum(given.fee, query_.maxFee));
        _requireBacking(query_, given);
        bool isNew = !_used[_epoch][key];
        if (isNew) _used[_epoch][key] = true;
        if (query_.cover.isAsked()) {
            // What was loaded for any consumer is signed for no context, and insures nothing.
            bytes32 own = _keyOf(account, msg.sender, query_.release, query_.codec, keccak256(query_.input));
            _cover(query_.cover, key, key == own ? given.maxCover : 0);
            address beneficiary = query_.cover.beneficiary();
            emit Insured(msg.sender, query_.release, beneficiary, query_.cover.amount(), query_.input);
        } else if (isNew) emit Inferred(msg.sender, query_.release, query_.input);
        return given.output;
    }

    /// @dev Each time that the query is asked, as the real one.
    function _cover(Cover cover, bytes32 key, uint256 maxCover) private {
        if (maxCover == 0) revert ICovers.CoverAboveMaximum(cover.amount(), 0);
        address beneficiary = cover.beneficiary();
        require(cover.grains() != 0, ICovers.CoverZero());
        if (beneficiary == address(0) || beneficiary == address(this)) {
            revert ICovers.BeneficiaryUnusable(beneficiary);
        }
        Cover before = _covers[_epoch][key];
        if (before.isAsked() && before.beneficiary() != beneficiary) {
            revert ICovers.CoverOfAnother(key, before.beneficiary());
        }
        uint256 covered = before.amount() + cover.amount();
        require(covered <= maxCover, ICovers.CoverAboveMaximum(covered, maxCover));
        _covers[_epoch][key] = packCover(covered, beneficiary);
    }

    function _read(InferenceQuery memory query_) private view returns (InferenceAnswer memory) {
        require(tx.gasprice == 0, ReadInTransaction());
        require(!query_.cover.isAsked(), CoverWithoutContext());
        bytes32 key = _keyOf(address(0), address(0), query_.release, query_.codec, keccak256(query_.input));
        MockAnswer storage given = _answers[_epoch][key];
        if (given.operatorId == 0) {
            InferenceQuery[] memory missing = new InferenceQuery[](1);
            missing[0] = query_;
            _revertMissing(address(0), missing);
        }
        _requireBacking(query_, given);
        return InferenceAnswer(given.output, given.operatorId, given.mode, given.stake);
    }

    function _requireBacking(InferenceQuery memory query_, MockAnswer storage given) private view {
        require(given.stake >= query_.minStake, StakeBelowMinimum(given.stake, query_.minStake));
        bool isChosen = query_.operatorId == 0 || query_.operatorId == given.operatorId;
        require(isChosen, OperatorNotChosen(given.operatorId, query_.operatorId));
        require(query_.modes & given.mode.bit() != 0, ModeNotAllowed(given.mode, query_.modes));
        KeyOrigin least = demandedBy(query_.modes);
        // Whatever proves anything has keys of some origin.
        bool isFit = given.mode != Mode.ZK || least <= KeyOrigin.Single || keyOriginOf[query_.release] >= least;
        require(isFit, IModelHub.KeyOriginTooLow(query_.release, keyOriginOf[query_.release], least));
    }

    /// @return key zero when nothing is loaded
    function _find(InferenceQuery calldata query_, address account) private view returns (bytes32 key) {
        bytes32 inputHash = keccak256(query_.input);
        key = _keyOf(account, msg.sender, query_.release, query_.codec, inputHash);
        if (_answers[_epoch][key].operatorId != 0) return key;
        key = _keyOf(account, address(0), query_.release, query_.codec, inputHash);
        if (_answers[_epoch][key].operatorId == 0) return 0;
    }

    function _keyOf(
        address account,
        address consumer,
        ReleaseId release,
        uint8 codec,
        bytes32 inputHash
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(account, consumer, release, codec, inputHash));
    }

    function _revertMissing(address account, InferenceQuery[] memory missing) private view {
        for (uint256 i; i < missing.length; ++i) {
            require(missing[i].codec == CODEC_TENSORS, CodecUnknown(missing[i].codec));
        }
        revert InferenceRequired(account, msg.sender, missing);
    }
}
