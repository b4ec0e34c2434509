"""A neural field (the example of ANNarchy, without its noise): what every simulator computes, and what should come out.

Units on a map of `side` by `side` have rates r. Image x stands on the map for the `steps` steps of a presentation:

    r_i := r_i + (x_i + sum over j of w_ij r_j - r_i)/tau, but 0 <= r_i <= 1
    w_ij = .2 exp(-d^2/(2 .1^2)) - .1 exp(-d^2/(2 .7^2))        d: the distance, 1 along an edge; no w_ii

Nothing learns. Rates are carried over from one presentation to the next, and are what is compared. Images are those of a bump
that goes around a circle, with noise of their own. There is one batch element, since ANNarchy has no batches.

This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Settings:
    """Sizes and constants; `rows` is how many images there are."""

    side: int = 20
    batch_size: int = 1
    steps: int = 50
    tau: float = 10.0
    rows: int = 100
    seed: int = 0


@dataclass(frozen=True)
class Problem:
    """Weights (n, n) and images (rows, n), float32."""

    settings: Settings
    w: np.ndarray
    x: np.ndarray

    def shown(self, presentation: int) -> int:
        """The row that a presentation shows."""
        return presentation % len(self.x)

    def initial(self) -> list[np.ndarray]:
        """The rates before the first presentation."""
        return [np.zeros(self.settings.side**2)]

    def save(self, path: Path) -> None:
        """Write it as an npz file."""
        np.savez(path, settings=json.dumps(asdict(self.settings)), w=self.w, x=self.x)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what `save` wrote."""
        with np.load(path) as file:
            return cls(Settings(**json.loads(str(file["settings"]))), file["w"], file["x"])


def draw(settings: Settings) -> Problem:
    """The weights of the example, and bumps with noise."""
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
    """The rates after the first presentations, straight from the equations above, in float64."""
    p, w, x = problem.settings, problem.w.astype(float), problem.x.astype(float)
    r = np.zeros(p.side**2)
    for presentation in range(presentations):
        for _ in range(p.steps):
            r = np.clip(r + (x[problem.shown(presentation)] + w @ r - r) / p.tau, 0, 1)
    return [r]
