// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TensorLib} from "./TensorLib.sol";

/// @notice How an answer is backed. The numbers are those of `types/Mode.sol`.
enum ModelInferenceMode {
    VANILLA,
    ZK,
    TEE
}

/// @notice What goes into a model, tensor by name.
struct ModelInput {
    TensorLib.MultiDimensionalNumberTensor[] numbers;
    /// None: the network's models take no strings.
    TensorLib.StringTensor[] strings;
}

/// @notice What came out of a model.
struct ModelOutput {
    /// In the order in which the release declares its outputs.
    TensorLib.MultiDimensionalNumberTensor[] numbers;
    /// Always empty here.
    TensorLib.StringTensor[] strings;
    /// Always empty here.
    TensorLib.JsonScalar[] jsons;
    /// Always false here: an answer that was not computed is never returned.
    // solhint-disable-next-line var-name-mixedcase
    bool is_simulation_result;
}

struct ModelInferenceRequest {
    ModelInferenceMode mode;
    string modelCID;
    ModelInput input;
}

/// @title The published inference interface
/// @notice What contracts written for OpenGradient's chain call. Here it stands on `IPipe`: the answer is signed by a
/// staked operator and comes with the transaction.
/// @dev Names, layouts and selectors are fixed by those contracts.
interface ISolidML {
    /// The answer of `run`, for clients that read it from the receipt.
    event InferenceResult(ModelOutput output);

    /// @notice The model's answer.
    /// @dev Reverts with `IPipe.InferenceRequired` where no result was loaded for the account acted for, see
    /// `SolidML`; a node reads that from a simulation.
    /// @param request `modelCID` is a content id that the hub knows, or `0x<publisher>/<name>@v<major>.<minor>`
    function runModelInference(ModelInferenceRequest calldata request) external returns (ModelOutput memory output);

    /// @notice The same, and logs the answer. Emits `InferenceResult`.
    /// @param mode number of a `ModelInferenceMode`; its two upper bits may demand something of keys that proofs are made
    /// with, as those of a query's modes (`types/KeyOrigin.sol`)
    function run(
        string calldata modelId,
        uint8 mode,
        ModelInput calldata input
    ) external returns (ModelOutput memory output);
}
