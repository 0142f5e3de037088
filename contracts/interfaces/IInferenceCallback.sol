// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestId} from "../types/RequestId.sol";

/// @title What a contract that makes requests implements to be called back
interface IInferenceCallback {
    /// @notice Delivers the output of a request that this contract made.
    /// @dev Warning: check that the caller is the `InferenceRequests` contract you asked. It runs with the gas that
    /// the request named; what it returns is ignored; when it fails, the operator is paid all the same and
    /// `InferenceRequests.deliver` can be called again by anyone.
    /// @param output canonical encoding by the request's codec
    function onInference(RequestId id, bytes calldata output) external;
}
