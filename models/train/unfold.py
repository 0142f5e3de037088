"""The volatility network as a file that first takes each candle's prices from its open, from the file that has that in its
weights.

In the first matrix of the shipped network the four weights of a candle sum to zero: it is a smaller matrix behind
differences of prices. Integers need them apart: a move of 0.5 % is the difference of two prices that may stand 20 % away from
the last close, and eight bits for each price would lose it.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from candles import WINDOW
from onnx_file import IR_VERSION, OPSET


def unfold(folded: Path, path: Path, name: str) -> None:
    graph = onnx.load(str(folded)).graph
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    first = constants["weight1"].astype(np.float64)
    matrix, *_ = np.linalg.lstsq(moves_basis(), first, rcond=None)
    assert np.abs(moves_basis() @ matrix - first).max() < 1e-6 * np.abs(first).max()
    constants["weight1"] = matrix.astype(np.float32)
    constants.update({f"price{i}": np.array([i], np.int64) for i in (0, 1, 4)})
    constants["axis"] = np.array([2], np.int64)
    nodes = [
        helper.make_node("Slice", ["candles", "price0", "price1", "axis"], ["open"]),
        helper.make_node("Slice", ["candles", "price1", "price4", "axis"], ["others"]),
        helper.make_node("Sub", ["others", "open"], ["moves"]),
        helper.make_node("Flatten", ["moves"], ["flat"], axis=1),
    ]
    nodes += [node for node in graph.node if node.op_type != "Flatten"]
    unfolded = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("candles", TensorProto.FLOAT, ["batch", WINDOW, 4])],
        [helper.make_tensor_value_info("volatility", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(unfolded, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def moves_basis() -> np.ndarray:
    """[96, 72] map from the flattened input to high, low and close of each candle against its open."""
    per_candle = np.vstack([-np.ones(3), np.eye(3)])
    return np.kron(np.eye(WINDOW), per_candle)
