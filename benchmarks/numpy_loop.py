"""The yardstick of the `training` benchmark: the same algorithm, written by hand in NumPy.

A multilayer network without biases, trained by the updates of Amit 2019 (Eq. 4-7) in batches of
B batch elements, float32, with every buffer allocated once and every matrix product written into it:

    h_l = x_{l-1} W_l^T,   x_l = sigma(h_l),   x_L = h_L
    delta_{l-1} = (delta_l sigma'(h_l)) R_l^T
    W_l += rate <delta_l sigma'(h_l) x_{l-1}^T>          (mean over the batch elements)
    R_l += the same, transposed (urfb); R_l stays (frfb); R_l = W_l^T (bp)

Feedback is kept as R_l^T, in the layout of W_l, so that its update is one contiguous addition.

    python benchmarks/numpy_loop.py --data ../shared/data/mnist --rule urfb --epochs 6
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]

RULES = ("urfb", "frfb", "bp")
LOSSES = ("hinge", "softmax", "mse")
TRANSFERS = ("clip", "tanh")


@dataclass
class State:
    """Weights and buffers of one network.

    weights: W_l, l = 1..L, (n_l, n_{l-1}). feedback: R_l^T, l = 2..L, (n_l, n_{l-1}).
    fields, rates, errors: h_l, x_l and delta_l, (batch, n_l); rates[0] is the stimulus.
    """

    sizes: tuple[int, ...]
    weights: list[Floats]
    feedback: list[Floats]
    rule: str = "urfb"
    loss: str = "hinge"
    transfer: str = "clip"
    rate: float = 1.0
    batch_size: int = 100
    mu: float = 0.1
    S: float = 1.0
    rates: list[Floats] = field(init=False)
    fields: list[Floats] = field(init=False)
    errors: list[Floats] = field(init=False)
    increments: list[Floats] = field(init=False)
    gates: list[NDArray[np.bool_]] = field(init=False)
    targets: Floats = field(init=False)
    signs: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Allocate the buffers, and the tables of wanted deltas and signs, (class, unit)."""
        dtype = self.weights[0].dtype
        buffers = [[np.empty((self.batch_size, n), dtype) for n in self.sizes] for _ in range(2)]
        self.rates = buffers[0]
        self.fields, self.errors = ([np.empty_like(b) for b in buffers[1][1:]] for _ in range(2))
        self.gates = [np.empty(h.shape, bool) for h in self.fields]
        self.increments = [np.empty_like(w) for w in self.weights]
        on = np.eye(self.sizes[-1], dtype=dtype)
        self.signs = (2 * on - 1).astype(dtype)
        self.targets = (on - self.mu * (1 - on)).astype(dtype) if self.loss == "hinge" else on


def glorot_uniform(rng: np.random.Generator, n_post: int, n_pre: int) -> Floats:
    """Return weights that are uniform in +-sqrt(6 / (n_post + n_pre)), (n_post, n_pre)."""
    limit = np.sqrt(6 / (n_post + n_pre))
    return rng.uniform(-limit, limit, (n_post, n_pre))


def initial_state(
    sizes: tuple[int, ...],
    seed: int = 0,
    init: Callable[[np.random.Generator, int, int], Floats] = glorot_uniform,
    dtype: type = np.float32,
    **settings,
) -> State:
    """Return a State with independent W and R, drawn by `init(rng, n_post, n_pre)`."""
    rng = np.random.default_rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [init(rng, *shape).astype(dtype) for shape in shapes]
    feedback = [init(rng, *shape).astype(dtype) for shape in shapes[1:]]
    return State(tuple(sizes), weights, feedback, **settings)


def forward(state: State, b: int) -> Floats:
    """Compute h_l and x_l of the first b batch elements from rates[0], and return h_L, (b, n_L)."""
    last = len(state.weights) - 1
    for i, w in enumerate(state.weights):
        h = state.fields[i][:b]
        np.dot(state.rates[i][:b], w.T, out=h)
        if i < last and state.transfer == "clip":
            np.minimum(h, 1, out=state.rates[i + 1][:b])
            np.maximum(state.rates[i + 1][:b], -1, out=state.rates[i + 1][:b])
        elif i < last:
            np.tanh(h, out=state.rates[i + 1][:b])
    return state.fields[last][:b]


def output_error(state: State, h: Floats, labels: Integers) -> Floats:
    """Return delta_L = -dC/dh_L, (b, n_L): Eq. 5, or target minus softmax(h), or target minus h."""
    b, delta = len(h), state.errors[-1][: len(h)]
    targets = state.targets[labels]
    if state.loss == "hinge":
        np.multiply(state.signs[labels], h, out=delta)
        np.less_equal(delta, state.S, out=state.gates[-1][:b])
        return np.multiply(targets, state.gates[-1][:b], out=delta)
    if state.loss == "softmax":
        np.subtract(h, h.max(axis=1, keepdims=True), out=delta)
        np.exp(delta, out=delta)
        delta /= delta.sum(axis=1, keepdims=True)
        return np.subtract(targets, delta, out=delta)
    return np.subtract(targets, h, out=delta)


def gate(state: State, i: int, b: int) -> None:
    """Multiply errors[i] by sigma'(h): 1 - x^2 for tanh; for clip 1 where |h| < 1, else 0."""
    error, h = state.errors[i][:b], state.fields[i][:b]
    if state.transfer == "clip":
        np.abs(h, out=h)
        error *= np.less(h, 1, out=state.gates[i][:b])
    else:
        x = state.rates[i + 1][:b]
        np.multiply(x, x, out=h)
        error *= np.subtract(1, h, out=h)


def backward(state: State, b: int) -> None:
    """Compute the errors below the output, and every increment, from errors[-1] (which carries rate / b)."""
    back = state.weights[1:] if state.rule == "bp" else state.feedback
    for i in range(len(state.weights) - 1, -1, -1):
        np.dot(state.errors[i][:b].T, state.rates[i][:b], out=state.increments[i])
        if i:
            np.dot(state.errors[i][:b], back[i - 1], out=state.errors[i - 1][:b])
            gate(state, i - 1, b)


def train_batch(state: State, labels: Integers) -> int:
    """Make one update from the stimuli in rates[0], and return the number of wrong answers before it."""
    b = len(labels)
    h = forward(state, b)
    wrong = int(np.count_nonzero(h.argmax(axis=1) != labels))
    delta = output_error(state, h, labels)
    delta *= state.rate / b
    backward(state, b)
    for w, dw in zip(state.weights, state.increments, strict=True):
        w += dw
    if state.rule == "urfb":
        for r, dw in zip(state.feedback, state.increments[1:], strict=True):
            r += dw
    return wrong


def train_epoch(state: State, x: Floats, y: Integers, order: Integers) -> float:
    """Present x[order] once, `batch_size` at a time, and return the share of wrong answers on the way.

    x: (n, n_0), float32. y: (n,), class numbers. order: (m,), indices. A last batch that does not
    fill the batch elements is averaged over the batch elements that it fills.
    """
    wrong = 0
    for start in range(0, len(order), state.batch_size):
        rows = order[start : start + state.batch_size]
        np.take(x, rows, axis=0, out=state.rates[0][: len(rows)], mode="clip")
        wrong += train_batch(state, y[rows])
    return wrong / len(order)


def evaluate(state: State, x: Floats, y: Integers) -> float:
    """Return the share of x, (n, n_0), whose largest output is not unit y."""
    wrong = 0
    for start in range(0, len(x), state.batch_size):
        labels = y[start : start + state.batch_size]
        state.rates[0][: len(labels)] = x[start : start + state.batch_size]
        wrong += int(np.count_nonzero(forward(state, len(labels)).argmax(axis=1) != labels))
    return wrong / len(x)


def train(
    state: State,
    data: tuple[Floats, Integers, Floats, Integers],
    epochs: int,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> tuple[list[float], list[float]]:
    """Train for epochs in fresh random order; return seconds and test error of each, training time only."""
    x_train, y_train, x_test, y_test = data
    rng = np.random.default_rng([seed, 1])
    seconds, errors = [], []
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x_train))
        start = time.perf_counter()
        train_error = train_epoch(state, x_train, y_train, order)
        seconds.append(time.perf_counter() - start)
        errors.append(evaluate(state, x_test, y_test))
        report(
            f"epoch {epoch}  {seconds[-1]:.3f} s  {len(order) / seconds[-1]:.0f} presentations/s"
            f"  train {100 * train_error:.2f}%  test {100 * errors[-1]:.2f}%"
        )
    return seconds, errors


def load_data(name: str, folder: str | None) -> tuple[Floats, Integers, Floats, Integers]:
    """Return the project's own split of a data set: rates (n, n_0), float32, and class numbers (n,)."""
    from recircuit.models.data import load

    data = load(name, folder)
    scale, offset = np.float32(data.scale), np.float32(data.offset)
    x_train, x_test = (x.astype(np.float32) * scale + offset for x in (data.x_train, data.x_test))
    return x_train, data.y_train, x_test, data.y_test


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="mnist", help="The data set (default: mnist).")
    parser.add_argument("--data", help="The folder of the data set, for instance ../shared/data/mnist.")
    parser.add_argument("--layers", default="784-500-10")
    parser.add_argument("--rule", choices=RULES, default="urfb")
    parser.add_argument("--loss", choices=LOSSES, default="hinge")
    parser.add_argument("--transfer", choices=TRANSFERS, default="clip")
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    """Train one network; print every epoch, then the medians."""
    args = arguments()
    state = initial_state(
        tuple(int(n) for n in args.layers.split("-")),
        seed=args.seed,
        rule=args.rule,
        loss=args.loss,
        transfer=args.transfer,
        rate=args.rate,
        batch_size=args.batch_size,
    )
    seconds, errors = train(state, load_data(args.name, args.data), args.epochs, args.seed)
    print(
        f"{args.layers} {args.rule} {args.loss}: median {statistics.median(seconds):.3f} s an epoch"
        f", test error {100 * errors[-1]:.2f}% after {args.epochs} epochs"
    )


if __name__ == "__main__":
    main()
