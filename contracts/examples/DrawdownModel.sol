// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TensorCodec} from "../libraries/TensorCodec.sol";
import {Dtype} from "../types/Dtype.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";
import {CompactPrice} from "./CompactPrice.sol";
import {HourCandle} from "./HourCandle.sol";

/// @title DrawdownModel
/// @notice What the drawdown model takes and gives, `models/README.md`.
/// @dev Warning: not fit to lend on, as its evaluation there says.
library DrawdownModel {
    /// @dev The model's lower bound, 0.2 %; 1e18 = 100 %.
    uint256 internal constant MIN_DRAWDOWN = 0.002e18;
    /// @dev The model's upper bound, 30 %.
    uint256 internal constant MAX_DRAWDOWN = 0.3e18;
    uint8 internal constant DECIMALS = 18;
    uint64 private constant UNIT = 1e18;

    /// @notice float32 [1, 3]: the volatility model's forecast (1e18 = 100 %), range and return of its candles.
    function encodeInput(uint256 volatility, HourCandle[24] memory candles) internal pure returns (bytes memory) {
        CompactPrice highest = candles[0].high();
        CompactPrice lowest = candles[0].low();
        for (uint256 i = 1; i < 24; ++i) {
            if (candles[i].high().isAbove(highest)) highest = candles[i].high();
            if (lowest.isAbove(candles[i].low())) lowest = candles[i].low();
        }
        int256[] memory values = new int256[](3);
        values[0] = int256(volatility);
        values[1] = _change(highest, lowest);
        values[2] = _change(candles[23].close(), candles[0].open());
        return TensorCodec.encode(TensorCodec.fromFixed(values, DECIMALS, TensorCodec.shapeOf(1, 3), Dtype.FLOAT32));
    }

    /// @notice The drawdown in `output`, 1e18 = 100 %; what is out of the model's range counts as the bound.
    function decodeOutput(bytes memory output) internal pure returns (uint256) {
        Tensor memory tensor = TensorCodec.decodeSingle(output);
        int32[] memory shape = new int32[](2);
        (shape[0], shape[1]) = (1, 1);
        TensorRules.requireLike(tensor, Dtype.FLOAT32, shape);
        int256 drawdown = TensorCodec.fixedAt(tensor, 0, DECIMALS);
        if (drawdown < int256(MIN_DRAWDOWN)) return MIN_DRAWDOWN;
        return uint256(drawdown) > MAX_DRAWDOWN ? MAX_DRAWDOWN : uint256(drawdown);
    }

    function _change(CompactPrice to, CompactPrice from) private pure returns (int256) {
        return int256(to.relativeTo(from, UNIT)) - int256(uint256(UNIT));
    }
}
