"""The network as an ONNX file, and an evaluation of that file in numpy."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from candles import WINDOW
from network import Weights

OPSET = 13
IR_VERSION = 8
MIN_VOLATILITY = 0.0001
MAX_VOLATILITY = 0.05


def write(path: Path, name: str, weights: Weights) -> None:
    nodes = [helper.make_node("Flatten", ["candles"], ["flat"], axis=1)]
    constants = {}
    previous = "flat"
    for i, (matrix, bias) in enumerate(zip(weights.matrix, weights.bias), start=1):
        constants[f"weight{i}"] = matrix
        constants[f"bias{i}"] = bias
        nodes.append(helper.make_node("Gemm", [previous, f"weight{i}", f"bias{i}"], [f"sum{i}"]))
        previous = f"sum{i}"
        if i < len(weights.matrix):
            nodes.append(helper.make_node("Relu", [previous], [f"hidden{i}"]))
            previous = f"hidden{i}"
    # float32(0.05) is above 0.05: the bounds are the nearest float32 values that keep the promised range.
    constants["min"] = _inside(MIN_VOLATILITY, towards=1)
    constants["max"] = _inside(MAX_VOLATILITY, towards=0)
    nodes.append(helper.make_node("Clip", [previous, "min", "max"], ["volatility"]))

    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("candles", TensorProto.FLOAT, ["batch", WINDOW, 4])],
        [helper.make_tensor_value_info("volatility", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def run(path: Path, candles: np.ndarray) -> np.ndarray:
    """[batch, 24, 4] to [batch, 1], operator by operator as the file says.

    The input and the weights are float32, the sums float64: the reports then do not depend on the order in
    which a machine adds, and differ from a float32 runtime by far less than the sample's tolerance.
    """
    graph = onnx.load(str(path)).graph
    values = {c.name: numpy_helper.to_array(c).astype(np.float64) for c in graph.initializer}
    values["candles"] = candles.astype(np.float32).astype(np.float64)
    for node in graph.node:
        values[node.output[0]] = _OPERATORS[node.op_type](*(values[name] for name in node.input))
    return values["volatility"]


def _inside(bound: float, towards: float) -> np.float32:
    nearest = np.float32(bound)
    outside = (float(nearest) - bound) * (towards - bound) < 0
    return np.nextafter(nearest, np.float32(towards)) if outside else nearest


_OPERATORS = {
    "Flatten": lambda x: x.reshape(len(x), -1),
    "Gemm": lambda x, weight, bias: x @ weight + bias,
    "Relu": lambda x: np.maximum(x, 0),
    "Clip": np.clip,
}
