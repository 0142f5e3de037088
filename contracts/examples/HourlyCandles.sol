// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CompactPrice} from "./CompactPrice.sol";
import {flatCandle, HourCandle} from "./HourCandle.sol";

/// @notice Candles as they are stored. The last 24 closed hours stay; hour h is at h % 24.
struct CandleSeries {
    /// Hour (since 1970) of `building`.
    uint32 hour;
    /// Hour of the first price; 0 before it.
    uint32 firstHour;
    /// Timestamp up to which the price has been recorded.
    uint40 recordedAt;
    HourCandle building;
    HourCandle[24] closed;
}

/// @notice The same in memory, brought up to the present.
struct CandleHistory {
    uint256 hour;
    uint256 firstHour;
    uint256 recordedAt;
    HourCandle building;
    HourCandle[24] closed;
}

/// @title HourlyCandles
/// @notice Hourly candles of a price that an on-chain market sets itself.
/// @dev What moves them is a price that stood, not one that was touched. A price is recorded when its block is over, so
/// what a transaction or a block moves and puts back leaves no trace. And the recorded price follows the real one by
/// at most 1/600 of itself for each second that it has stood: one block of two seconds moves it by 0.33 %, however far
/// the price was pushed, and whoever wants more must hold it against everybody who would trade it back.
/// A closed hour does not change any more, so inputs made from closed hours are the same for a whole hour.
library HourlyCandles {
    uint256 internal constant HOURS = 24;
    /// @dev Seconds in which the recorded price may double, or halve.
    uint256 internal constant DOUBLING_TIME = 600;

    /// @notice Begins with `price`, now.
    function start(CandleSeries storage series, CompactPrice price) internal {
        series.hour = uint32(block.timestamp / 1 hours);
        series.firstHour = series.hour;
        series.recordedAt = uint40(block.timestamp);
        series.building = flatCandle(price);
    }

    /// @notice Records `price`, which has stood since the last recording, and writes it down. To be called before the
    /// price moves.
    function record(CandleSeries storage series, CompactPrice price) internal returns (CandleHistory memory history) {
        history = current(series, price);
        if (history.recordedAt == series.recordedAt) return history;
        uint256 oldest = history.hour < HOURS ? 0 : history.hour - HOURS;
        for (uint256 hour = series.hour > oldest ? series.hour : oldest; hour < history.hour; ++hour) {
            series.closed[hour % HOURS] = history.closed[hour % HOURS];
        }
        series.hour = uint32(history.hour);
        series.recordedAt = uint40(history.recordedAt);
        series.building = history.building;
    }

    /// @notice What `record` would leave.
    function current(
        CandleSeries storage series,
        CompactPrice price
    ) internal view returns (CandleHistory memory history) {
        history.hour = series.hour;
        history.firstHour = series.firstHour;
        history.recordedAt = series.recordedAt;
        history.building = series.building;
        history.closed = series.closed;
        _advance(history, price);
    }

    /// @notice Whether there are 24 closed hours, each seen from its beginning.
    function isComplete(CandleHistory memory history) internal pure returns (bool) {
        return history.hour > history.firstHour + HOURS;
    }

    /// @notice The closed hours, oldest first.
    function lastDay(CandleHistory memory history) internal pure returns (HourCandle[24] memory candles) {
        for (uint256 i; i < HOURS; ++i) candles[i] = history.closed[(history.hour + i) % HOURS];
    }

    function _advance(CandleHistory memory history, CompactPrice price) private view {
        uint256 thisHour = block.timestamp / 1 hours;
        if (thisHour > history.hour + HOURS) {
            // All that was known is older than a day.
            history.hour = thisHour - HOURS;
            history.recordedAt = history.hour * 1 hours;
            history.building = flatCandle(history.building.close());
        }
        while (history.hour < thisHour) {
            uint256 end = (history.hour + 1) * 1 hours;
            _see(history, price, end);
            history.closed[history.hour % HOURS] = history.building;
            history.building = flatCandle(history.building.close());
            ++history.hour;
        }
        _see(history, price, block.timestamp);
    }

    /// @dev The price stood until `until`.
    function _see(CandleHistory memory history, CompactPrice price, uint256 until) private pure {
        uint128 stood = uint128(until - history.recordedAt);
        if (stood == 0) return;
        CompactPrice last = history.building.close();
        uint128 unit = uint128(DOUBLING_TIME);
        CompactPrice highest = last.scaled(unit + stood, unit);
        CompactPrice lowest = last.scaled(unit, unit + stood);
        if (price.isAbove(highest)) price = highest;
        else if (lowest.isAbove(price)) price = lowest;
        history.building = history.building.observed(price);
        history.recordedAt = until;
    }
}
