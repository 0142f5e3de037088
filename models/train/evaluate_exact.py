"""Score the exact volatility models beside the float ones, on the same hours, and write their samples.

    python3 evaluate_exact.py --data DIR --models DIR
"""

import argparse
import json
from pathlib import Path

import numpy as np

import evaluation
import exact_file
import onnx_file
from candles import Windows, load_candles, relative_to_last_close
from train import ASSETS, Asset, extent, split, write_json

PER_ONE = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--models"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    for asset in ASSETS:
        series = load_candles(arguments.data / f"{asset.symbol}-1h.csv")
        period = split(series)
        folder = arguments.models / f"{asset.name}-exact"
        float_path = arguments.models / asset.name / "model.onnx"

        def forecasts(part: Windows) -> dict:
            return {
                "float": onnx_file.run(float_path, part.inputs)[:, 0],
                "exact": exact(folder / "model.onnx", integers(part.inputs)) / PER_ONE,
                **evaluation.baselines(series, period.train, part),
            }

        rows = forecasts(period.test)
        scores = {who: evaluation.errors(row, period.test.target) for who, row in rows.items()}
        difference = np.abs(rows["exact"] - rows["float"])
        report = {
            "model": asset.name,
            "exact": folder.name,
            "headline": {"measure": "rmse", **{who: scores[who]["rmse"] for who in ("float", "exact")}},
            "test": {"period": extent(series, period.test.hour), **scores},
            "differenceFromFloat": {
                "max": difference.max(),
                "mean": difference.mean(),
                "meanRelative": (difference / rows["float"]).mean(),
                "correlation": np.corrcoef(rows["exact"], rows["float"])[0, 1],
            },
        }
        write_json(folder / "evaluation.json", report)
        write_json(folder / "sample.json", sample(asset, folder / "model.onnx", arguments.models / asset.name))
        print(f"{asset.name}: RMSE {scores['float']['rmse']:.6f} float, {scores['exact']['rmse']:.6f} exact")


def integers(inputs: np.ndarray) -> np.ndarray:
    """As a contract computes them: `price * 1e6 / lastClose - 1e6`, division rounding down."""
    return np.floor((inputs + 1) * PER_ONE + 1e-6).astype(np.int64) - PER_ONE


def exact(path: Path, candles: np.ndarray) -> np.ndarray:
    (volatility,) = exact_file.run(path, candles)
    return volatility[:, 0]


def sample(asset: Asset, path: Path, float_folder: Path) -> dict:
    cases = json.loads((float_folder / "sample.json").read_text())["cases"]
    prices = np.array([case["candles"] for case in cases])
    candles = integers(relative_to_last_close(prices))
    outputs = exact(path, candles)
    return {
        "model": f"{asset.name}-exact",
        "description": "The candles of the float model's sample as price * 1000000 / lastClose - 1000000 in integers, and "
        "the output of model.onnx, which is the same on every machine.",
        "cases": [
            {
                "name": case["name"],
                "candles": row.tolist(),
                "volatility": int(output),
                "float": case["volatility"],
            }
            for case, row, output in zip(cases, candles, outputs)
        ],
    }


if __name__ == "__main__":
    main()
