// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CompactPriceLib} from "../examples/CompactPrice.sol";
import {candleOf, HourCandle} from "../examples/HourCandle.sol";
import {DrawdownModel} from "../examples/DrawdownModel.sol";
import {ExactVolatilityModel} from "../examples/ExactVolatilityModel.sol";
import {VolatilityModel} from "../examples/VolatilityModel.sol";

/// @notice What the examples' models are given for prices that a test chooses.
contract ModelInputHarness {
    /// @param prices of each hour: open, high, low, close, in hundredths
    function volatilityInput(uint128[4][24] calldata prices) external pure returns (bytes memory) {
        return VolatilityModel.encodeInput(_candles(prices));
    }

    /// @param prices of each hour: open, high, low, close, in hundredths
    function exactVolatilityInput(uint128[4][24] calldata prices) external pure returns (bytes memory) {
        return ExactVolatilityModel.encodeInput(_candles(prices));
    }

    /// @param volatility 1e18 = 100 %
    function drawdownInput(uint256 volatility, uint128[4][24] calldata prices) external pure returns (bytes memory) {
        return DrawdownModel.encodeInput(volatility, _candles(prices));
    }

    function _candles(uint128[4][24] calldata prices) private pure returns (HourCandle[24] memory candles) {
        for (uint256 i; i < 24; ++i) {
            uint128[4] calldata hour = prices[i];
            candles[i] = candleOf(
                CompactPriceLib.fromRatio(hour[0], 100),
                CompactPriceLib.fromRatio(hour[1], 100),
                CompactPriceLib.fromRatio(hour[2], 100),
                CompactPriceLib.fromRatio(hour[3], 100)
            );
        }
    }
}
