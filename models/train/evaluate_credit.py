"""Score the float and the exact credit model on the held-out credits, and write the exact one's sample.

    python3 evaluate_credit.py --data GermanCredit.RData --models DIR

The data are needed for the baselines, and for what the model must not see: whom it treats how.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np

import credit
import exact_file
from train import write_json

PER_ONE = 1000
THRESHOLD = 700
RESAMPLES = 5_000
RIDGE = 3.0
SAMPLES = 6
TERMS = range(4, 73)
CATEGORIES = [codes for codes in credit.FEATURES.values() if isinstance(codes, list)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    arguments = parser.parse_args()
    folder = arguments.models / "credit-score"
    repaid, features = held_out(folder / "held-out.txt")
    training, others = credit.split(credit.load(arguments.data))
    assert (others.features == features).all() and (others.repaid == repaid).all()

    (points,) = exact_file.run(folder / "model.onnx", features)
    points = points[:, 0]
    forecasts = {
        "float": credit.scores(credit.read(folder / "float.onnx"), features),
        "exact": points / PER_ONE,
        "logistic": logistic(training.features, training.repaid, features),
        "logisticOnEverything": logistic(training.everything, training.repaid, others.everything),
        "constant": np.full(len(repaid), training.repaid.mean()),
    }
    measured = {who: measures(forecast, repaid) for who, forecast in forecasts.items()}
    approved = {who: forecasts[who] * PER_ONE >= THRESHOLD for who in ("float", "exact")}
    report = {
        "model": "credit-score",
        "headline": {"measure": "auc", **{who: measured[who]["auc"] for who in ("float", "exact")}},
        "heldOut": {"credits": len(repaid), "repaid": int(repaid.sum()), **measured},
        "calibration": calibration(forecasts["exact"], repaid),
        "exactAgainstFloat": {
            "meanPoints": np.abs(points - PER_ONE * forecasts["float"]).mean(),
            "maxPoints": np.abs(points - PER_ONE * forecasts["float"]).max(),
            "sameDecision": (approved["float"] == approved["exact"]).mean(),
        },
        "longerTerms": longer_terms(folder / "model.onnx"),
        "threshold": {
            "points": THRESHOLD,
            **shares(approved["exact"], repaid),
            "groups": {
                name: {"credits": int(rows.sum()), **shares(approved["exact"][rows], repaid[rows])}
                for name, rows in others.groups.items()
            },
        },
    }
    write_json(folder / "evaluation.json", report)
    write_json(folder / "sample.json", sample(features, repaid, points))
    print(" ".join(f"{who} {row['auc']:.4f}" for who, row in measured.items()))


def longer_terms(path: Path) -> dict:
    """Of all applicants that there can be: whom a longer term ever gives a higher score, and by how much at most."""
    applicants = np.array(list(itertools.product(*(range(len(codes)) for codes in CATEGORIES))))
    columns = [exact_file.run(path, np.insert(applicants, 6, months, axis=1))[0][:, 0] for months in TERMS]
    points = np.stack(columns)
    lowest = np.minimum.accumulate(points, axis=0)
    return {
        "applicants": len(applicants),
        "scoredHigher": (np.diff(points, axis=0) > 0).any(axis=0).mean(),
        "maxPoints": int((points - lowest).max()),
    }


def held_out(path: Path) -> tuple:
    rows = np.array([[int(value) for value in line.split(" ")] for line in path.read_text().splitlines()])
    return rows[:, 0] == 1, rows[:, 1:]


def measures(forecast: np.ndarray, repaid: np.ndarray) -> dict:
    """The interval resamples whole credits; Gini is twice what the area has above one half."""
    random = np.random.default_rng(1)
    draws = (random.integers(0, len(repaid), len(repaid)) for _ in range(RESAMPLES))
    low, high = np.quantile([area(forecast[rows], repaid[rows]) for rows in draws], [0.025, 0.975])
    right = np.where(repaid, forecast, 1 - forecast)
    return {
        "auc": area(forecast, repaid),
        "low": low,
        "high": high,
        "gini": 2 * area(forecast, repaid) - 1,
        "brier": ((forecast - repaid) ** 2).mean(),
        "logLoss": -np.log(right).mean(),
    }


def area(forecast: np.ndarray, repaid: np.ndarray) -> float:
    """Under the ROC curve: how often a repaid credit has the higher score, ties counted half."""
    _, place, count = np.unique(forecast, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    good = repaid.sum()
    return (rank[repaid].sum() - good * (good + 1) / 2) / (good * (len(repaid) - good))


def calibration(forecast: np.ndarray, repaid: np.ndarray, parts: int = 5) -> list:
    """From the lowest fifth of scores to the highest: what was forecast, and what came."""
    return [
        {"credits": len(rows), "score": round(float(forecast[rows].mean()), 4), "repaid": round(float(repaid[rows].mean()), 4)}
        for rows in np.array_split(np.argsort(forecast, kind="stable"), parts)
    ]


def shares(approved: np.ndarray, repaid: np.ndarray) -> dict:
    return {
        "approved": approved.mean(),
        "ofRepaid": approved[repaid].mean(),
        "ofNotRepaid": approved[~repaid].mean(),
        "repaidOfApproved": repaid[approved].mean(),
    }


def logistic(inputs: np.ndarray, repaid: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Forecasts for `others` of a logistic regression with a ridge, by Newton's method."""
    mean, spread = inputs.mean(0), np.maximum(inputs.std(0), 1e-9)
    x, z = (np.column_stack([np.ones(len(rows)), (rows - mean) / spread]) for rows in (inputs, others))
    ridge = RIDGE * np.eye(x.shape[1])
    ridge[0, 0] = 0
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        odds = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (odds - repaid) + ridge @ weights
        weights -= np.linalg.solve(x.T @ (x * (odds * (1 - odds))[:, None]) + ridge, slope)
    return 1 / (1 + np.exp(-z @ weights))


def sample(features: np.ndarray, repaid: np.ndarray, points: np.ndarray) -> dict:
    order = np.argsort(points, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, SAMPLES).astype(int)]
    return {
        "model": "credit-score",
        "description": "Held-out credits from the lowest score to the highest, and the output of model.onnx, which is the same "
        "on every machine. UCI Statlog (German Credit Data), H. Hofmann, CC BY 4.0.",
        "cases": [
            {"features": features[row].tolist(), "score": int(points[row]), "repaid": bool(repaid[row])} for row in chosen
        ],
    }


if __name__ == "__main__":
    main()
