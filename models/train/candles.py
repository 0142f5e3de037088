"""Hourly candles: loading, the 24-hour windows a model sees, and the volatility it forecasts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

WINDOW = 24
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Candles:
    open_ms: np.ndarray  # [hours] open time, UTC
    prices: np.ndarray  # [hours, 4] open, high, low, close
    volume: np.ndarray  # [hours]


@dataclass(frozen=True)
class Windows:
    hour: np.ndarray  # [windows] index of the hour to forecast in the candle series
    inputs: np.ndarray  # [windows, 24, 4] price / lastClose - 1, oldest candle first
    target: np.ndarray  # [windows] Parkinson volatility of the hour to forecast


def load_candles(path: Path) -> Candles:
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    return Candles(rows[:, 0].astype(np.int64), rows[:, 1:5], rows[:, 5])


def parkinson(prices: np.ndarray) -> np.ndarray:
    """Parkinson (1980) volatility of each candle, as a fraction: sqrt(ln(high / low)^2 / (4 ln 2))."""
    return np.log(prices[..., 1] / prices[..., 2]) / np.sqrt(4 * np.log(2))


def relative_to_last_close(prices: np.ndarray) -> np.ndarray:
    """[..., 24, 4] prices to the model's input: price / lastClose - 1."""
    return prices / prices[..., -1:, 3:4] - 1


def windows(candles: Candles, start_ms: int, end_ms: int) -> Windows:
    """Windows whose 24 hours and hour to forecast all lie in [start_ms, end_ms).

    A window with a missing hour, or an hour without a trade (an exchange halt), is left out.
    """
    target = np.arange(WINDOW, len(candles.open_ms))
    first = target - WINDOW
    unbroken = candles.open_ms[target] - candles.open_ms[first] == WINDOW * HOUR_MS
    halted_before = np.concatenate([[0], np.cumsum(candles.volume == 0)])
    traded = halted_before[target + 1] == halted_before[first]
    inside = (candles.open_ms[first] >= start_ms) & (candles.open_ms[target] < end_ms)
    target = target[unbroken & traded & inside]
    prices = candles.prices[target[:, None] + np.arange(-WINDOW, 0)]
    return Windows(target, relative_to_last_close(prices), parkinson(candles.prices[target]))
