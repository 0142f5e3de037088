// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Budgets} from "./Budgets.sol";
import {Escrow} from "./Escrow.sol";
import {PipeExecutor} from "./PipeExecutor.sol";
import {Bundle, SignedBundles} from "./SignedBundles.sol";
import {TimedPause} from "./TimedPause.sol";
import {UnpaidReads} from "./UnpaidReads.sol";
import {ICovers} from "./interfaces/ICovers.sol";
import {IGateways} from "./interfaces/IGateways.sol";
import {IModelHub} from "./interfaces/IModelHub.sol";
import {IOPG} from "./interfaces/IOPG.sol";
import {IOperators} from "./interfaces/IOperators.sol";
import {Call, IPipe, InferenceQuery} from "./interfaces/IPipe.sol";
import {IPipeExecutor} from "./interfaces/IPipeExecutor.sol";
import {IProofSettlement} from "./interfaces/IProofSettlement.sol";
import {LoadedResults, ResultSlot, SharedSlot} from "./libraries/LoadedResults.sol";
import {ResultBundles} from "./libraries/ResultBundles.sol";
import {CarriedResult} from "./types/CarriedResult.sol";
import {CompactStanding} from "./types/CompactStanding.sol";
import {CompactTerms} from "./types/CompactTerms.sol";
import {Cover} from "./types/Cover.sol";
import {GRAIN} from "./types/Grain.sol";
import {LoadedResult, packLoaded} from "./types/LoadedResult.sol";
import {ReleaseId} from "./types/ReleaseId.sol";
import {ResultHead} from "./types/ResultHead.sol";

/// @dev Results of one release in a row, of one bundle.
struct Run {
    ReleaseId release;
    CompactTerms terms;
    /// Grains.
    uint256 fees;
    uint256 count;
    /// Grains for all runs before it.
    uint256 feesBooked;
}

/// @title Pipe
/// @notice Owns, for one transaction, the results that it carries, and for good the money that pays for them: accounts,
/// earnings, and budgets that payers write for consumers. Trusts `Operators`, `ModelHub` and `ProofSettlement`, and
/// calls nobody else but its executor, which may do nothing.
contract Pipe is IPipe, UnpaidReads, Budgets, TimedPause {
    using LoadedResults for ResultSlot;
    using LoadedResults for SharedSlot;
    using ResultBundles for bytes;

    PipeExecutor private immutable _executor;

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
    )
        Escrow(opg, operators, hub, authority, treasury_, protocolFeeBps_)
        SignedBundles(operators, settlement)
        UnpaidReads(gateways)
    {
        _executor = new PipeExecutor();
    }

    /// @inheritdoc IPipe
    function preload(bytes calldata results) external override {
        _debit(msg.sender, _load(results, msg.sender, _ownerOf(msg.sender), address(0)) * GRAIN);
    }

    /// @inheritdoc IPipe
    /// @dev The calls come last but for the end of the execution, which they must find going on.
    function execute(bytes calldata results, Call[] calldata calls) external payable override returns (bytes[] memory) {
        require(!isExecuting(), ExecutionNested());
        uint256 execution = _execution + 1;
        _execution = execution;
        _debit(msg.sender, _load(results, msg.sender, _ownerOf(address(_executor)), address(0)) * GRAIN);
        (bool success, bytes memory answer) = _run(calls);
        _execution = execution + 1;
        // As the executor returned it.
        assembly ("memory-safe") {
            if success {
                return(add(answer, 32), mload(answer))
            }
            revert(add(answer, 32), mload(answer))
        }
    }

    /// @inheritdoc IPipe
    function infer(
        InferenceQuery calldata query_,
        address account,
        bytes calldata carried
    ) external override returns (bytes memory output) {
        bool found;
        (found, output) = _answer(query_, account, _ownerOf(account), carried);
        if (!found) {
            InferenceQuery[] memory missing = new InferenceQuery[](1);
            missing[0] = query_;
            _revertMissing(account, missing);
        }
    }

    /// @inheritdoc IPipe
    function inferBatch(
        InferenceQuery[] calldata queries,
        address account,
        bytes calldata carried
    ) external override returns (bytes[] memory outputs) {
        uint256 owner = _ownerOf(account);
        // Without the empty strings of Solidity: every place is written below, and the loop bounds it.
        assembly ("memory-safe") {
            outputs := mload(64)
            mstore(outputs, queries.length)
            mstore(64, add(outputs, shl(5, add(queries.length, 1))))
        }
        for (uint256 i; i < queries.length; ++i) {
            (bool found, bytes memory output) = _answer(queries[i], account, owner, carried);
            if (!found) _revertMissing(account, _missingOf(queries, owner));
            assembly ("memory-safe") {
                mstore(add(add(outputs, 32), shl(5, i)), output)
            }
        }
    }

    /// @inheritdoc IPipe
    function executor() external view override returns (address) {
        return address(_executor);
    }

    /// @inheritdoc IPipe
    function isExecuting() public view override returns (bool) {
        return _execution & 1 != 0;
    }

    /// @dev What the executor's results are kept under changes with each execution, so that nothing that was loaded
    /// for the executor before or after is taken for the caller's own.
    function _ownerOf(address account) private view returns (uint256 owner) {
        owner = uint160(account);
        if (account == address(_executor)) owner |= _execution << 160;
    }

    /// @dev `PipeExecutor.run` with the calls as they came: an array is encoded as its length, and offsets from there
    /// on, so that it can be moved; what stands behind it comes along unread. Taking calls and answers apart to put
    /// them together again costs 1,500 gas.
    function _run(Call[] calldata calls) private returns (bool success, bytes memory answer) {
        bytes calldata encoded;
        assembly ("memory-safe") {
            encoded.offset := sub(calls.offset, 32)
            encoded.length := sub(calldatasize(), encoded.offset)
        }
        return
            address(_executor).call{value: msg.value}(
                abi.encodePacked(IPipeExecutor.run.selector, uint256(64), uint256(uint160(msg.sender)), encoded)
            );
    }

    /// @dev Gives out what is loaded once it is known to do; loads what is carried when nothing is.
    function _answer(
        InferenceQuery calldata query_,
        address account,
        uint256 owner,
        bytes calldata carried
    ) private returns (bool found, bytes memory output) {
        bytes calldata input = query_.input;
        (ResultSlot slot, LoadedResult result) = LoadedResults
            .sharedSlot(owner, query_.release, query_.codec, _hash(input))
            .find(msg.sender);
        if (!result.isLoaded()) {
            if (carried.length == 0) return (false, output);
            _loadCarried(account, owner, carried);
            result = slot.load();
            if (!result.isLoaded()) return (false, output);
        }
        if (result.fee() > query_.maxFee) revert FeeAboveMaximum(result.fee(), query_.maxFee);
        _requireWanted(query_, result);
        // What is the case most often is found out by one comparison.
        if ((result.usedBit() | Cover.unwrap(query_.cover)) != 0) {
            if (query_.cover.isAsked()) _insure(query_, slot, result);
        } else {
            slot.set(result.used());
            emit Inferred(msg.sender, query_.release, input);
        }
        return (true, slot.outputOf(result));
    }

    /// @dev Whose answer a query takes. Apart from that of `UnpaidReads`, which has it in memory: 40 gas less.
    function _requireWanted(InferenceQuery calldata query_, LoadedResult result) private view {
        if (result.stake() < query_.minStake) revert StakeBelowMinimum(result.stake(), query_.minStake);
        if (query_.operatorId != 0 && query_.operatorId != result.operatorId()) {
            revert OperatorNotChosen(result.operatorId(), query_.operatorId);
        }
        uint8 modes = query_.modes;
        if (!_isModeWanted(modes, result)) _requireMode(query_.release, modes, result.mode());
    }

    /// @dev Each time that the query is asked: so many times its asker relies on the answer.
    function _insure(InferenceQuery calldata query_, ResultSlot slot, LoadedResult result) private {
        Cover cover = query_.cover;
        (bytes32 resultHash, address signer) = slot.keptForCover();
        if (resultHash == 0) {
            if (result.maxCover() != 0) revert CoverNeedsExact(query_.release);
            revert ICovers.CoverAboveMaximum(cover.amount(), 0);
        }
        address beneficiary = cover.beneficiary();
        // Anybody could make it send the money on.
        if (beneficiary == address(_executor)) revert ICovers.BeneficiaryUnusable(beneficiary);
        slot.set(result.used());
        _reserve(signer, resultHash, cover, result.maxCover());
        emit Insured(msg.sender, query_.release, beneficiary, cover.amount(), query_.input);
    }

    /// @dev `OPERATORS.insureResult`, 200 gas cheaper: there is a contract, and it returns nothing.
    function _reserve(address signer, bytes32 resultHash, Cover cover, uint256 maxCover) private {
        address target = address(OPERATORS);
        bytes32 selector = ICovers.insureResult.selector;
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, selector)
            mstore(add(free, 4), signer)
            mstore(add(free, 36), resultHash)
            mstore(add(free, 68), cover)
            mstore(add(free, 100), maxCover)
            if iszero(call(gas(), target, 0, free, 132, 0, 0)) {
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }

    function _missingOf(
        InferenceQuery[] calldata queries,
        uint256 owner
    ) private view returns (InferenceQuery[] memory missing) {
        missing = new InferenceQuery[](queries.length);
        uint256 count;
        for (uint256 i; i < queries.length; ++i) {
            InferenceQuery calldata query_ = queries[i];
            (, LoadedResult result) = LoadedResults
                .sharedSlot(owner, query_.release, query_.codec, _hash(query_.input))
                .find(msg.sender);
            if (!result.isLoaded()) missing[count++] = query_;
        }
        assembly ("memory-safe") {
            mstore(missing, count)
        }
    }

    /// @dev Paid from what the account set aside for the caller; so for nobody else's use but the caller's.
    function _loadCarried(address account, uint256 owner, bytes calldata carried) private {
        _spend(account, msg.sender, _load(carried, account, owner, msg.sender));
    }

    /// @param payer whose money, and the payer in the context of what is loaded
    /// @param owner whose results they become, see `LoadedResults.sharedSlot`
    /// @param consumer the only consumer that they are for; zero = as each bundle says
    /// @return fees grains, for the caller of this function to take from the payer
    function _load(
        bytes calldata results,
        address payer,
        uint256 owner,
        address consumer
    ) private whenNotPaused returns (uint256 fees) {
        Bundle memory bundle;
        Run memory run;
        (uint256 place, uint256 end) = results.boundsOf();
        while (place != end) {
            _open(bundle, results, place, payer);
            _loadResults(bundle, run, owner, _consumerOf(bundle, consumer));
            if (run.count != 0) {
                _book(run, bundle.standing);
                emit ResultsLoaded(bundle.signer, payer, ResultBundles.between(place, bundle.end));
            }
            place = bundle.end;
        }
        return run.feesBooked;
    }

    function _consumerOf(Bundle memory bundle, address required) private pure returns (address consumer) {
        consumer = bundle.consumer;
        if (required == address(0)) return consumer;
        require(consumer == address(0) || consumer == required, ConsumerMismatch(consumer, required));
        return required;
    }

    /// @dev Loads the results that are not loaded yet; the others cost nothing. Payments for results of one release in
    /// a row are booked together.
    /// @param run is left with what is not booked yet; empty when nothing was loaded
    /// @param consumer zero = any
    function _loadResults(Bundle memory bundle, Run memory run, uint256 owner, address consumer) private {
        CarriedResult result = bundle.first;
        // A bundle has no more than 255 results, of less than 2^56 grains each.
        unchecked {
            for (uint256 left = bundle.count; left != 0; --left) {
                (ResultHead head, ReleaseId release) = (result.head(), result.release());
                ResultSlot slot = LoadedResults.sharedSlot(owner, release, head.codec(), result.inputHash()).slotFor(
                    consumer
                );
                if (!slot.load().isLoaded()) {
                    if (run.count == 0 || release != run.release) _begin(run, release, bundle.standing);
                    _requireBacked(result, head, run.terms, bundle);
                    _requirePaid(head, run.terms);
                    slot.store(packLoaded(head, bundle.standing), result.output(head));
                    if (head.isInsurable()) _keepForCover(slot, result, run.terms, bundle);
                    run.fees += head.feeGrains();
                    ++run.count;
                }
                result = result.next(head);
            }
        }
    }

    /// @dev Of a release that counts as exact for this result; else the result insures nothing.
    function _keepForCover(ResultSlot slot, CarriedResult result, CompactTerms terms, Bundle memory bundle) private {
        if (bundle.consumer == address(0)) revert CoverWithoutContext();
        uint40 validUntil = ResultBundles.validUntilOf(bundle.first);
        uint40 exactFrom = terms.exactFrom();
        if (exactFrom == 0 || validUntil <= exactFrom) return;
        bytes32 resultHash =
            bundle.count == 1 ? bundle.leaf : ResultBundles.structHashOf(result, bundle.context, validUntil);
        slot.keepForCover(resultHash, bundle.signer);
    }

    function _begin(Run memory run, ReleaseId release, CompactStanding standing) private {
        if (run.count != 0) _book(run, standing);
        (run.release, run.terms) = (release, _termsOf(release, standing));
    }

    /// @dev Ends the run: the next result begins one, be it of the same release, since it may be another operator's.
    function _book(Run memory run, CompactStanding standing) private {
        unchecked {
            uint256 royalties = run.terms.royaltyGrains() * run.count;
            _accrue(standing.operatorId(), standing.slashCount(), run.release, run.fees, royalties);
            run.feesBooked += run.fees;
            (run.fees, run.count) = (0, 0);
        }
    }

    /// @dev The fee covers what is not the operator's. In grains, times 10,000: 56 and 14 bits.
    function _requirePaid(ResultHead head, CompactTerms terms) private view {
        uint256 fee = head.feeGrains();
        unchecked {
            if (fee * (BPS - protocolFeeBps) < terms.royaltyGrains() * BPS) {
                revert ResultFeeTooLow(head.fee(), terms.royaltyGrains() * GRAIN, _protocolPart(head.fee()));
            }
        }
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
