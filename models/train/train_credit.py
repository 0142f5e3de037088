"""Train the credit score and write the float model, what `hub quantize` needs, and the held-out credits.

    python3 train_credit.py --data GermanCredit.RData --out DIR --work DIR

The data are the 1,000 credits of the UCI "Statlog (German Credit Data)" (H. Hofmann, CC BY 4.0), as the Debian package
r-cran-caret ships them; evaluate_credit.py scores the models afterwards.
"""

import os

# One thread: the order of a threaded sum depends on the machine, and the .onnx bytes with it.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import hashlib
import itertools
import json
from pathlib import Path

import numpy as np

import credit

SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    everything = credit.load(arguments.data)
    training, held_out = credit.split(everything)

    folder = arguments.out / "credit-score"
    for each in (folder, arguments.work):
        each.mkdir(parents=True, exist_ok=True)
    weights = credit.train(training, SEED)
    credit.write(folder / "float.onnx", weights)
    (folder / "held-out.txt").write_text("".join(line(*row) for row in zip(held_out.repaid, held_out.features)))
    # The ends of all features as well: nothing that the contract lets in lies beyond them.
    corners = np.array(list(itertools.product(*zip(everything.features.min(0), everything.features.max(0)))))
    calibration = np.concatenate([training.features, corners])[:, None].astype(int).tolist()
    (arguments.work / "calibration.json").write_text(json.dumps(calibration))
    (arguments.work / "check.json").write_text(json.dumps(training.features[:, None].astype(int).tolist()))
    (arguments.work / "manifest.json").write_text(json.dumps(manifest(folder / "float.onnx"), indent=2))
    print(f"{len(training.repaid)} credits learnt, {len(held_out.repaid)} held out")


def line(repaid: bool, features: np.ndarray) -> str:
    return f"{int(repaid)} {' '.join(str(int(value)) for value in features)}\n"


def manifest(path: Path) -> dict:
    content = path.read_bytes()
    return {
        "name": "credit-score",
        "title": "Credit score, seven attributes",
        "description": "An example: the probability that a credit is repaid, from seven attributes of its applicant. Trained on "
        "1,000 credits of the seventies; evaluation.json says how little it knows. Not fit to lend on.",
        "license": "MIT",
        "entry": path.name,
        "files": [{"path": path.name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}],
        "inputs": [
            {
                "name": "features",
                "dtype": "float32",
                "shape": [-1, len(credit.FEATURES)],
                "description": f"{', '.join(credit.FEATURES)}: categories by their place in the data set's code, then whole months.",
            }
        ],
        "outputs": [
            {
                "name": "score",
                "dtype": "float32",
                "shape": [-1, 1],
                "description": "Probability that the credit is repaid, as in the data set, where 7 in 10 were.",
            },
        ],
        "modes": ["ZK"],
        "arithmetic": "approximate",
        "royalty": "0.01",
        "minStake": "1000",
        "contributors": [],
    }


if __name__ == "__main__":
    main()
