// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceResult} from "../types/InferenceResult.sol";

/// @title What a verdict is worth to those who were insured
/// @notice A result that was proved wrong by computation pays every cover that was reserved through it.
interface ICoverClaims {
    /// @notice No verdict says that the claim `key` is wrong, so its covers are not due.
    error NotProvedWrong(bytes32 key);

    /// @notice Claims a cover for its beneficiary; anyone, while `Operators.coverOf` says that it has not ended.
    /// Whoever proved the result wrong, and whatever the slash found to take. `Operators.payCover` pays it later.
    /// @dev A contradiction pays none: it does not say which of its outputs is wrong. Never paused.
    /// @param coverer the contract that reserved it
    /// @param result what was signed, from the coverer's events
    /// @return coverKey as `Operators` keeps it
    function claimCover(
        uint32 operatorId,
        address coverer,
        InferenceResult calldata result
    ) external returns (bytes32 coverKey);
}
