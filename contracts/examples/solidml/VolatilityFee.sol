// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISolidML, ModelInferenceMode, ModelInferenceRequest, ModelInput, ModelOutput} from "../../solidml/ISolidML.sol";
import {TensorLib} from "../../solidml/TensorLib.sol";

/// @title VolatilityFee
/// @notice An example written for the published interface: a swap fee that follows a model's forecast of volatility
/// from the last ten hourly candles, which a keeper writes down.
/// @dev Nothing in it knows this network but the address given to the constructor.
contract VolatilityFee {
    uint256 public constant CANDLES = 10;
    uint256 public constant MIN_FEE_BPS = 5;
    uint256 public constant MAX_FEE_BPS = 100;
    /// Prices have 8 decimals.
    int128 private constant PRICE_DECIMALS = 8;

    ISolidML public immutable INFERENCE;
    address public immutable KEEPER;
    string public modelCID;

    /// @notice The swap fee; the highest one until there is a forecast.
    uint256 public feeBps = MAX_FEE_BPS;
    TensorLib.Number public volatility;

    /// Open, high, low, close.
    int128[4][] private _candles;

    /// @notice Only the keeper may do this.
    error NotKeeper(address caller);
    /// @notice There are fewer candles than the model needs.
    error CandlesMissing(uint256 count);

    constructor(ISolidML inference, string memory modelCID_, address keeper) {
        (INFERENCE, KEEPER) = (inference, keeper);
        modelCID = modelCID_;
    }

    /// @notice Writes down the hour that has ended.
    function observe(int128[4] calldata candle) external {
        require(msg.sender == KEEPER, NotKeeper(msg.sender));
        _candles.push(candle);
    }

    /// @notice Asks the model and sets the fee. Anyone may.
    function updateFee() external {
        require(_candles.length >= CANDLES, CandlesMissing(_candles.length));
        TensorLib.Number[][] memory rows = new TensorLib.Number[][](CANDLES);
        for (uint256 i; i < CANDLES; ++i) rows[i] = _row(_candles[_candles.length - CANDLES + i]);

        ModelInput memory input = ModelInput(
            new TensorLib.MultiDimensionalNumberTensor[](1),
            new TensorLib.StringTensor[](0)
        );
        input.numbers[0] = TensorLib.numberTensor2D("open_high_low_close", rows);
        ModelOutput memory output = INFERENCE.runModelInference(
            ModelInferenceRequest(ModelInferenceMode.VANILLA, modelCID, input)
        );
        if (output.is_simulation_result) return;

        volatility = output.numbers[0].values[0];
        feeBps = _feeFor(volatility);
    }

    function _row(int128[4] storage candle) private view returns (TensorLib.Number[] memory row) {
        row = new TensorLib.Number[](4);
        for (uint256 i; i < 4; ++i) row[i] = TensorLib.Number(candle[i], PRICE_DECIMALS);
    }

    /// @dev A tenth of the forecast, which is a share of the price.
    function _feeFor(TensorLib.Number memory forecast) private pure returns (uint256) {
        if (forecast.value <= 0) return MIN_FEE_BPS;
        uint256 bps = (uint256(int256(forecast.value)) * 1_000) / 10 ** uint256(int256(forecast.decimals));
        if (bps < MIN_FEE_BPS) return MIN_FEE_BPS;
        return bps > MAX_FEE_BPS ? MAX_FEE_BPS : bps;
    }
}
