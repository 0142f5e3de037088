"""Score the float and the exact digit classifier on the held-out images, and write the exact one's sample.

    python3 evaluate_digits.py --models DIR
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

import digits
import exact_file
from train import write_json
from train_digits import PIXELS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True)
    folder = parser.parse_args().models / "digits"
    images = held_out(folder / "held-out.txt")
    float_scores = digits.scores(weights(folder / "float.onnx"), images.pixels)
    found, scores = exact_file.run(folder / "model.onnx", images.pixels)
    rows = {"float": float_scores.argmax(1), "exact": found}
    right = {who: row == images.label for who, row in rows.items()}
    report = {
        "model": "digits",
        "headline": {"measure": "accuracy", **{who: hits.mean() for who, hits in right.items()}},
        "heldOut": {
            "images": len(images.label),
            **{who: {"accuracy": hits.mean(), "wrong": int((~hits).sum())} for who, hits in right.items()},
        },
        "sameDigit": (rows["float"] == rows["exact"]).mean(),
        "accuracyByDigit": {
            who: [round(float(hits[images.label == digit].mean()), 4) for digit in range(digits.CLASSES)]
            for who, hits in right.items()
        },
    }
    write_json(folder / "evaluation.json", report)
    write_json(folder / "sample.json", sample(images, found, scores))
    print(" ".join(f"{who} {hits.mean():.4f}" for who, hits in right.items()))


def held_out(path: Path) -> digits.Images:
    lines = [line.split(" ") for line in path.read_text().splitlines()]
    pixels = np.array([[PIXELS.index(pixel) for pixel in row] for _, row in lines])
    return digits.Images(pixels.reshape(-1, 1, digits.SIDE, digits.SIDE), np.array([int(label) for label, _ in lines]))


def weights(path: Path) -> list:
    constants = {c.name: numpy_helper.to_array(c) for c in onnx.load(str(path)).graph.initializer}
    return [constants[f"{kind}{i}"] for kind in ("weight", "bias") for i in (1, 2, 3)]


def sample(images: digits.Images, found: np.ndarray, scores: np.ndarray) -> dict:
    first = [int(np.flatnonzero(images.label == digit)[0]) for digit in range(digits.CLASSES)]
    return {
        "model": "digits",
        "description": "The first held-out image of each digit, and the outputs of model.onnx, which are the same on every "
        "machine. UCI Optical Recognition of Handwritten Digits, CC BY 4.0.",
        "cases": [
            {
                "label": int(images.label[row]),
                "image": images.pixels[row, 0].tolist(),
                "digit": int(found[row]),
                "scores": scores[row].tolist(),
            }
            for row in first
        ],
    }


if __name__ == "__main__":
    main()
