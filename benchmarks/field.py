"""A neural field (the example of ANNarchy, without its noise): what every simulator computes, and what should come out.

Units on a map of `side` by `side` have rates r. Image x stands on the map for the `steps` steps of a presentation:

    r_i := r_i + (x_i + sum over j of w_ij r_j - r_i)/tau, but 0 <= r_i <= 1
    w_ij = .2 exp(-d^2/(2 .1^2)) - .1 exp(-d^2/(2 .7^2))        d: the distance, 1 along an edge; no w_ii

Nothing learns. Rates are carried over from one presentation to the next, and are what is compared. Images are those of a bump
that goes around a circle, with noise of their own. There is one batch element, since ANNarchy has no batches.

This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.problem import SavedProblem, SharedSettings


@dataclass(frozen=True)
class Settings(SharedSettings):
    """Sizes and constants; `rows` is how many images there are."""

    side: int = 20
    batch_size: int = 1
    steps: int = 50
    tau: float = 10.0
    rows: int = 100


@dataclass(frozen=True)
class Problem(SavedProblem):
    """Weights (n, n) and images (rows, n), float32."""

    kind = Settings
    settings: Settings
    w: np.ndarray
    x: np.ndarray

    def initial(self) -> list[np.ndarray]:
        """Return the rates before the first presentation."""
        return [np.zeros(self.settings.side**2)]


def draw(settings: Settings) -> Problem:
    """Draw the weights of the example, and bumps with noise."""
    random, side = np.random.default_rng(settings.seed), settings.side
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1).reshape(-1, 2) / (side - 1)
    apart = np.sum((place[:, None] - place) ** 2, axis=-1)
    w = (0.2 * np.exp(-apart / (2 * 0.1**2)) - 0.1 * np.exp(-apart / (2 * 0.7**2))) * (1 - np.eye(side**2))
    angle = 2 * np.pi * np.arange(settings.rows)[:, None] / settings.rows
    centre = 0.5 + 0.25 * np.stack([np.cos(angle), np.sin(angle)], -1)
    bump = 0.5 * np.exp(-np.sum((place - centre) ** 2, axis=-1) / (2 * 0.1**2))
    x = np.maximum(bump + random.uniform(-0.5, 0.5, bump.shape), 0)
    return Problem(settings, w.astype(np.float32), x.astype(np.float32))


def expected(problem: Problem, presentations: int) -> list[np.ndarray]:
    """Return the rates after the first presentations, straight from the equations above, in float64."""
    p, w, x = problem.settings, problem.w.astype(float), problem.x.astype(float)
    r = np.zeros(p.side**2)
    for presentation in range(presentations):
        (image,) = x[problem.shown(presentation)]
        for _ in range(p.steps):
            r = np.clip(r + (image + w @ r - r) / p.tau, 0, 1)
    return [r]
