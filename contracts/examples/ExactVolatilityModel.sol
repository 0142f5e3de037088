// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TensorCodec} from "../libraries/TensorCodec.sol";
import {Dtype} from "../types/Dtype.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";
import {CompactPrice} from "./CompactPrice.sol";
import {HourCandle} from "./HourCandle.sol";

/// @title ExactVolatilityModel
/// @notice What the exact volatility models take and give, `models/README.md`: integers, 1,000,000 for one.
library ExactVolatilityModel {
    /// @dev The models' upper bound, 5 % an hour; 1e18 = 100 %.
    uint256 internal constant MAX_VOLATILITY = 0.05e18;
    uint64 private constant UNIT = 1e6;
    uint256 private constant SCALE = 1e18 / 1e6;

    /// @notice int32 [1, 24, 4]: each price relative to the last close, minus one.
    function encodeInput(HourCandle[24] memory candles) internal pure returns (bytes memory) {
        CompactPrice last = candles[23].close();
        int256[] memory values = new int256[](96);
        for (uint256 i; i < 24; ++i) {
            HourCandle candle = candles[i];
            values[4 * i] = _relative(candle.open(), last);
            values[4 * i + 1] = _relative(candle.high(), last);
            values[4 * i + 2] = _relative(candle.low(), last);
            values[4 * i + 3] = _relative(candle.close(), last);
        }
        return TensorCodec.encode(TensorCodec.fromInts(values, TensorCodec.shapeOf(1, 24, 4), Dtype.INT32));
    }

    /// @notice The forecast in `output`, 1e18 = 100 %; reverts where the model cannot have said that, but for what is
    /// out of its range, which counts as the bound.
    function decodeOutput(bytes memory output) internal pure returns (uint256 volatility) {
        Tensor memory tensor = TensorCodec.decodeSingle(output);
        int32[] memory shape = new int32[](2);
        (shape[0], shape[1]) = (1, 1);
        TensorRules.requireLike(tensor, Dtype.INT64, shape);
        int256 forecast = TensorCodec.intAt(tensor, 0);
        if (forecast < 0) return 0;
        volatility = uint256(forecast) * SCALE;
        return volatility > MAX_VOLATILITY ? MAX_VOLATILITY : volatility;
    }

    /// @dev What int32 does not hold counts as the most that it does: the model is at its end long before.
    function _relative(CompactPrice price, CompactPrice last) private pure returns (int256) {
        uint256 relative = price.relativeTo(last, UNIT);
        int256 difference = int256(relative) - int256(uint256(UNIT));
        return difference > type(int32).max ? int256(type(int32).max) : difference;
    }
}
