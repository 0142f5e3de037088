"""The credit score: its data, its training, its file. Dense 7->8->1, the probability that a credit is repaid."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TEST_SHARE = 0.3
SPLIT_SEED = 1
HIDDEN = 8
OPSET = 13
IR_VERSION = 8

# The data set's own categories in the order of its codes. Sex and marital status, age, nationality, job, telephone,
# dependants and how long somebody has lived where are left out on purpose.
FEATURES = {
    "checking": [f"CheckingAccountStatus.{c}" for c in ("lt.0", "0.to.200", "gt.200", "none")],
    "history": [
        f"CreditHistory.{c}" for c in ("NoCredit.AllPaid", "ThisBank.AllPaid", "PaidDuly", "Delay", "Critical")
    ],
    "savings": [f"SavingsAccountBonds.{c}" for c in ("lt.100", "100.to.500", "500.to.1000", "gt.1000", "Unknown")],
    "employment": [f"EmploymentDuration.{c}" for c in ("Unemployed", "lt.1", "1.to.4", "4.to.7", "gt.7")],
    "debtors": [f"OtherDebtorsGuarantors.{c}" for c in ("None", "CoApplicant", "Guarantor")],
    "plans": [f"OtherInstallmentPlans.{c}" for c in ("Bank", "Stores", "None")],
    "months": "Duration",
}


@dataclass(frozen=True)
class Credits:
    features: np.ndarray  # [credits, 7], whole numbers, as in FEATURES
    repaid: np.ndarray  # [credits], bool
    everything: np.ndarray  # [credits, 61], all that the data set has, for comparison alone
    groups: dict  # name -> [credits] bool, to see whom the model treats how; never an input


@dataclass(frozen=True)
class Weights:
    """Float32 weights that act on the whole numbers of FEATURES."""

    hidden: np.ndarray
    hidden_bias: np.ndarray
    last: np.ndarray
    last_bias: np.ndarray


def load(path: Path) -> Credits:
    import rdata  # for training alone: what is shipped is scored without it

    table = rdata.conversion.convert(rdata.parser.parse_file(path))["GermanCredit"]
    columns = [
        table[name].to_numpy(float) if isinstance(name, str) else table[name].to_numpy(float) @ np.arange(len(name))
        for name in FEATURES.values()
    ]
    female = table["Personal.Female.NotSingle"].to_numpy() + table["Personal.Female.Single"].to_numpy() > 0
    age = table["Age"].to_numpy()
    return Credits(
        np.column_stack(columns),
        table["Class"].to_numpy() == "Good",
        table.drop(columns=["Class"]).to_numpy(float),
        {"women": female, "men": ~female, "upTo25": age <= 25, "over25": age > 25},
    )


def split(credits: Credits) -> tuple:
    """Training and held-out credits, repaid and not in the same proportion."""
    random = np.random.default_rng(SPLIT_SEED)
    held_out = np.zeros(len(credits.repaid), bool)
    for repaid in (False, True):
        rows = np.flatnonzero(credits.repaid == repaid)
        held_out[random.permutation(rows)[: round(TEST_SHARE * len(rows))]] = True
    return part(credits, ~held_out), part(credits, held_out)


def part(credits: Credits, rows: np.ndarray) -> Credits:
    groups = {name: members[rows] for name, members in credits.groups.items()}
    return Credits(credits.features[rows], credits.repaid[rows], credits.everything[rows], groups)


def train(credits: Credits, seed: int, epochs: int = 200, rate: float = 1e-2, decay: float = 1.0) -> Weights:
    """Adam with decoupled weight decay and a cosine learning rate on cross-entropy, all credits at once."""
    random = np.random.default_rng(seed)
    mean, spread = credits.features.mean(0), credits.features.std(0)
    inputs = (credits.features - mean) / spread
    width = inputs.shape[1]
    params = [
        random.normal(0, np.sqrt(2 / width), (width, HIDDEN)),
        np.zeros(HIDDEN),
        random.normal(0, np.sqrt(1 / HIDDEN), (HIDDEN, 1)),
        np.zeros(1),
    ]
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))
    for step in range(1, epochs + 1):
        now = rate * (1 + np.cos(np.pi * step / epochs)) / 2
        for i, gradient in enumerate(_gradients(params, inputs, credits.repaid)):
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient**2
            move = first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
            params[i] = params[i] - now * (move + (decay * params[i] if i in (0, 2) else 0))
    hidden, hidden_bias, last, last_bias = params
    folded = [hidden / spread[:, None], hidden_bias - (mean / spread) @ hidden, last, last_bias]
    return Weights(*(p.astype(np.float32) for p in folded))


def _gradients(params: list, inputs: np.ndarray, repaid: np.ndarray) -> list:
    hidden, hidden_bias, last, last_bias = params
    active = np.maximum(inputs @ hidden + hidden_bias, 0)
    slope = (_sigmoid(active @ last + last_bias) - repaid[:, None]) / len(repaid)
    back = (slope @ last.T) * (active > 0)
    return [inputs.T @ back, back.sum(0), active.T @ slope, slope.sum(0)]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def scores(weights: Weights, features: np.ndarray) -> np.ndarray:
    """[credits], 0 to 1; sums in float64 over the float32 weights."""
    hidden, hidden_bias, last, last_bias = (
        p.astype(np.float64) for p in (weights.hidden, weights.hidden_bias, weights.last, weights.last_bias)
    )
    return _sigmoid(np.maximum(features @ hidden + hidden_bias, 0) @ last + last_bias)[:, 0]


def write(path: Path, weights: Weights) -> None:
    constants = {
        "weight1": weights.hidden,
        "bias1": weights.hidden_bias,
        "weight2": weights.last,
        "bias2": weights.last_bias,
    }
    nodes = [
        helper.make_node("Gemm", ["features", "weight1", "bias1"], ["sum1"]),
        helper.make_node("Relu", ["sum1"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "weight2", "bias2"], ["sum2"]),
        helper.make_node("Sigmoid", ["sum2"], ["score"]),
    ]
    graph = helper.make_graph(
        nodes,
        "credit-score",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", len(FEATURES)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def read(path: Path) -> Weights:
    constants = {c.name: numpy_helper.to_array(c) for c in onnx.load(str(path)).graph.initializer}
    return Weights(constants["weight1"], constants["bias1"], constants["weight2"], constants["bias2"])
