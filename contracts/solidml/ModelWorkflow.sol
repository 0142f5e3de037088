// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IModelWorkflow} from "./IModelWorkflow.sol";
import {ISolidML, ModelInferenceMode, ModelInferenceRequest, ModelInput, ModelOutput} from "./ISolidML.sol";
import {TensorLib} from "./TensorLib.sol";

/// @title ModelWorkflow
/// @notice Runs one model on inputs that the contract itself gathers, and keeps the last `HISTORY` answers.
/// @dev A workflow inherits this and says in `_gatherInput` what its model is asked. `run` is open to everyone, so the
/// input must not come from whoever calls it.
abstract contract ModelWorkflow is IModelWorkflow {
    /// @notice How many answers are kept.
    uint256 public constant HISTORY = 16;

    ISolidML public immutable SOLID_ML;
    ModelInferenceMode public immutable MODE;
    string public modelCID;
    /// @notice How often it has run.
    uint256 public runs;

    mapping(uint256 slot => ModelOutput output) private _outputs;

    event WorkflowRan(uint256 indexed run);

    /// @notice The workflow has no result yet.
    error WorkflowNeverRan();

    constructor(ISolidML solidML, ModelInferenceMode mode, string memory modelCID_) {
        (SOLID_ML, MODE) = (solidML, mode);
        modelCID = modelCID_;
    }

    /// @inheritdoc IModelWorkflow
    function run() external virtual returns (ModelOutput memory output) {
        output = SOLID_ML.runModelInference(ModelInferenceRequest(MODE, modelCID, _gatherInput()));
        // Elsewhere a simulation returns an answer that was not computed; it must not enter the history.
        if (output.is_simulation_result) return output;

        uint256 index = runs++;
        _keep(_outputs[index % HISTORY], output);
        emit WorkflowRan(index);
    }

    /// @inheritdoc IModelWorkflow
    function getInferenceResult() external view returns (ModelOutput memory) {
        require(runs != 0, WorkflowNeverRan());
        return _outputs[(runs - 1) % HISTORY];
    }

    /// @inheritdoc IModelWorkflow
    function getLastInferenceResults(uint256 count) external view returns (ModelOutput[] memory results) {
        uint256 kept = runs < HISTORY ? runs : HISTORY;
        results = new ModelOutput[](count < kept ? count : kept);
        for (uint256 i; i < results.length; ++i) results[i] = _outputs[(runs - 1 - i) % HISTORY];
    }

    /// @notice The input of this run, from the chain's state or the workflow's own.
    function _gatherInput() internal virtual returns (ModelInput memory);

    /// @dev Member by member: only compilation through IR can copy such a struct to storage.
    function _keep(ModelOutput storage kept, ModelOutput memory output) private {
        delete kept.numbers;
        for (uint256 i; i < output.numbers.length; ++i) {
            TensorLib.MultiDimensionalNumberTensor storage tensor = kept.numbers.push();
            tensor.name = output.numbers[i].name;
            tensor.shape = output.numbers[i].shape;
            TensorLib.Number[] memory values = output.numbers[i].values;
            for (uint256 j; j < values.length; ++j) tensor.values.push(values[j]);
        }
        delete kept.strings;
        for (uint256 i; i < output.strings.length; ++i) {
            TensorLib.StringTensor storage tensor = kept.strings.push();
            tensor.name = output.strings[i].name;
            for (uint256 j; j < output.strings[i].values.length; ++j) tensor.values.push(output.strings[i].values[j]);
        }
        delete kept.jsons;
        for (uint256 i; i < output.jsons.length; ++i) kept.jsons.push(output.jsons[i]);
    }
}
