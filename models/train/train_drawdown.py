"""Train and evaluate eth-drawdown-24h, which takes the volatility model's forecast, and write what is published.

    python3 train_drawdown.py --data DIR --models DIR

DIR with the data as for train.py; DIR with the models holds the volatility models, and receives this one.
"""

import train as volatility  # sets one thread before numpy is loaded

import argparse
import hashlib
from pathlib import Path

import numpy as np

import drawdown
import onnx_file
from candles import HOUR_MS, WINDOW, load_candles, parkinson

NAME = "eth-drawdown-24h"
SOURCES = (("ETHUSDT", "eth-volatility-1h"), ("BTCUSDT", "btc-volatility-1h"))
SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
BLOCK_DAYS = 4
RESAMPLES = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    arguments = parser.parse_args()

    # Both coins move alike, so the model learns from the training hours of both, like the one before it.
    markets = []
    for symbol, model in SOURCES:
        candles = load_candles(arguments.data / f"{symbol}-1h.csv")
        path = arguments.models / model / "model.onnx"
        markets.append((candles, periods(candles, lambda windows, path=path: onnx_file.run(path, windows))))
    inputs = np.concatenate([part["train"].inputs for _, part in markets])
    target = np.concatenate([part["train"].target for _, part in markets])
    candles, eth = markets[0]

    fits = {seed: drawdown.fit(inputs, target, drawdown.HIDDEN, seed) for seed in SEEDS}
    validation = eth["validation"]
    scores = {
        seed: drawdown.pinball(drawdown.evaluate(weights, validation.inputs), validation.target).mean()
        for seed, weights in fits.items()
    }
    seed = min(SEEDS, key=scores.get)
    folder = arguments.models / NAME
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    drawdown.write(path, NAME, fits[seed])

    report = evaluation(candles, eth, fits[seed], drawdown.fit(inputs, target, 0, seed), seed)
    volatility.write_json(folder / "evaluation.json", report)
    volatility.write_json(folder / "manifest.json", manifest(path))
    volatility.write_json(folder / "sample.json", sample(fits[seed]))
    print(f"{NAME}: {report['verdict']}")


def periods(candles, forecast) -> dict:
    days = (volatility.TRAIN_FROM, volatility.VALIDATION_FROM, volatility.TEST_FROM, volatility.TEST_UNTIL)
    cuts = [volatility.milliseconds(day) for day in days]
    parts = [drawdown.days(candles, forecast, start, end) for start, end in zip(cuts, cuts[1:])]
    return dict(zip(("train", "validation", "test"), parts))


def forecasts(candles, eth: dict, part, network: tuple, linear: tuple) -> dict:
    learned = eth["train"]
    return {
        "model": drawdown.evaluate(network, part.inputs),
        "linear": drawdown.evaluate(linear, part.inputs),
        "pastDay": clipped(past_day(candles, part) * quantile_factor(past_day(candles, learned), learned.target)),
        "constant": clipped(np.full(len(part.target), np.quantile(learned.target, drawdown.QUANTILE))),
    }


def past_day(candles, part) -> np.ndarray:
    return parkinson(candles.prices)[part.hour[:, None] + np.arange(1 - WINDOW, 1)].mean(1)


def quantile_factor(scale: np.ndarray, target: np.ndarray) -> float:
    """The factor that has the least pinball loss: a weighted quantile of the ratios."""
    order = np.argsort(target / scale)
    weight = np.cumsum(scale[order])
    return float((target / scale)[order][np.searchsorted(weight, drawdown.QUANTILE * weight[-1])])


def clipped(forecast: np.ndarray) -> np.ndarray:
    return np.clip(forecast, drawdown.MIN_DRAWDOWN, drawdown.MAX_DRAWDOWN)


def evaluation(candles, eth: dict, network: tuple, linear: tuple, seed: int) -> dict:
    def measured(part) -> dict:
        rows = forecasts(candles, eth, part, network, linear)
        return {
            who: {
                "pinballPercent": 100 * drawdown.pinball(row, part.target).mean(),
                "exceededPercent": 100 * (part.target > row).mean(),
                "meanForecastPercent": 100 * row.mean(),
            }
            for who, row in rows.items()
        }

    test = eth["test"]
    rows = forecasts(candles, eth, test, network, linear)
    block = candles.open_ms[test.hour] // (BLOCK_DAYS * 24 * HOUR_MS)
    reductions = {
        who: reduction(rows["model"], rows[who], test.target, block) for who in ("linear", "pastDay", "constant")
    }
    result = measured(test)
    return {
        "model": NAME,
        "symbol": "ETHUSDT",
        "target": "1 - lowest low of the next 24 hours / last close, at least 0; the forecast is its 95 % quantile",
        "verdict": verdict(result, reductions, len(test.target)),
        "periods": {name: volatility.extent(candles, part.hour) for name, part in eth.items()},
        "baselines": {
            "linear": "quantile regression on the same three inputs",
            "pastDay": "mean Parkinson volatility of the last 24 hours times a factor fitted on the training period",
            "constant": "the 95 % quantile of the training period",
        },
        "selection": {"seed": seed, "candidates": len(SEEDS)},
        "test": result,
        "validation": measured(eth["validation"]),
        "testPinballReductionPercent": reductions,
        "testForecastRange": {"min": rows["model"].min(), "max": rows["model"].max()},
    }


def reduction(model: np.ndarray, baseline: np.ndarray, target: np.ndarray, block: np.ndarray) -> dict:
    """The interval resamples blocks of four days: drops of neighbouring hours are one and the same."""
    random = np.random.default_rng(volatility.BOOTSTRAP_SEED)
    blocks, index = np.unique(block, return_inverse=True)
    draws = random.integers(0, len(blocks), (RESAMPLES, len(blocks)))
    ours, theirs = (np.bincount(index, drawdown.pinball(f, target)) for f in (model, baseline))
    low, high = np.quantile(100 * (1 - ours[draws].sum(1) / theirs[draws].sum(1)), [0.025, 0.975])
    return {"percent": 100 * (1 - ours.sum() / theirs.sum()), "low": low, "high": high}


def verdict(result: dict, reductions: dict, count: int) -> str:
    titles = {"linear": "a linear one", "pastDay": "one from the past day alone", "constant": "a constant"}
    against = ", ".join(
        f"{abs(r['percent']):.1f} % {'below' if r['percent'] >= 0 else 'above'} {titles[who]} "
        f"({r['low']:.1f} to {r['high']:.1f}{': no clear difference' if r['low'] <= 0 <= r['high'] else ''})"
        for who, r in reductions.items()
    )
    return (
        f"On {count} held-out hours the price fell below the forecast in {result['model']['exceededPercent']:.1f} % "
        f"(5 % would be right); the pinball loss is {against}. In brackets: 95 % interval of the reduction in percent."
    )


def manifest(path: Path) -> dict:
    content = path.read_bytes()
    return {
        "name": NAME,
        "title": "ETH drawdown, next 24 hours",
        "description": "How deep ETHUSDT falls below its last close in the next 24 hours, in all but one of twenty cases, "
        "from the forecast of eth-volatility-1h and two numbers about the last day. A 3-8-1 network.",
        "license": "MIT",
        "entry": path.name,
        "files": [{"path": path.name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}],
        "inputs": [
            {
                "name": "state",
                "dtype": "float32",
                "shape": [-1, 3],
                "description": "Output of eth-volatility-1h for the last 24 hourly candles; their highest high / lowest low "
                "- 1; their last close / first open - 1.",
            }
        ],
        "outputs": [
            {
                "name": "drawdown",
                "dtype": "float32",
                "shape": [-1, 1],
                "unit": "fraction",
                "min": drawdown.MIN_DRAWDOWN,
                "max": drawdown.MAX_DRAWDOWN,
                "description": "95 % quantile of 1 - lowest low of the next 24 hours / last close. Clipped to [min, max].",
            }
        ],
        "modes": ["VANILLA"],
        "arithmetic": "approximate",
        "royalty": "0.005",
        "minStake": "1000",
        "contributors": [],
    }


def sample(weights: tuple) -> dict:
    states = {"calm": [0.0022, 0.012, 0.004], "ordinary": [0.0055, 0.04, -0.01], "stormy": [0.015, 0.11, -0.08]}
    outputs = drawdown.evaluate(weights, np.array(list(states.values())))
    return {
        "model": NAME,
        "description": "Made-up states, and the output of model.onnx. The tolerance is absolute.",
        "tolerance": 1e-06,
        "cases": [
            {"name": name, "state": state, "drawdown": round(float(output), 9)}
            for (name, state), output in zip(states.items(), outputs)
        ],
    }


if __name__ == "__main__":
    main()
