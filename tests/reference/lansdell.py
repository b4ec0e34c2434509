"""Lansdell, Prakash and Kording 2020 in NumPy: node perturbation, its feedback weights, and the controls.

A network is lists W, b of W_1..W_L (n_l, n_{l-1}) and b_l (n_l,), with transfer functions f_1..f_L. Samples are rows.
The loss of a sample is half the squared distance to its target. Errors and estimates are *minus* gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray
Function = Callable[[Array], Array]


def logistic(u: Array) -> Array:
    return 1 / (1 + np.exp(-u))


#: name -> (f, f')
TRANSFERS: dict[str, tuple[Function, Function]] = {
    "logistic": (logistic, lambda u: logistic(u) * (1 - logistic(u))),
    "tanh": (np.tanh, lambda u: 1 - np.tanh(u) ** 2),
    "linear": (lambda u: u, np.ones_like),
    "relu": (lambda u: u * (u > 0), lambda u: 1.0 * (u > 0)),
}


@dataclass
class Network:
    """W and b with transfer functions by name, and feedback weights B, from the layer above or from the output.

    B[i] (n_{i+1}, n above it) brings errors to the (i+1)-th layer, a hidden one.
    """

    W: list[Array]
    b: list[Array]
    f: Sequence[str]
    B: list[Array] = field(default_factory=list)
    direct: bool = False

    def forward(self, x: Array, noise: Sequence[Array] = ()) -> tuple[list[Array], list[Array]]:
        """Return fields and rates of all layers, x being the first rate, by section 2.2 (``noise`` is c xi, for each layer)."""
        fields, rates = [], [x]
        for i, (w, b, f) in enumerate(zip(self.W, self.b, self.f)):
            fields.append(rates[-1] @ w.T + b)
            rates.append(TRANSFERS[f][0](fields[-1]) + (noise[i] if i < len(noise) else 0))
        return fields, rates

    def loss(self, x: Array, target: Array, noise: Sequence[Array] = ()) -> Array:
        """Return the loss of each sample."""
        return 0.5 * np.sum((self.forward(x, noise)[1][-1] - target) ** 2, axis=1)

    def slopes(self, fields: list[Array]) -> list[Array]:
        return [TRANSFERS[f][1](u) for f, u in zip(self.f, fields)]

    def errors(self, x: Array, target: Array) -> tuple[list[Array], list[Array]]:
        """Return e of every layer by the feedback weights, and what arrived there, B e, of the hidden ones (section 2.1)."""
        fields, rates = self.forward(x)
        slopes = self.slopes(fields)
        errors = [(target - rates[-1]) * slopes[-1]]
        arrived: list[Array] = []
        for i in reversed(range(len(self.W) - 1)):
            arrived.insert(0, (errors[-1] if self.direct else errors[0]) @ self.B[i].T)
            errors.insert(0, arrived[0] * slopes[i])
        return errors, arrived

    def gradients(self, x: Array, target: Array) -> list[Array]:
        """Return minus the gradient of the loss by each hidden rate, exactly (backpropagation)."""
        fields, rates = self.forward(x)
        slopes = self.slopes(fields)
        e = (target - rates[-1]) * slopes[-1]
        found: list[Array] = []
        for i in reversed(range(len(self.W) - 1)):
            found.insert(0, e @ self.W[i + 1])
            e = found[0] * slopes[i]
        return found

    def estimates(self, x: Array, target: Array, noise: Sequence[Array], c: float) -> list[Array]:
        """Return minus Eq. 2 for each layer with noise, whose ``noise`` is c xi."""
        difference = self.loss(x, target, noise) - self.loss(x, target)
        return [-difference[:, None] * n / c**2 for n in noise]

    def sender(self, i: int, errors: list[Array]) -> Array:
        """Return the errors that B[i] brings down."""
        return errors[-1] if self.direct else errors[i + 1]

    def add(self, changes: Sequence[Array], x: Array, rate: float) -> None:
        """Add rate * mean of change (x) rate below to W, and likewise to b."""
        rates = self.forward(x)[1]
        for w, b, e, r in zip(self.W, self.b, changes, rates):
            w += rate * e.T @ r / len(x)
            b += rate * e.mean(axis=0)

    # ---- one presentation of each rule -------------------------------------------------------------------------

    def perturb(
        self, x: Array, target: Array, noise: Sequence[Array], c: float, rate: float, feedback_rate: float
    ) -> None:
        """Train once by Eq. 3 with gradient descent, and section 4.1."""
        estimates, (errors, arrived) = self.estimates(x, target, noise, c), self.errors(x, target)
        senders = [self.sender(i, errors) for i in range(len(self.B))]
        self.add(errors, x, rate)
        for B, estimate, came, e in zip(self.B, estimates, arrived, senders):
            B += feedback_rate * (estimate - came).T @ e / len(x)

    def reinforce(self, x: Array, target: Array, noise: Sequence[Array], c: float, rate: float) -> None:
        """Train once with each unit's estimate in place of an error."""
        slopes = self.slopes(self.forward(x)[0])
        self.add([e * s for e, s in zip(self.estimates(x, target, noise, c), slopes)], x, rate)

    def match(self, x: Array, target: Array, rate: float) -> None:
        """Train once with dB = dW^T."""
        errors, _ = self.errors(x, target)
        before = [w.copy() for w in self.W]
        self.add(errors, x, rate)
        for B, w, old in zip(self.B, self.W[1:], before[1:]):
            B += (w - old).T

    def align(self, x: Array, target: Array, rate: float) -> None:
        """Train once by feedback alignment: B is fixed."""
        self.add(self.errors(x, target)[0], x, rate)


class Ridge:
    """Eq. 18 by its normal equations: B = (sum lambda e^T) (sum e e^T + gamma)^-1."""

    def __init__(self, upper: int, lower: int, gamma: float) -> None:
        self.product, self.correlation = np.zeros((lower, upper)), gamma * np.eye(upper)

    def see(self, estimate: Array, e: Array) -> Array:
        """Return B after one sample more."""
        self.product += np.outer(estimate, e)
        self.correlation += np.outer(e, e)
        return np.linalg.solve(self.correlation, self.product.T).T


class Adam:
    """Kingma and Ba 2015, Algorithm 1, for one array."""

    def __init__(
        self, shape: tuple[int, ...], rate: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ):
        self.rate, self.beta1, self.beta2, self.epsilon = rate, beta1, beta2, epsilon
        self.m, self.v, self.t = np.zeros(shape), np.zeros(shape), 0

    def step(self, g: Array) -> Array:
        """Return the change for minus the gradient g."""
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g * g
        m, v = self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta2**self.t)
        return self.rate * m / (np.sqrt(v) + self.epsilon)
