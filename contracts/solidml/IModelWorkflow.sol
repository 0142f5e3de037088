// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelOutput} from "./ISolidML.sol";

/// @title A model that is run again and again
/// @notice What schedulers call and clients read.
interface IModelWorkflow {
    /// @notice Runs the model once and keeps its answer. Anyone may call it.
    function run() external returns (ModelOutput memory output);

    /// @notice The newest answer; reverts before the first.
    function getInferenceResult() external view returns (ModelOutput memory);

    /// @notice The last answers, newest first: `count`, or as many as are kept.
    function getLastInferenceResults(uint256 count) external view returns (ModelOutput[] memory);
}
