"""The 3 -> 8 -> 1 network behind the volatility model: its inputs, its training, its file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from candles import HOUR_MS, WINDOW, Candles, relative_to_last_close

HORIZON = 24
QUANTILE = 0.95
MIN_DRAWDOWN = 0.002
MAX_DRAWDOWN = 0.3
OPSET = 13
IR_VERSION = 8
HIDDEN = 8
# About their size in an ordinary hour, so that the network sees numbers near one.
INPUT_UNITS = np.array([0.005, 0.04, 0.03])
OUTPUT_UNIT = 0.05


@dataclass(frozen=True)
class Days:
    """One row an hour: what is known at its end, and how deep the price fell in the 24 hours after."""

    hour: np.ndarray
    inputs: np.ndarray  # [hours, 3] volatility forecast, range and return of the last 24 hours
    target: np.ndarray  # 1 - lowest low of the next 24 hours / last close, at least 0


def days(candles: Candles, volatility, start_ms: int, end_ms: int) -> Days:
    """`volatility` maps [batch, 24, 4] candles to [batch, 1] forecasts. Days with a missing or a halted hour are left out."""
    first = np.arange(0, len(candles.open_ms) - WINDOW - HORIZON + 1)
    last = first + WINDOW + HORIZON - 1
    unbroken = candles.open_ms[last] - candles.open_ms[first] == (WINDOW + HORIZON - 1) * HOUR_MS
    halted_before = np.concatenate([[0], np.cumsum(candles.volume == 0)])
    traded = halted_before[last + 1] == halted_before[first]
    inside = (candles.open_ms[first] >= start_ms) & (candles.open_ms[last] < end_ms)
    first = first[unbroken & traded & inside]
    past = candles.prices[first[:, None] + np.arange(WINDOW)]
    coming = candles.prices[first[:, None] + np.arange(WINDOW, WINDOW + HORIZON)]
    close = past[:, -1, 3]
    inputs = np.column_stack(
        [
            volatility(relative_to_last_close(past))[:, 0],
            past[:, :, 1].max(1) / past[:, :, 2].min(1) - 1,
            close / past[:, 0, 0] - 1,
        ]
    )
    return Days(first + WINDOW - 1, inputs, np.maximum(1 - coming[:, :, 2].min(1) / close, 0))


def pinball(forecast: np.ndarray, target: np.ndarray, quantile: float = QUANTILE) -> np.ndarray:
    """Koenker and Bassett (1978): least, on average, at the quantile."""
    miss = target - forecast
    return np.maximum(quantile * miss, (quantile - 1) * miss)


def fit(inputs: np.ndarray, target: np.ndarray, hidden: int, seed: int, epochs: int = 40, batch: int = 256) -> tuple:
    """Matrices and biases by Adam on the pinball loss; `hidden` 0 is a linear regression."""
    random = np.random.default_rng(seed)
    widths = (inputs.shape[1], hidden, 1) if hidden else (inputs.shape[1], 1)
    matrices = [random.normal(0, np.sqrt(2 / a), (a, b)) for a, b in zip(widths, widths[1:])]
    biases = [np.zeros(b) for b in widths[1:]]
    biases[-1][:] = np.quantile(target, QUANTILE) / OUTPUT_UNIT
    params = matrices + biases
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))
    average = [p.copy() for p in params]
    scaled, goal = inputs / INPUT_UNITS, target / OUTPUT_UNIT
    batches = len(scaled) // batch
    step = 0
    for _ in range(epochs):
        order = random.permutation(len(scaled))[: batches * batch].reshape(batches, batch)
        for rows in order:
            step += 1
            rate = 3e-3 * (1 + np.cos(np.pi * step / (epochs * batches))) / 2
            for i, gradient in enumerate(_gradients(params, scaled[rows], goal[rows])):
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.999 * second[i] + 0.001 * gradient**2
                params[i] = params[i] - rate * first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
                average[i] += 0.01 * (params[i] - average[i])
    count = len(matrices)
    return _fold(average[:count], average[count:])


def _gradients(params: list, batch: np.ndarray, goal: np.ndarray) -> list:
    count = len(params) // 2
    layers = [batch]
    for i in range(count):
        sums = layers[-1] @ params[i] + params[count + i]
        layers.append(np.maximum(sums, 0) if i < count - 1 else sums)
    slope = np.where(goal > layers[-1][:, 0], -QUANTILE, 1 - QUANTILE)[:, None] / len(batch)
    matrices, biases = [], []
    for i in reversed(range(count)):
        matrices.insert(0, layers[i].T @ slope)
        biases.insert(0, slope.sum(0))
        slope = (slope @ params[i].T) * (layers[i] > 0)
    return matrices + biases


def _fold(matrices: list, biases: list) -> tuple:
    """All scaling goes into the weights."""
    matrices[0] = matrices[0] / INPUT_UNITS[:, None]
    matrices[-1], biases[-1] = matrices[-1] * OUTPUT_UNIT, biases[-1] * OUTPUT_UNIT
    return tuple(m.astype(np.float32) for m in matrices), tuple(b.astype(np.float32) for b in biases)


def evaluate(weights: tuple, inputs: np.ndarray) -> np.ndarray:
    """Float64 sums over the float32 weights and inputs that a runtime sees."""
    values = inputs.astype(np.float32).astype(np.float64)
    for i, (matrix, bias) in enumerate(zip(*weights)):
        values = values @ matrix.astype(np.float64) + bias.astype(np.float64)
        if i < len(weights[0]) - 1:
            values = np.maximum(values, 0)
    return np.clip(values[:, 0], MIN_DRAWDOWN, MAX_DRAWDOWN)


def write(path: Path, name: str, weights: tuple) -> None:
    nodes, constants, previous = [], {}, "state"
    for i, (matrix, bias) in enumerate(zip(*weights), start=1):
        constants[f"weight{i}"], constants[f"bias{i}"] = matrix, bias
        nodes.append(helper.make_node("Gemm", [previous, f"weight{i}", f"bias{i}"], [f"sum{i}"]))
        previous = f"sum{i}"
        if i < len(weights[0]):
            nodes.append(helper.make_node("Relu", [previous], [f"hidden{i}"]))
            previous = f"hidden{i}"
    # The nearest float32 values inside the promised range.
    constants["min"] = np.nextafter(np.float32(MIN_DRAWDOWN), np.float32(1))
    constants["max"] = np.nextafter(np.float32(MAX_DRAWDOWN), np.float32(0))
    nodes.append(helper.make_node("Clip", [previous, "min", "max"], ["drawdown"]))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("state", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("drawdown", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())
