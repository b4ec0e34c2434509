"""Bars (the example of ANNarchy): what every simulator computes here, and what it should come out as.

n units with rates r see an image x of bars through weights Q, and inhibit each other by weights W (none to themselves). In each
of the `steps` steps of a presentation, with the rates of the step before on the right of the first line:

    r_i := (r_i + (sum over j of Q_ij x_j - W_ij r_j, - r_i)/tau)^+
    Q_ij := (Q_ij + (x_j r_i - alpha r_i^2 Q_ij)/tau_w)^+       Oja's rule, for excitation
    W_ij := (W_ij + (r_j r_i - beta r_i)/tau_w)^+               anti-Hebbian, for inhibition

Rates are carried over from one presentation to the next. There is one batch element, since ANNarchy has no batches.

This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.problem import SavedProblem, SharedSettings


@dataclass(frozen=True)
class Settings(SharedSettings):
    """Sizes and constants; images have `side` by `side` pixels, and `rows` is how many images there are."""

    side: int = 8
    units: int = 32
    batch_size: int = 1
    steps: int = 50
    tau: float = 10.0
    tau_w: float = 2000.0
    alpha: float = 8.0
    beta: float = 0.3


@dataclass(frozen=True)
class Problem(SavedProblem):
    """Weights and images, all float32: q (n, pixels), w (n, n) with zeros on the diagonal, x (rows, pixels)."""

    kind = Settings
    settings: Settings
    q: np.ndarray
    w: np.ndarray
    x: np.ndarray

    def initial(self) -> list[np.ndarray]:
        """Return the weights before the first presentation."""
        return [self.q, self.w]


def draw(settings: Settings) -> Problem:
    """Draw weights as in the example (uniform), and images in which each bar is there with the probability 1/side."""
    random, n, side = np.random.default_rng(settings.seed), settings.units, settings.side
    drawn = random.random((settings.rows, 2, side)) < 1 / side
    x = (drawn[:, 0, :, None] | drawn[:, 1, None, :]).reshape(settings.rows, -1)
    w = random.uniform(0, 1, (n, n)) * (1 - np.eye(n))
    arrays = (random.uniform(-0.5, 0.5, (n, side**2)), w, x)
    return Problem(settings, *(a.astype(np.float32) for a in arrays))


def expected(problem: Problem, presentations: int) -> list[np.ndarray]:
    """Return Q and W after the first presentations, straight from the equations above, in float64."""
    p, (q, w, x) = problem.settings, (a.astype(float) for a in (problem.q, problem.w, problem.x))
    r, others = np.zeros(p.units), 1 - np.eye(p.units)
    for presentation in range(presentations):
        (image,) = x[problem.shown(presentation)]
        for _ in range(p.steps):
            r = np.maximum(r + (q @ image - w @ r - r) / p.tau, 0)
            q = np.maximum(q + (np.outer(r, image) - p.alpha * (r**2)[:, None] * q) / p.tau_w, 0)
            w = np.maximum(w + (np.outer(r, r) - p.beta * r[:, None]) / p.tau_w, 0) * others
    return [q, w]
