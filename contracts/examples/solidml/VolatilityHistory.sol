// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISolidML, ModelInferenceMode, ModelInput} from "../../solidml/ISolidML.sol";
import {ModelWorkflow} from "../../solidml/ModelWorkflow.sol";
import {TensorLib} from "../../solidml/TensorLib.sol";

/// @title VolatilityHistory
/// @notice An example of a workflow: forecasts from the prices that anyone can see it sample, one an hour, and keeps
/// the last forecasts.
contract VolatilityHistory is ModelWorkflow {
    uint256 public constant SAMPLES = 4;
    uint256 public constant INTERVAL = 1 hours;

    IPriceSource public immutable SOURCE;

    uint256 public sampledAt;
    int128[SAMPLES] private _prices;

    constructor(
        ISolidML solidML,
        string memory modelCID_,
        IPriceSource source
    ) ModelWorkflow(solidML, ModelInferenceMode.VANILLA, modelCID_) {
        SOURCE = source;
    }

    /// @dev The price of now takes the place of the oldest one when an hour has passed, and of the last one before.
    function _gatherInput() internal override returns (ModelInput memory input) {
        if (block.timestamp >= sampledAt + INTERVAL) {
            for (uint256 i = 1; i < SAMPLES; ++i) _prices[i - 1] = _prices[i];
            sampledAt = block.timestamp;
        }
        _prices[SAMPLES - 1] = SOURCE.price();

        TensorLib.Number[] memory values = new TensorLib.Number[](SAMPLES);
        for (uint256 i; i < SAMPLES; ++i) values[i] = TensorLib.Number(_prices[i], 8);
        input.numbers = new TensorLib.MultiDimensionalNumberTensor[](1);
        input.numbers[0] = TensorLib.numberTensor1D("prices", values);
    }
}

/// @notice Where the prices come from; 8 decimals.
interface IPriceSource {
    function price() external view returns (int128);
}
