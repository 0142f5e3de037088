"""The 96 -> 32 -> 16 -> 1 network: its input basis, its training, and the weights that are exported."""

from dataclasses import dataclass

import numpy as np

from candles import WINDOW

INPUTS = WINDOW * 4
LAYERS = (WINDOW * 3, 32, 16, 1)
SHAPE_UNIT = 0.01
VOLATILITY_UNIT = 0.005
AVERAGING = 0.99


@dataclass(frozen=True)
class Recipe:
    loss: str  # "squared" | "gamma"
    weight_decay: float
    scale_jitter: float  # standard deviation of the log of the random factor on a window's size
    epochs: int = 24
    batch: int = 128
    learning_rate: float = 1e-3


@dataclass(frozen=True)
class Weights:
    """Float32 weights that act on the raw input; layer i computes x @ matrix[i] + bias[i]."""

    matrix: tuple
    bias: tuple


def shape_basis() -> np.ndarray:
    """[96, 72] map from the flattened input to candle shapes: 24 ranges, 24 bodies, 24 wick asymmetries.

    Each column sums to zero, so the network sees how far prices moved within an hour and not where the
    hour stood. It is folded into the first layer.
    """
    per_candle = np.array(
        [
            # range, body, asymmetry
            [0, -1, -1],  # open
            [1, 0, 1],  # high
            [-1, 0, 1],  # low
            [0, 1, -1],  # close
        ]
    )
    basis = np.zeros((WINDOW, 4, 3, WINDOW))
    for hour in range(WINDOW):
        basis[hour, :, :, hour] = per_candle
    return basis.reshape(INPUTS, 3 * WINDOW) / SHAPE_UNIT


def train(inputs: np.ndarray, target: np.ndarray, recipe: Recipe, seed: int) -> Weights:
    """Adam with decoupled weight decay and a cosine learning rate; the exported weights are a running average.

    Two augmentations: a window and its target are scaled together (volatility scales with the range), and
    a window is turned upside down (bodies and asymmetries change sign; the target stays).
    """
    random = np.random.default_rng(seed)
    shapes = inputs.reshape(len(inputs), INPUTS) @ shape_basis()
    target = target / VOLATILITY_UNIT

    matrices = [random.normal(0, np.sqrt(2 / a), (a, b)) for a, b in zip(LAYERS, LAYERS[1:])]
    matrices[-1] = np.abs(matrices[-1]) / 2
    biases = [np.zeros(width) for width in LAYERS[1:]]
    params = matrices + biases
    first = [np.zeros_like(p) for p in params]
    second = [np.zeros_like(p) for p in params]
    average = [p.copy() for p in params]

    batches = len(shapes) // recipe.batch
    steps = recipe.epochs * batches
    step = 0
    for _ in range(recipe.epochs):
        order = random.permutation(len(shapes))
        for rows in order[: batches * recipe.batch].reshape(batches, recipe.batch):
            scale = np.exp(random.normal(0, recipe.scale_jitter, recipe.batch))
            mirror = np.where(random.random(recipe.batch) < 0.5, -1.0, 1.0)
            batch = shapes[rows] * scale[:, None]
            batch[:, WINDOW:] *= mirror[:, None]
            gradients = _gradients(params, batch, target[rows] * scale, recipe.loss)
            step += 1
            rate = recipe.learning_rate * (1 + np.cos(np.pi * step / steps)) / 2
            for i, gradient in enumerate(gradients):
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.999 * second[i] + 0.001 * gradient**2
                move = first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
                decay = recipe.weight_decay if i < len(matrices) else 0
                params[i] = params[i] - rate * (move + decay * params[i])
                average[i] += (1 - AVERAGING) * (params[i] - average[i])
    return _fold(average[:3], average[3:])


def _gradients(params: list, batch: np.ndarray, target: np.ndarray, loss: str) -> list:
    w1, w2, w3, b1, b2, b3 = params
    hidden1 = np.maximum(batch @ w1 + b1, 0)
    hidden2 = np.maximum(hidden1 @ w2 + b2, 0)
    forecast = (hidden2 @ w3 + b3)[:, 0]
    slope3 = _loss_slope(forecast, target, loss)[:, None] / len(batch)
    slope2 = (slope3 @ w3.T) * (hidden2 > 0)
    slope1 = (slope2 @ w2.T) * (hidden1 > 0)
    return [
        batch.T @ slope1,
        hidden1.T @ slope2,
        hidden2.T @ slope3,
        slope1.sum(0),
        slope2.sum(0),
        slope3.sum(0),
    ]


def _loss_slope(forecast: np.ndarray, target: np.ndarray, loss: str) -> np.ndarray:
    if loss == "squared":
        return 2 * (forecast - target)
    # Gamma deviance t/f - ln(t/f) - 1: like the squared error it is least at the mean, but it counts
    # relative errors, so a few violent days do not decide the fit. The floor and the clip keep a
    # forecast near zero from throwing the weights far away.
    floored = np.maximum(forecast, 0.06)
    return np.clip(1 / floored - target / floored**2, -6, 6)


def _fold(matrices: list, biases: list) -> Weights:
    matrices = [shape_basis() @ matrices[0], matrices[1], matrices[2] * VOLATILITY_UNIT]
    biases = [biases[0], biases[1], biases[2] * VOLATILITY_UNIT]
    return Weights(
        tuple(m.astype(np.float32) for m in matrices),
        tuple(b.astype(np.float32) for b in biases),
    )
