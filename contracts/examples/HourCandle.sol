// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CompactPrice} from "./CompactPrice.sol";

/// @notice One hour's prices in one word: open, high, low, close, from the highest bits down.
type HourCandle is uint256;

using {open, high, low, close, observed} for HourCandle global;

/// @notice An hour in which only `price` has been seen.
function flatCandle(CompactPrice price) pure returns (HourCandle) {
    return candleOf(price, price, price, price);
}

function candleOf(
    CompactPrice open_,
    CompactPrice high_,
    CompactPrice low_,
    CompactPrice close_
) pure returns (HourCandle) {
    uint256 word = CompactPrice.unwrap(open_);
    word = (word << 64) | CompactPrice.unwrap(high_);
    word = (word << 64) | CompactPrice.unwrap(low_);
    return HourCandle.wrap((word << 64) | CompactPrice.unwrap(close_));
}

function open(HourCandle self) pure returns (CompactPrice) {
    return CompactPrice.wrap(uint64(HourCandle.unwrap(self) >> 192));
}

function high(HourCandle self) pure returns (CompactPrice) {
    return CompactPrice.wrap(uint64(HourCandle.unwrap(self) >> 128));
}

function low(HourCandle self) pure returns (CompactPrice) {
    return CompactPrice.wrap(uint64(HourCandle.unwrap(self) >> 64));
}

function close(HourCandle self) pure returns (CompactPrice) {
    return CompactPrice.wrap(uint64(HourCandle.unwrap(self)));
}

/// @notice The candle after `price` was seen.
function observed(HourCandle self, CompactPrice price) pure returns (HourCandle) {
    return
        candleOf(
            self.open(),
            price.isAbove(self.high()) ? price : self.high(),
            self.low().isAbove(price) ? price : self.low(),
            price
        );
}
