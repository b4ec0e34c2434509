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

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Settings:
    """Sizes and constants; images have `side` by `side` pixels, and `rows` is how many images there are."""

    side: int = 8
    units: int = 32
    batch_size: int = 1
    steps: int = 50
    tau: float = 10.0
    tau_w: float = 2000.0
    alpha: float = 8.0
    beta: float = 0.3
    rows: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Problem:
    """Weights and images, all float32: q (n, pixels), w (n, n) with zeros on the diagonal, x (rows, pixels)."""

    settings: Settings
    q: np.ndarray
    w: np.ndarray
    x: np.ndarray

    def shown(self, presentation: int) -> int:
        """The row that a presentation shows."""
        return presentation % len(self.x)

    def initial(self) -> list[np.ndarray]:
        """The weights before the first presentation."""
        return [self.q, self.w]

    def save(self, path: Path) -> None:
        """Write it as an npz file."""
        np.savez(path, settings=json.dumps(asdict(self.settings)), q=self.q, w=self.w, x=self.x)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what `save` wrote."""
        with np.load(path) as file:
            return cls(Settings(**json.loads(str(file["settings"]))), file["q"], file["w"], file["x"])


def draw(settings: Settings) -> Problem:
    """Weights as in the example (uniform), and images in which each bar is there with the probability 1/side."""
    random, n, side = np.random.default_rng(settings.seed), settings.units, settings.side
    drawn = random.random((settings.rows, 2, side)) < 1 / side
    x = (drawn[:, 0, :, None] | drawn[:, 1, None, :]).reshape(settings.rows, -1)
    w = random.uniform(0, 1, (n, n)) * (1 - np.eye(n))
    arrays = (random.uniform(-0.5, 0.5, (n, side**2)), w, x)
    return Problem(settings, *(a.astype(np.float32) for a in arrays))


def expected(problem: Problem, presentations: int) -> list[np.ndarray]:
    """Q and W after the first presentations, straight from the equations above, in float64."""
    p, (q, w, x) = problem.settings, (a.astype(float) for a in (problem.q, problem.w, problem.x))
    r, others = np.zeros(p.units), 1 - np.eye(p.units)
    for presentation in range(presentations):
        image = x[problem.shown(presentation)]
        for _ in range(p.steps):
            r = np.maximum(r + (q @ image - w @ r - r) / p.tau, 0)
            q = np.maximum(q + (np.outer(r, image) - p.alpha * (r**2)[:, None] * q) / p.tau_w, 0)
            w = np.maximum(w + (np.outer(r, r) - p.beta * r[:, None]) / p.tau_w, 0) * others
    return [q, w]
