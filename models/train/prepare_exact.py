"""Write what `hub quantize` needs to make the volatility models exact: unfolded float models and calibration windows.

    python3 prepare_exact.py --data DIR --models DIR --work DIR

DIR with the data is the one that train.py reads; evaluate_exact.py scores the models afterwards.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from candles import load_candles
from train import ASSETS, split
from unfold import unfold

CALIBRATION_WINDOWS = 2_000
SEED = 3
VIOLENT_WINDOWS = 50
ENLARGED = (1.0, 1.5, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--models", "--work"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for asset in ASSETS:
        training = split(load_candles(arguments.data / f"{asset.symbol}-1h.csv")).train.inputs
        samples = calibration(training).astype(np.float32)[:, None]
        (arguments.work / f"{asset.name}.json").write_text(json.dumps(samples.tolist()))
        folder = arguments.models / f"{asset.name}-exact"
        folder.mkdir(parents=True, exist_ok=True)
        unfold(arguments.models / asset.name / "model.onnx", folder / "float.onnx", asset.name)


def calibration(training: np.ndarray) -> np.ndarray:
    """Windows as they come, and the most violent ones, enlarged: ranges end where the calibration ends, and the worst hour
    is still to come."""
    rows = np.random.default_rng(SEED).choice(len(training), CALIBRATION_WINDOWS, replace=False)
    swing = training.max((1, 2)) - training.min((1, 2))
    violent = training[np.sort(np.argsort(swing, kind="stable")[-VIOLENT_WINDOWS:])]
    return np.concatenate([training[np.sort(rows)], *(violent * factor for factor in ENLARGED)])


if __name__ == "__main__":
    main()
