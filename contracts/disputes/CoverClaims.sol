// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenges} from "./Challenges.sol";
import {ICoverClaims} from "../interfaces/ICoverClaims.sol";
import {ICovers, ReservedCover} from "../interfaces/ICovers.sol";
import {Claim} from "../types/Claim.sol";
import {InferenceResult} from "../types/InferenceResult.sol";

/// @title CoverClaims
/// @notice Owns nothing: joins what `Operators` reserved to what a computation found.
abstract contract CoverClaims is ICoverClaims, Challenges {
    /// @inheritdoc ICoverClaims
    function claimCover(
        uint32 operatorId,
        address coverer,
        InferenceResult calldata result
    ) external override returns (bytes32 coverKey) {
        bytes32 resultHash = result.calldataHash();
        ReservedCover memory cover = OPERATORS.coverOf(operatorId, coverer, resultHash);
        require(cover.amount != 0, ICovers.CoverUnknown(OPERATORS.coverKeyOf(operatorId, coverer, resultHash)));
        // Evidence of an era is dead in the next, so the verdict is of the one in which the result was used.
        Claim memory claim = _claimOf(operatorId, cover.era, result);
        bytes32 key = claim.keyOf();
        require(_isProvedWrong(key), NotProvedWrong(key));
        coverKey = OPERATORS.claimCover(operatorId, coverer, resultHash);
    }
}
