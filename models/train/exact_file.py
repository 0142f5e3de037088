"""An exact model in numpy integers, operator by operator as its file says: a second opinion on every evaluation."""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

BATCH_ONE = 1


def run(path: Path, inputs: np.ndarray) -> list:
    """`inputs` holds one sample a row, each of the shape that the file declares without its batch of one.

    Samples are stacked where the file has its batch of one; constants broadcast to them.
    """
    graph = onnx.load(str(path)).graph
    (only,) = graph.input
    values = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    constants = set(values)
    values[only.name] = inputs.astype(helper.mapping.TENSOR_TYPE_TO_NP_TYPE[only.type.tensor_type.elem_type])
    for node in graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        assert node.input[0] not in constants or node.op_type == "Gather", node
        values[node.output[0]] = _OPERATORS[node.op_type](*(values[name] for name in node.input), **attributes)
    return [values[output.name] for output in graph.output]


def _reshape(x, shape):
    assert shape[0] == BATCH_ONE
    return x.reshape(len(x), *shape[1:])


def _truncated(x, divisor):
    return np.sign(x) * (np.abs(x) // divisor)


def _slice(x, starts, ends, axes, steps):
    where = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        where[axis] = slice(start, end, step)
    return x[tuple(where)]


def _matrix_product(x, weights, zero, weight_zero):
    return (x.astype(np.int64) - zero) @ (weights.astype(np.int64) - weight_zero)


def _convolution(x, weights, zero, weight_zero, pads, strides, **_):
    x, weights = x.astype(np.int64) - zero, weights.astype(np.int64) - weight_zero
    padded = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(2, 3))
    windows = windows[:, :, :: strides[0], :: strides[1]]
    return np.einsum("nchwyx,ocyx->nohw", windows, weights, optimize=True)


def _arg_max(x, axis, keepdims, select_last_index):
    assert not keepdims and not select_last_index
    return x.argmax(axis)


def _cast(x, to):
    wide = x.astype(helper.mapping.TENSOR_TYPE_TO_NP_TYPE[to])
    assert (wide.astype(np.int64) == x).all()
    return wide


_OPERATORS = {
    "Add": np.add,
    "ArgMax": _arg_max,
    "Cast": _cast,
    "Clip": np.clip,
    "Concat": lambda *parts, axis: np.concatenate(parts, axis),
    "ConvInteger": _convolution,
    "Div": _truncated,
    "Gather": lambda table, rows, axis: np.take(table, rows, axis),
    "MatMulInteger": _matrix_product,
    "Mul": np.multiply,
    "Reshape": _reshape,
    "Slice": _slice,
    "Sub": np.subtract,
}
