"""Lillicrap, Cownden, Tweed and Akerman 2016, supplement, in NumPy.

h_0 = x, a_l = W_l h_(l-1) + c_l, h_l = f(a_l), l = 1..L (Eq. 60-62, for any depth); e = y* - h_L, loss |e|^2/2. With D =
f'(a), feedback alignment's updates are those of Eq. 69-72 (71 and 72 lack the rate), and through two hidden layers the
error goes by a second matrix: delta_L = e D_L, delta_l = (B_l delta_(l+1)) D_l. Backpropagation has W_(l+1)^T for B_l
(Eq. 64-67; 67 lacks D), pseudobackprop W_(l+1)^+ (Eq. 57). Rows are the examples of a minibatch, over which updates are
averaged; they are increments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def _logistic(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


#: f and f', by the field a.
TRANSFERS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, lambda a: 1 / np.cosh(a) ** 2),
    "logistic": (_logistic, lambda a: _logistic(a) * _logistic(-a)),
    "leaky": (lambda a: np.where(a > 0, a, a / 20), lambda a: np.where(a > 0, 1.0, 1 / 20)),  # Eq. 1
    "clip": (lambda a: np.clip(a, -1, 1), lambda a: (np.abs(a) < 1).astype(float)),
    "linear": (lambda a: a, np.ones_like),
}


@dataclass
class Network:
    """Weights W_l (n_l, n_(l-1)), biases c_l (n_l,), and the channel's B_l (n_l, n_(l+1)) for l = 1..L-1.

    kind: "layers", "none" (only the top learns), "transpose" or "pseudoinverse". kept: what the rates of x, h_1, ... are
    multiplied by (dropout), (rows, n_l) each. biased: False for biases that stay at 0.
    """

    weights: list[Array]
    biases: list[Array]
    channel: Sequence[Array] = ()
    transfer: str = "tanh"
    answer: str = "linear"
    kind: str = "layers"
    kept: Sequence[Array | float] | None = None
    biased: bool = True

    def forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """Return h_0..h_L, and f'(a_l) for l = 1..L, both with the units that were dropped."""
        kept = self.kept or [1.0] * len(self.weights)
        rates, slopes = [x * kept[0]], []
        for l, (w, c) in enumerate(zip(self.weights, self.biases), start=1):
            top = l == len(self.weights)
            f, slope = TRANSFERS[self.answer if top else self.transfer]
            a = rates[-1] @ w.T + c
            mask = 1.0 if top else kept[l]
            rates.append(f(a) * mask)
            slopes.append(slope(a) * mask)
        return rates, slopes

    def loss(self, x: Array, target: Array) -> float:
        """Return the mean over rows of |e|^2/2."""
        return float(np.sum((target - self.forward(x)[0][-1]) ** 2) / 2 / len(x))

    def deltas(self, x: Array, target: Array) -> list[Array]:
        """Return what the synapses into each layer learn from, (rows, n_l); zeros where nothing comes."""
        rates, slopes = self.forward(x)
        found: list[Array] = [(target - rates[-1]) * slopes[-1]]
        for l in reversed(range(len(self.weights) - 1)):
            found.insert(0, (found[0] @ self.back(l).T) * slopes[l])
        return found

    def back(self, l: int) -> Array:
        """Return the matrix through which the error comes down to layer l + 1, (n_(l+1), n_(l+2)) with l from 0."""
        above = self.weights[l + 1]
        if self.kind == "none":
            return np.zeros(above.T.shape)
        if self.kind == "pseudoinverse":
            return np.linalg.pinv(above)
        return above.T if self.kind == "transpose" else self.channel[l]

    def changes(self, x: Array, target: Array) -> tuple[list[Array], list[Array]]:
        """Return the increments of weights and biases at rate 1."""
        rates, deltas = self.forward(x)[0], self.deltas(x, target)
        return [d.T @ h / len(x) for d, h in zip(deltas, rates)], [d.mean(axis=0) for d in deltas]


@dataclass
class Descent:
    """How the increments are made into steps (Notes 5 and 8): v = momentum v + rate change - decay w; w = w + v.

    schedule: numbers of updates from which on the rate is a tenth of what it was. frozen: layers that stay, from 1.
    """

    network: Network
    rate: float
    momentum: float = 0.0
    decay: float = 0.0
    schedule: Sequence[int] = ()
    frozen: Sequence[int] = ()
    updates: int = 0
    velocity: list[list[Array]] | None = None

    def step(self, x: Array, target: Array) -> None:
        """Train one minibatch."""
        rate = self.rate * 0.1 ** sum(self.updates >= n for n in self.schedule)
        values = [self.network.weights] + [self.network.biases] * self.network.biased
        self.velocity = self.velocity or [[np.zeros_like(w) for w in part] for part in values]
        for part, change, v in zip(values, self.network.changes(x, target), self.velocity):
            for l in range(len(part)):
                if l + 1 not in self.frozen:
                    v[l] = self.momentum * v[l] + rate * change[l] - self.decay * part[l]
                    part[l] = part[l] + v[l]
        self.updates += 1
