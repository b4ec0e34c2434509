"""Which reading of quantised updates gives the values that Baldi, Sadowski and Lu 2018 print? One bit, in NumPy alone.

``python -m tools.quantised_readings`` trains BP, RBP and SRBP on MNIST (784-100-100-100-100-10, tanh, softmax, minibatches of
100, rate .1) under every reading of section 5.2, and under some that contradict it. It writes
``results/baldi-quantized/readings.json``.

With one bit an update is its sign times alpha, and of a product of two numbers the sign is the product of their signs, so
that minibatches are matrix products. A run whose test accuracy is below 50% after 3 epochs ends there. ``--only NAME --epochs
100`` runs one reading for as long as the paper trains. What varies:

    what      each sample's update before the mean over the minibatch, or before the sum, as the text says; or the
              minibatch's mean, which it does not say
    zero      whether the sign of 0 is 0 or +1, which concerns most of the pixels
    scale     alpha is 2^-6; or 2^-6 of what is added to the weights, with the rate in it; or the mean size in the layer
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recircuit.models.data import Dataset
from recircuit.models.experiments import Settings
from recircuit.models.runs.result_file import read_result, write_result

ROOT = Path(__file__).resolve().parents[1]
Array = NDArray[np.float32]

SIZES, BATCH, RATE, ALPHA = (784, 100, 100, 100, 100, 10), 100, 0.1, 2.0**-6
WHAT = ("each sample, mean", "each sample, sum", "minibatch")
ZERO = (0, 1)
SCALE = ("alpha", "alpha with the rate in it", "mean size in the layer")
#: Test accuracies after 100 epochs, in percent.
PRINTED = {"BP": 92.5, "RBP": 9.6, "SRBP": 90.7}
FLOOR, TRIED = 50.0, 3


class Net:
    """Weights, and the channel of an algorithm."""

    def __init__(self, algorithm: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.algorithm = algorithm
        self.W = [_drawn(rng, n, m) for n, m in zip(SIZES, SIZES[1:], strict=False)]
        above = [SIZES[-1]] * 4 if algorithm == "SRBP" else SIZES[2:]
        self.C = [_drawn(rng, m, n) for m, n in zip(above, SIZES[1:5], strict=True)]

    def forward(self, x: Array) -> list[Array]:
        """Return the rates of all layers."""
        rates = [x]
        for w in self.W[:-1]:
            rates.append(np.tanh(rates[-1] @ w))
        top = rates[-1] @ self.W[-1]
        top = np.exp(top - top.max(axis=1, keepdims=True))
        return [*rates, top / top.sum(axis=1, keepdims=True)]

    def errors(self, rates: list[Array], labels: NDArray[np.int64]) -> list[Array]:
        """Return what each layer's synapses learn from, the lowest first."""
        top = np.eye(10, dtype=np.float32)[labels] - rates[-1]
        found = [top]
        for i in reversed(range(4)):
            back = {"BP": self.W[i + 1].T, "RBP": self.C[i], "SRBP": self.C[i]}[self.algorithm]
            found.insert(0, ((top if self.algorithm == "SRBP" else found[0]) @ back) * (1 - rates[i + 1] ** 2))
        return found


def _drawn(rng: np.random.Generator, n: int, m: int) -> Array:
    return rng.normal(0, np.sqrt(2 / (n + m)), (n, m)).astype(np.float32)


def update(x: Array, error: Array, what: str, zero: int, scale: str) -> Array:
    """Return what is added to the weights of a layer after a minibatch."""
    if what == "minibatch":
        mean = x.T @ error / len(x)
        size, signs = float(np.abs(mean).mean()), np.where(mean == 0, np.float32(zero), np.sign(mean))
    else:
        size = float((np.abs(x).T @ np.abs(error)).mean() / len(x))
        signs = np.sign(x).T @ np.sign(error)
        if zero:
            signs += len(x) - np.abs(np.sign(x)).T @ np.abs(np.sign(error))
        signs /= len(x) if what.endswith("mean") else 1
    return {"alpha": RATE * ALPHA, "alpha with the rate in it": ALPHA}.get(scale, RATE * size) * signs


def accuracies(algorithm: str, reading: tuple[str, int, str], data: Dataset, epochs: int, seed: int = 0) -> list[float]:
    """Return the test accuracy after each epoch, in percent."""
    net, rng = Net(algorithm, seed), np.random.default_rng([seed, 1])
    x, test = (np.float32(part) * np.float32(data.scale) for part in (data.x_train, data.x_test))
    found: list[float] = []
    while len(found) < epochs and not (len(found) == TRIED and found[-1] < FLOOR):
        for rows in rng.permutation(len(x)).reshape(-1, BATCH):
            rates = net.forward(x[rows])
            for w, pre, error in zip(net.W, rates, net.errors(rates, data.y_train[rows]), strict=False):
                w += update(pre, error, *reading)
        found.append(round(100 * float((net.forward(test)[-1].argmax(axis=1) == data.y_test).mean()), 2))
    return found


def complete(curve: list[float], epochs: int) -> bool:
    """Return whether a run has so many epochs, or ended early since it had not learned."""
    return len(curve) >= epochs or (len(curve) == TRIED and curve[-1] < FLOOR)


def main() -> None:
    """Run what the file does not have yet."""
    parser = argparse.ArgumentParser(prog="python -m tools.quantised_readings", description=__doc__)
    parser.add_argument("--epochs", type=int, default=15, help="The number of epochs of each run.")
    parser.add_argument("--only", help="The name of the one reading that is run, as it stands in the file.")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "baldi-quantized" / "readings.json")
    chosen = parser.parse_args()
    data = Settings().dataset("mnist")
    found: dict[str, Any] = (read_result(chosen.out) or {}).get("found", {})
    for reading in product(WHAT, ZERO, SCALE):
        name = f"{reading[0]}; sign of 0 is {reading[1]}; {reading[2]}"
        for algorithm in PRINTED if chosen.only in (None, name) else ():
            of = found.setdefault(name, {})
            if not complete(of.get(algorithm, []), chosen.epochs):
                of[algorithm] = accuracies(algorithm, reading, data, chosen.epochs)
                write_result(chosen.out, {"printed": PRINTED, "found": found})
                print(f"{name}, {algorithm}: {of[algorithm][-1]} after {len(of[algorithm])} epochs", flush=True)


if __name__ == "__main__":
    main()
