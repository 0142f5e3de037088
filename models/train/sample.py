"""Made-up candles: a random walk with stochastic volatility, so that no market data is shipped."""

import numpy as np

from candles import WINDOW, relative_to_last_close

MINUTES = 60
TOLERANCE = 1e-6
REGIMES = (("calm", 0.4), ("ordinary", 1.0), ("stormy", 3.0))


def sample(name: str, start_price: float, hourly_volatility: float, seed: int, forecast) -> dict:
    """`forecast` maps [batch, 24, 4] inputs to [batch, 1] outputs."""
    random = np.random.default_rng(seed)
    prices = np.stack([_walk(random, start_price, factor * hourly_volatility) for _, factor in REGIMES])
    outputs = forecast(relative_to_last_close(prices))[:, 0]
    return {
        "model": name,
        "description": "Synthetic candles [open, high, low, close], oldest first, and the output of model.onnx "
        "for price / lastClose - 1 as float32. The tolerance is absolute.",
        "tolerance": TOLERANCE,
        "cases": [
            {"name": regime, "candles": candles.tolist(), "volatility": round(float(output), 9)}
            for (regime, _), candles, output in zip(REGIMES, prices, outputs)
        ],
    }


def _walk(random: np.random.Generator, start_price: float, hourly_volatility: float) -> np.ndarray:
    log_volatility = 0.0
    last = np.log(start_price)
    rows = []
    for _ in range(WINDOW):
        log_volatility = 0.85 * log_volatility + random.normal(0, 0.25)
        minute = hourly_volatility * np.exp(log_volatility) / np.sqrt(MINUTES)
        path = last + np.concatenate([[0], np.cumsum(random.normal(0, minute, MINUTES))])
        rows.append([path[0], path.max(), path.min(), path[-1]])
        last = path[-1]
    return np.round(np.exp(rows), 2)
