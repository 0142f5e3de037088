"""Train the digit classifier and write the float model, what `hub quantize` needs, and the held-out images.

    python3 train_digits.py --data digits.csv.gz --out DIR --work DIR

The data are the 1,797 images of the UCI "Optical Recognition of Handwritten Digits" test set (CC BY 4.0), as scikit-learn
ships them; evaluate_digits.py scores the models afterwards.
"""

import os

# One thread: the order of a threaded sum depends on the machine, and the .onnx bytes with it.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

import digits

SEED = 1
CALIBRATION_IMAGES = 512
PIXELS = "0123456789abcdefg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    training, held_out = digits.split(digits.load(arguments.data))

    folder = arguments.out / "digits"
    for each in (folder, arguments.work):
        each.mkdir(parents=True, exist_ok=True)
    params = digits.train(training, SEED)
    digits.write(folder / "float.onnx", params)
    (folder / "held-out.txt").write_text("".join(line(*row) for row in zip(held_out.label, held_out.pixels)))
    calibration = training.pixels[:CALIBRATION_IMAGES, None].astype(int).tolist()
    (arguments.work / "calibration.json").write_text(json.dumps(calibration))
    (arguments.work / "manifest.json").write_text(json.dumps(manifest(folder / "float.onnx"), indent=2))
    found = digits.scores(params, held_out.pixels).argmax(1)
    print(f"{len(training.label)} images learnt, accuracy on {len(held_out.label)} others {np.mean(found == held_out.label):.4f}")


def line(label: int, pixels: np.ndarray) -> str:
    return f"{label} {''.join(PIXELS[int(value)] for value in pixels.ravel())}\n"


def manifest(path: Path) -> dict:
    content = path.read_bytes()
    return {
        "name": "digits",
        "title": "Handwritten digits, 8 x 8",
        "description": "Tells the digit in a grey image of 8 x 8 pixels. A small convolutional network, trained on the "
        "UCI optical digits; evaluation.json says how often it is right.",
        "license": "MIT",
        "entry": path.name,
        "files": [{"path": path.name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}],
        "inputs": [
            {
                "name": "image",
                "dtype": "float32",
                "shape": [-1, 1, digits.SIDE, digits.SIDE],
                "description": "Rows from the top, pixels from the left: 0 is paper, 16 is ink.",
            }
        ],
        "outputs": [
            {"name": "digit", "dtype": "int64", "shape": [-1], "description": "The digit with the highest score."},
            {
                "name": "scores",
                "dtype": "float32",
                "shape": [-1, digits.CLASSES],
                "description": "One a digit; a difference of ln 2 means twice as likely.",
            },
        ],
        "modes": ["VANILLA"],
        "arithmetic": "approximate",
        "royalty": "0.01",
        "minStake": "1000",
        "contributors": [],
    }


if __name__ == "__main__":
    main()
