// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "./Escrow.sol";
import {PipeExecutor} from "./PipeExecutor.sol";
import {ResultDomain} from "./ResultDomain.sol";
import {TimedPause} from "./TimedPause.sol";
import {IGateways} from "./interfaces/IGateways.sol";
import {IModelHub, ReleaseTerms} from "./interfaces/IModelHub.sol";
import {IOPG} from "./interfaces/IOPG.sol";
import {IOperators} from "./interfaces/IOperators.sol";
import {Budget, Call, IPipe, InferenceAnswer, InferenceQuery} from "./interfaces/IPipe.sol";
import {IProofSettlement} from "./interfaces/IProofSettlement.sol";
import {LoadedResults, ResultSlot} from "./libraries/LoadedResults.sol";
import {ResultBundles} from "./libraries/ResultBundles.sol";
import {ResultSignatures} from "./libraries/ResultSignatures.sol";
import {BudgetWord} from "./types/BudgetWord.sol";
import {CODEC_TENSORS} from "./types/Codec.sol";
import {CompactStanding} from "./types/CompactStanding.sol";
import {GRAIN, toGrains} from "./types/Grain.sol";
import {LoadedResult, packLoaded} from "./types/LoadedResult.sol";
import {Mode} from "./types/Mode.sol";
import {ReleaseId} from "./types/ReleaseId.sol";
import {ResultHead} from "./types/ResultHead.sol";

/// @dev Who loads, for whom.
struct Loader {
    /// Whose money, and the payer in the context of what is loaded.
    address payer;
    /// Whose results they become, see `LoadedResults.sharedSlot`.
    uint256 owner;
    /// The only consumer that they are for; zero = as each bundle says.
    address consumer;
}

/// @dev A carried bundle whose signature and validity are checked.
struct Bundle {
    /// Where its results begin and where it ends, in the bytes that carry it.
    uint256 first;
    uint256 end;
    uint256 count;
    address consumer;
    address signer;
    CompactStanding standing;
}

/// @dev Results of one release in a row.
struct Run {
    ReleaseId release;
    /// Token wei an inference.
    uint256 royalty;
    /// Set of modes that the release offers.
    uint8 modes;
    /// Grains.
    uint256 fees;
    uint256 count;
}

/// @title Pipe
/// @notice Owns, for one transaction, the results that it carries, and for good the money that pays for them: accounts,
/// earnings, and budgets that payers write for consumers. Trusts `Operators`, `ModelHub` and `ProofSettlement`, and
/// calls nobody else but its executor, which may do nothing.
contract Pipe is IPipe, Escrow, TimedPause, ResultDomain {
    using LoadedResults for ResultSlot;
    using ResultBundles for bytes;

    IProofSettlement public immutable SETTLEMENT;
    IGateways public immutable GATEWAYS;
    PipeExecutor private immutable _executor;
    uint256 private immutable _maxValidity;
    uint256 private immutable _minimumStakeGrains;

    mapping(address payer => mapping(address consumer => BudgetWord)) private _budgets;

    /// @dev Odd while `execute` runs, and another number in each of its runs in a transaction.
    uint256 private transient _execution;

    constructor(
        IOPG opg,
        IOperators operators,
        IModelHub hub,
        IProofSettlement settlement,
        IGateways gateways,
        address authority,
        address treasury_,
        uint16 protocolFeeBps_
    ) Escrow(opg, operators, hub, authority, treasury_, protocolFeeBps_) ResultDomain(operators) {
        SETTLEMENT = settlement;
        GATEWAYS = gateways;
        _executor = new PipeExecutor();
        _maxValidity = operators.maxValidity();
        _minimumStakeGrains = operators.minimumStake() / GRAIN;
    }

    /// @inheritdoc IPipe
    function preload(bytes calldata results) external override {
        uint256 fees = _load(results, Loader(msg.sender, _ownerOf(msg.sender), address(0)));
        _debit(msg.sender, fees * GRAIN);
    }

    /// @inheritdoc IPipe
    /// @dev The calls come last but for the end of the execution, which they must find going on.
    function execute(
        bytes calldata results,
        Call[] calldata calls
    ) external payable override returns (bytes[] memory returned) {
        require(!isExecuting(), ExecutionNested());
        uint256 execution = _execution + 1;
        _execution = execution;
        uint256 fees = _load(results, Loader(msg.sender, _ownerOf(address(_executor)), address(0)));
        _debit(msg.sender, fees * GRAIN);
        returned = _executor.run{value: msg.value}(calls, payable(msg.sender));
        _execution = execution + 1;
    }

    /// @inheritdoc IPipe
    function infer(
        InferenceQuery calldata query_,
        address account,
        bytes calldata carried
    ) external override returns (bytes memory output) {
        (ResultSlot own, ResultSlot slot, LoadedResult result) = _find(query_, account);
        if (!result.isLoaded()) {
            if (carried.length != 0) {
                _loadCarried(account, carried);
                (slot, result) = (own, own.load());
            }
            if (!result.isLoaded()) {
                InferenceQuery[] memory missing = new InferenceQuery[](1);
                missing[0] = query_;
                _revertMissing(account, missing);
            }
        }
        output = _use(query_, account, slot, result);
    }

    /// @inheritdoc IPipe
    function inferBatch(
        InferenceQuery[] calldata queries,
        address account,
        bytes calldata carried
    ) external override returns (bytes[] memory outputs) {
        if (_countMissing(queries, account) != 0 && carried.length != 0) _loadCarried(account, carried);
        uint256 missing = _countMissing(queries, account);
        if (missing != 0) _revertMissing(account, _missingOf(queries, account, missing));
        outputs = new bytes[](queries.length);
        for (uint256 i; i < queries.length; ++i) {
            (, ResultSlot slot, LoadedResult result) = _find(queries[i], account);
            outputs[i] = _use(queries[i], account, slot, result);
        }
    }

    /// @inheritdoc IPipe
    function query(InferenceQuery calldata query_) external view override returns (InferenceAnswer memory) {
        _requireUnpaidCall();
        string[] memory urls = GATEWAYS.gatewaysOf(query_.release, query_.modes, query_.operatorId, query_.minStake);
        require(urls.length != 0, NobodyServes(query_.release));
        bytes memory encoded = abi.encode(query_);
        revert OffchainLookup(address(this), urls, encoded, IPipe.queryCallback.selector, encoded);
    }

    /// @inheritdoc IPipe
    function queryCallback(
        bytes calldata response,
        bytes calldata extraData
    ) external view override returns (InferenceAnswer memory) {
        return _read(abi.decode(extraData, (InferenceQuery)), response);
    }

    /// @inheritdoc IPipe
    function read(
        InferenceQuery calldata query_,
        bytes calldata carried
    ) external view override returns (InferenceAnswer memory) {
        return _read(query_, carried);
    }

    /// @inheritdoc IPipe
    function fundBudget(address consumer, uint256 amount, uint256 blockLimit) external override {
        uint256 grains = toGrains(amount);
        uint256 limit = toGrains(blockLimit);
        _debit(msg.sender, amount);
        BudgetWord budget = _budgets[msg.sender][consumer];
        _setBudget(msg.sender, consumer, budget.withBalance(budget.balance() + grains).withLimit(limit));
    }

    /// @inheritdoc IPipe
    function drainBudget(address consumer, uint256 amount) external override {
        BudgetWord budget = _budgets[msg.sender][consumer];
        uint256 grains = toGrains(amount);
        require(budget.balance() >= grains, BudgetTooLow(msg.sender, consumer, budget.balance() * GRAIN, amount));
        _setBudget(msg.sender, consumer, budget.withBalance(budget.balance() - grains));
        _credit(msg.sender, amount);
    }

    /// @inheritdoc IPipe
    function budgetOf(address payer, address consumer) external view override returns (Budget memory) {
        BudgetWord budget = _budgets[payer][consumer];
        return Budget(budget.balance() * GRAIN, budget.blockLimit() * GRAIN);
    }

    /// @inheritdoc IPipe
    function executor() external view override returns (address) {
        return address(_executor);
    }

    /// @inheritdoc IPipe
    function isExecuting() public view override returns (bool) {
        return _execution & 1 != 0;
    }

    /// @inheritdoc IPipe
    function contextOf(address payer, address consumer) public pure override returns (bytes32) {
        return keccak256(abi.encode(payer, consumer));
    }

    /// @dev What the executor's results are kept under changes with each execution, so that nothing that was loaded
    /// for the executor before or after is taken for the caller's own.
    function _ownerOf(address account) private view returns (uint256 owner) {
        owner = uint160(account);
        if (account == address(_executor)) owner |= _execution << 160;
    }

    /// @dev Where the result for the caller's query stands: its own place first, then that for any consumer.
    function _find(
        InferenceQuery calldata query_,
        address account
    ) private view returns (ResultSlot own, ResultSlot slot, LoadedResult result) {
        ResultSlot shared = LoadedResults.sharedSlot(
            _ownerOf(account),
            query_.release,
            query_.codec,
            _hash(query_.input)
        );
        own = shared.slotFor(msg.sender);
        (slot, result) = (own, own.load());
        if (!result.isLoaded()) {
            result = shared.load();
            if (result.isLoaded()) slot = shared;
        }
    }

    /// @dev Gives out a result once it is known to do.
    function _use(
        InferenceQuery calldata query_,
        address account,
        ResultSlot slot,
        LoadedResult result
    ) private returns (bytes memory) {
        require(result.fee() <= query_.maxFee, FeeAboveMaximum(result.fee(), query_.maxFee));
        _requireBacking(query_.modes, query_.operatorId, query_.minStake, result);
        if (!result.isUsed()) {
            slot.set(result.used());
            emit Inferred(msg.sender, account, query_.release, query_.input);
        }
        return slot.outputOf(result);
    }

    /// @dev Whose answer a query takes.
    function _requireBacking(uint8 modes, uint32 operatorId, uint256 minStake, LoadedResult result) private pure {
        require(result.stake() >= minStake, StakeBelowMinimum(result.stake(), minStake));
        require(
            operatorId == 0 || operatorId == result.operatorId(),
            OperatorNotChosen(result.operatorId(), operatorId)
        );
        require(modes & result.mode().bit() != 0, ModeNotAllowed(result.mode(), modes));
    }

    function _countMissing(InferenceQuery[] calldata queries, address account) private view returns (uint256 missing) {
        for (uint256 i; i < queries.length; ++i) {
            (, , LoadedResult result) = _find(queries[i], account);
            if (!result.isLoaded()) ++missing;
        }
    }

    function _missingOf(
        InferenceQuery[] calldata queries,
        address account,
        uint256 count
    ) private view returns (InferenceQuery[] memory missing) {
        missing = new InferenceQuery[](count);
        uint256 next;
        for (uint256 i; i < queries.length; ++i) {
            (, , LoadedResult result) = _find(queries[i], account);
            if (!result.isLoaded()) missing[next++] = queries[i];
        }
    }

    function _revertMissing(address account, InferenceQuery[] memory missing) private view {
        for (uint256 i; i < missing.length; ++i) _requireCodec(missing[i].codec);
        revert InferenceRequired(account, msg.sender, missing);
    }

    /// @dev Paid from what the account set aside for the caller; so for nobody else's use but the caller's.
    function _loadCarried(address account, bytes calldata carried) private {
        uint256 fees = _load(carried, Loader(account, _ownerOf(account), msg.sender));
        BudgetWord budget = _budgets[account][msg.sender];
        uint256 spent = budget.spentIn(block.number);
        if (fees > budget.balance()) {
            revert BudgetTooLow(account, msg.sender, budget.balance() * GRAIN, fees * GRAIN);
        }
        if (spent + fees > budget.blockLimit()) {
            uint256 left = budget.blockLimit() > spent ? budget.blockLimit() - spent : 0;
            revert BlockLimitReached(account, msg.sender, left * GRAIN, fees * GRAIN);
        }
        _budgets[account][msg.sender] = budget.spend(fees, spent, block.number);
    }

    /// @return fees grains, for the caller of this function to take from the payer
    function _load(bytes calldata results, Loader memory loader) private whenNotPaused returns (uint256 fees) {
        uint256 offset;
        while (offset != results.length) {
            uint256 added;
            (offset, added) = _loadBundle(results, offset, loader);
            fees += added;
        }
    }

    function _loadBundle(
        bytes calldata results,
        uint256 offset,
        Loader memory loader
    ) private returns (uint256 next, uint256 fees) {
        Bundle memory bundle = _open(results, offset, loader);
        bool loaded;
        (fees, loaded) = _loadResults(results, bundle, loader);
        next = bundle.end;
        if (loaded) emit ResultsLoaded(bundle.signer, loader.payer, results[offset:next]);
    }

    /// @dev Checks all that the results of a bundle have in common.
    function _open(
        bytes calldata results,
        uint256 offset,
        Loader memory loader
    ) private view returns (Bundle memory bundle) {
        (uint256 count, address consumer, uint40 validUntil) = results.headAt(offset);
        require(
            block.timestamp <= validUntil && validUntil <= block.timestamp + _maxValidity,
            ResultNotValid(validUntil, block.timestamp + _maxValidity)
        );
        bytes32 context = consumer == address(0) ? bytes32(0) : contextOf(loader.payer, consumer);
        (bytes32[] memory leaves, uint256 end) = results.leavesAt(offset, count, context, validUntil);
        bundle.first = offset + ResultBundles.BUNDLE_HEAD_LENGTH;
        bundle.count = count;
        bundle.consumer = consumer;
        bundle.end = end + ResultBundles.SIGNATURE_LENGTH;
        bundle.signer = ResultSignatures.recover(
            ResultSignatures.bundleDigest(_domainSeparator(), leaves),
            results.signatureAt(end)
        );
        bundle.standing = OPERATORS.compactStandingOf(bundle.signer);
        require(bundle.standing.isActive(), OperatorNotActive(bundle.signer));
    }

    /// @dev Loads the results that are not loaded yet; the others cost nothing. Payments for results of one release in
    /// a row are booked together.
    function _loadResults(
        bytes calldata results,
        Bundle memory bundle,
        Loader memory loader
    ) private returns (uint256 fees, bool loaded) {
        address consumer = bundle.consumer;
        if (loader.consumer != address(0)) {
            require(consumer == address(0) || consumer == loader.consumer, ConsumerMismatch(consumer, loader.consumer));
            consumer = loader.consumer;
        }
        Run memory run;
        uint256 offset = bundle.first;
        for (uint256 i; i < bundle.count; ++i) {
            ResultHead head = results.resultAt(offset);
            ReleaseId release = results.releaseAt(offset);
            ResultSlot slot = LoadedResults.sharedSlot(
                loader.owner,
                release,
                head.codec(),
                results.inputHashAt(offset)
            );
            if (consumer != address(0)) slot = slot.slotFor(consumer);
            if (!slot.load().isLoaded()) {
                if (!loaded || release != run.release) {
                    if (loaded) _book(bundle.standing, run);
                    _begin(run, release, bundle.standing);
                }
                loaded = true;
                _requireBacked(results, offset, head, run, bundle);
                uint256 fee = head.feeGrains();
                _requireFee(head.fee(), run.royalty);
                require(head.maxCover() == 0 || bundle.consumer != address(0), CoverWithoutContext());
                fees += fee;
                run.fees += fee;
                ++run.count;
                slot.store(
                    packLoaded(
                        head.outputLength(),
                        fee,
                        bundle.standing.stakeGrains(),
                        bundle.standing.operatorId(),
                        head.mode()
                    ),
                    results.outputAt(offset, head)
                );
            }
            offset = ResultBundles.endOf(offset, head);
        }
        if (loaded) _book(bundle.standing, run);
    }

    function _begin(Run memory run, ReleaseId release, CompactStanding standing) private view {
        run.release = release;
        ReleaseTerms memory terms = HUB.usableTerms(release);
        (run.royalty, run.modes) = (terms.royalty, terms.modes);
        run.fees = 0;
        run.count = 0;
        uint256 minimum = terms.minStake / GRAIN;
        if (minimum < _minimumStakeGrains) minimum = _minimumStakeGrains;
        uint256 stake = standing.stakeGrains();
        require(stake >= minimum, ReleaseStakeTooLow(release, stake * GRAIN, minimum * GRAIN));
    }

    function _book(CompactStanding standing, Run memory run) private {
        _accrue(standing.operatorId(), standing.slashCount(), run.release, run.fees, (run.royalty / GRAIN) * run.count);
    }

    function _requireFee(uint256 fee, uint256 royalty) private view {
        uint256 protocolFee = _protocolPart(fee);
        require(fee >= royalty + protocolFee, ResultFeeTooLow(fee, royalty, protocolFee));
    }

    /// @dev A result must be of a kind that its release offers, and proved as its mode says.
    function _requireBacked(
        bytes calldata results,
        uint256 offset,
        ResultHead head,
        Run memory run,
        Bundle memory bundle
    ) private view {
        _requireCodec(head.codec());
        require(run.modes & head.mode().bit() != 0, ModeNotOffered(run.release, head.mode()));
        if (head.mode() == Mode.VANILLA) return;
        SETTLEMENT.requireProof(
            head.mode(),
            run.release,
            bundle.standing.operatorId(),
            bundle.signer,
            results.inputHashAt(offset),
            results.outputAt(offset, head),
            results.proofAt(offset, head)
        );
    }

    function _requireCodec(uint8 codec) private pure {
        require(codec == CODEC_TENSORS, CodecUnknown(codec));
    }

    /// @dev The fee plays no part: nothing is paid.
    function _read(
        InferenceQuery memory query_,
        bytes calldata carried
    ) private view returns (InferenceAnswer memory answer) {
        _requireUnpaidCall();
        bytes32 inputHash = keccak256(query_.input);
        uint256 offset;
        while (offset != carried.length) {
            Bundle memory bundle = _open(carried, offset, Loader(address(0), 0, address(0)));
            require(bundle.consumer == address(0), ConsumerMismatch(bundle.consumer, address(0)));
            uint256 place = bundle.first;
            for (uint256 i; i < bundle.count; ++i) {
                ResultHead head = carried.resultAt(place);
                if (
                    carried.releaseAt(place) == query_.release &&
                    head.codec() == query_.codec &&
                    carried.inputHashAt(place) == inputHash
                ) return _answerOf(query_, carried, place, bundle);
                place = ResultBundles.endOf(place, head);
            }
            offset = bundle.end;
        }
        InferenceQuery[] memory missing = new InferenceQuery[](1);
        missing[0] = query_;
        _revertMissing(address(0), missing);
    }

    function _answerOf(
        InferenceQuery memory query_,
        bytes calldata carried,
        uint256 offset,
        Bundle memory bundle
    ) private view returns (InferenceAnswer memory) {
        ResultHead head = carried.resultAt(offset);
        Run memory run;
        _begin(run, query_.release, bundle.standing);
        _requireBacked(carried, offset, head, run, bundle);
        LoadedResult result = packLoaded(
            head.outputLength(),
            0,
            bundle.standing.stakeGrains(),
            bundle.standing.operatorId(),
            head.mode()
        );
        _requireBacking(query_.modes, query_.operatorId, query_.minStake, result);
        return InferenceAnswer(carried.outputAt(offset, head), result.operatorId(), result.mode(), result.stake());
    }

    /// @dev A call has no gas price unless it is given one; a transaction has one on every chain that charges for gas.
    function _requireUnpaidCall() private view {
        require(tx.gasprice == 0, ReadInTransaction());
    }

    function _setBudget(address payer, address consumer, BudgetWord budget) private {
        _budgets[payer][consumer] = budget;
        emit BudgetSet(payer, consumer, budget.balance() * GRAIN, budget.blockLimit() * GRAIN);
    }

    /// @dev Solidity would keep a copy of every input in memory, whose price grows with the square.
    function _hash(bytes calldata data) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(64)
            calldatacopy(free, data.offset, data.length)
            hash := keccak256(free, data.length)
        }
    }
}
