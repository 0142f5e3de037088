"""Baselines, error measures, and the comparison that the verdict rests on."""

import numpy as np

from candles import WINDOW, Candles, Windows, parkinson
from onnx_file import MAX_VOLATILITY, MIN_VOLATILITY

LAMBDAS = np.round(np.arange(0.5, 0.995, 0.01), 2)
RESAMPLES = 5_000


def errors(forecast: np.ndarray, target: np.ndarray) -> dict:
    miss = forecast - target
    return {
        "rmse": np.sqrt((miss**2).mean()),
        "mae": np.abs(miss).mean(),
        "qlike": _qlike(forecast, target).mean(),
        "r2": 1 - (miss**2).sum() / ((target - target.mean()) ** 2).sum(),
        "correlation": np.corrcoef(forecast, target)[0, 1],
    }


def tune_lambda(candles: Candles, train: Windows) -> float:
    losses = [((_ewma(candles, decay)[train.hour] - train.target) ** 2).mean() for decay in LAMBDAS]
    return float(LAMBDAS[int(np.argmin(losses))])


def baselines(candles: Candles, train: Windows, period: Windows) -> dict:
    """Forecasts for `period` that need no network, clipped like the model's."""
    fitted, *_ = np.linalg.lstsq(_regressors(candles, train), train.target, rcond=None)
    forecasts = {
        "naive": _past_day(candles, period).mean(axis=1),
        "sameHourYesterday": _past_day(candles, period)[:, 0],
        "ewma": _ewma(candles, tune_lambda(candles, train))[period.hour],
        "linear": _regressors(candles, period) @ fitted,
    }
    return {name: np.clip(f, MIN_VOLATILITY, MAX_VOLATILITY) for name, f in forecasts.items()}


def reduction(model: np.ndarray, baseline: np.ndarray, target: np.ndarray, day: np.ndarray, seed: int) -> dict:
    """By how many percent the model's error is below the baseline's, with a 95 % interval.

    The interval resamples whole days, because errors within a day are not independent.
    """
    random = np.random.default_rng(seed)
    days, index = np.unique(day, return_inverse=True)
    draws = random.integers(0, len(days), (RESAMPLES, len(days)))
    result = {}
    for measure, loss, root in (("rmse", _squared, np.sqrt), ("qlike", _qlike, np.asarray)):
        ours, theirs = (np.bincount(index, loss(f, target)) for f in (model, baseline))
        percent = 100 * (1 - root(ours.sum() / theirs.sum()))
        resampled = 100 * (1 - root(ours[draws].sum(1) / theirs[draws].sum(1)))
        low, high = np.quantile(resampled, [0.025, 0.975])
        result[measure] = {"percent": percent, "low": low, "high": high}
    return result


def _squared(forecast: np.ndarray, target: np.ndarray) -> np.ndarray:
    return (forecast - target) ** 2


def _qlike(forecast: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Patton's (2011) robust loss on variances."""
    ratio = (np.maximum(target, MIN_VOLATILITY) / np.maximum(forecast, MIN_VOLATILITY)) ** 2
    return ratio - np.log(ratio) - 1


def _past_day(candles: Candles, period: Windows) -> np.ndarray:
    return parkinson(candles.prices)[period.hour[:, None] + np.arange(-WINDOW, 0)]


def _regressors(candles: Candles, period: Windows) -> np.ndarray:
    return np.column_stack([_past_day(candles, period), np.ones(len(period.hour))])


def _ewma(candles: Candles, decay: float) -> np.ndarray:
    """Forecast for each hour from all hours before it."""
    observed = parkinson(candles.prices)
    forecast = np.empty(len(observed))
    forecast[0] = observed[0]
    for hour in range(1, len(observed)):
        forecast[hour] = decay * forecast[hour - 1] + (1 - decay) * observed[hour - 1]
    return forecast
