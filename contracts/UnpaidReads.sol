// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bundle, SignedBundles} from "./SignedBundles.sol";
import {IGateways} from "./interfaces/IGateways.sol";
import {IPipe, InferenceAnswer, InferenceQuery} from "./interfaces/IPipe.sol";
import {ResultBundles} from "./libraries/ResultBundles.sol";
import {CarriedResult} from "./types/CarriedResult.sol";
import {LoadedResult, packLoaded} from "./types/LoadedResult.sol";
import {ResultHead} from "./types/ResultHead.sol";

/// @title UnpaidReads
/// @notice Owns nothing: signed results for calls that are no transactions, by ERC-3668. The fee plays no part in them.
abstract contract UnpaidReads is SignedBundles {
    using ResultBundles for bytes;

    IGateways public immutable GATEWAYS;

    constructor(IGateways gateways) {
        GATEWAYS = gateways;
    }

    /// @inheritdoc IPipe
    function query(InferenceQuery calldata query_) external view override returns (InferenceAnswer memory) {
        _requireUnpaidCall();
        require(!query_.cover.isAsked(), CoverWithoutContext());
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

    function _read(
        InferenceQuery memory query_,
        bytes calldata carried
    ) private view returns (InferenceAnswer memory answer) {
        _requireUnpaidCall();
        require(!query_.cover.isAsked(), CoverWithoutContext());
        bytes32 inputHash = keccak256(query_.input);
        Bundle memory bundle;
        (uint256 place, uint256 end) = carried.boundsOf();
        while (place != end) {
            _open(bundle, carried, place, address(0));
            require(bundle.consumer == address(0), ConsumerMismatch(bundle.consumer, address(0)));
            CarriedResult result = bundle.first;
            for (uint256 i; i < bundle.count; ++i) {
                ResultHead head = result.head();
                if (
                    result.release() == query_.release &&
                    head.codec() == query_.codec &&
                    result.inputHash() == inputHash
                ) return _answerOf(query_, result, head, bundle);
                result = result.next(head);
            }
            place = bundle.end;
        }
        InferenceQuery[] memory missing = new InferenceQuery[](1);
        missing[0] = query_;
        _revertMissing(address(0), missing);
    }

    function _answerOf(
        InferenceQuery memory query_,
        CarriedResult result,
        ResultHead head,
        Bundle memory bundle
    ) private view returns (InferenceAnswer memory) {
        _requireBacked(result, head, _termsOf(query_.release, bundle.standing), bundle);
        LoadedResult loaded = packLoaded(head, bundle.standing);
        _requireWantedRead(query_, loaded);
        return InferenceAnswer(result.output(head), loaded.operatorId(), loaded.mode(), loaded.stake());
    }

    /// @dev Whose answer a query takes.
    function _requireWantedRead(InferenceQuery memory query_, LoadedResult result) private view {
        if (result.stake() < query_.minStake) revert StakeBelowMinimum(result.stake(), query_.minStake);
        if (query_.operatorId != 0 && query_.operatorId != result.operatorId()) {
            revert OperatorNotChosen(result.operatorId(), query_.operatorId);
        }
        if (!_isModeWanted(query_.modes, result)) _requireMode(query_.release, query_.modes, result.mode());
    }

    /// @dev A call has no gas price unless it is given one; a transaction has one on every chain that charges for gas.
    function _requireUnpaidCall() private view {
        require(tx.gasprice == 0, ReadInTransaction());
    }
}
