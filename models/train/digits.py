"""The digit classifier: its data, its training, its file. Conv 3x3 1->10 and 10->20, each with stride 2, dense 80->10."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 8
CLASSES = 10
WHITE = 16.0
CHANNELS = (1, 10, 20)
STRIDE = 2
TEST_SHARE = 0.3
SPLIT_SEED = 1
OPSET = 13
IR_VERSION = 8


@dataclass(frozen=True)
class Images:
    pixels: np.ndarray  # [images, 1, 8, 8], whole numbers of 0 to 16
    label: np.ndarray  # [images]


def load(path: Path) -> Images:
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter=",")
    return Images(rows[:, :-1].reshape(-1, 1, SIDE, SIDE), rows[:, -1].astype(np.int64))


def split(images: Images) -> tuple:
    """Training and held-out images, each digit in the same proportion."""
    random = np.random.default_rng(SPLIT_SEED)
    held_out = np.zeros(len(images.label), bool)
    for digit in range(CLASSES):
        rows = np.flatnonzero(images.label == digit)
        held_out[random.permutation(rows)[: round(TEST_SHARE * len(rows))]] = True
    return tuple(Images(images.pixels[rows], images.label[rows]) for rows in (~held_out, held_out))


def train(images: Images, seed: int, epochs: int = 120, batch: int = 64, rate: float = 3e-3, decay: float = 1e-2) -> list:
    """Adam with decoupled weight decay and a cosine learning rate on cross-entropy; images are moved by up to a pixel."""
    random = np.random.default_rng(seed)
    shapes = [(b, a, 3, 3) for a, b in zip(CHANNELS, CHANNELS[1:])] + [(CHANNELS[-1] * 4, CLASSES)]
    fans = [CHANNELS[0] * 9, CHANNELS[1] * 9, CHANNELS[2] * 4]
    params = [random.normal(0, np.sqrt(2 / fan), shape) for fan, shape in zip(fans, shapes)]
    params += [np.zeros(width) for width in (*CHANNELS[1:], CLASSES)]
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))
    batches = len(images.label) // batch
    step = 0
    for _ in range(epochs):
        order = random.permutation(len(images.label))
        for rows in order[: batches * batch].reshape(batches, batch):
            pixels = _moved(images.pixels[rows] / WHITE, random)
            step += 1
            now = rate * (1 + np.cos(np.pi * step / (epochs * batches))) / 2
            for i, gradient in enumerate(_gradients(params, pixels, images.label[rows])):
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.999 * second[i] + 0.001 * gradient**2
                move = first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
                params[i] = params[i] - now * (move + (decay * params[i] if i < 3 else 0))
    return [p.astype(np.float32) for p in params]


def scores(params: list, pixels: np.ndarray) -> np.ndarray:
    """[images, 10]; sums in float64 over the float32 weights."""
    return _forward([p.astype(np.float64) for p in params], pixels / WHITE)[-1]


def write(path: Path, params: list) -> None:
    conv1, conv2, dense, bias1, bias2, bias3 = params
    constants = {
        "white": np.float32(WHITE),
        "weight1": conv1,
        "bias1": bias1,
        "weight2": conv2,
        "bias2": bias2,
        "weight3": dense,
        "bias3": bias3,
    }
    window = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [STRIDE, STRIDE]}
    nodes = [
        helper.make_node("Div", ["image", "white"], ["ink"]),
        helper.make_node("Conv", ["ink", "weight1", "bias1"], ["sum1"], **window),
        helper.make_node("Relu", ["sum1"], ["edges"]),
        helper.make_node("Conv", ["edges", "weight2", "bias2"], ["sum2"], **window),
        helper.make_node("Relu", ["sum2"], ["strokes"]),
        helper.make_node("Flatten", ["strokes"], ["features"], axis=1),
        helper.make_node("Gemm", ["features", "weight3", "bias3"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["digit"], axis=1, keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])],
        [
            helper.make_tensor_value_info("digit", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", CLASSES]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def _moved(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    padded = np.pad(pixels, ((0, 0), (0, 0), (1, 1), (1, 1)))
    # Mostly in place: a pixel is an eighth of the digit.
    corners = np.clip(np.round(random.normal(1, 0.4, (len(pixels), 2))), 0, 2).astype(int)
    return np.stack([image[:, y : y + SIDE, x : x + SIDE] for image, (y, x) in zip(padded, corners)])


def _patches(images: np.ndarray) -> np.ndarray:
    """[images, channels, height, width] to [images, height, width, channels * 9], zeros around."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(len(images), images.shape[2], images.shape[3], -1)


def _convolve(images: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> tuple:
    """Every second window in each direction."""
    patches = _patches(images)[:, ::STRIDE, ::STRIDE]
    sums = patches @ weights.reshape(len(weights), -1).T + bias
    return patches, sums.transpose(0, 3, 1, 2)


def _forward(params: list, pixels: np.ndarray) -> tuple:
    conv1, conv2, dense, bias1, bias2, bias3 = params
    patches1, sum1 = _convolve(pixels, conv1, bias1)
    patches2, sum2 = _convolve(np.maximum(sum1, 0), conv2, bias2)
    features = np.maximum(sum2, 0).reshape(len(pixels), -1)
    return patches1, sum1, patches2, sum2, features, features @ dense + bias3


def _gradients(params: list, pixels: np.ndarray, label: np.ndarray) -> list:
    _, conv2, dense, *_ = params
    patches1, sum1, patches2, sum2, features, logits = _forward(params, pixels)
    odds = np.exp(logits - logits.max(1, keepdims=True))
    slope = (odds / odds.sum(1, keepdims=True) - np.eye(CLASSES)[label]) / len(label)
    slope2 = (slope @ dense.T).reshape(sum2.shape) * (sum2 > 0)
    slope1 = _back(slope2, conv2) * (sum1 > 0)
    kernels = [
        np.einsum("nohw,nhwk->ok", s, p, optimize=True).reshape(w.shape)
        for s, p, w in ((slope1, patches1, params[0]), (slope2, patches2, conv2))
    ]
    return [*kernels, features.T @ slope, slope1.sum((0, 2, 3)), slope2.sum((0, 2, 3)), slope.sum(0)]


def _back(slope: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Back through a convolution: one with the kernels turned round, over slopes spread out again."""
    n, c, h, w = slope.shape
    spread = np.zeros((n, c, STRIDE * h, STRIDE * w))
    spread[:, :, ::STRIDE, ::STRIDE] = slope
    turned = weights[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    sums = _patches(spread) @ turned.reshape(len(turned), -1).T
    return sums.transpose(0, 3, 1, 2)
