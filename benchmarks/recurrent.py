"""RFLO (Murray 2019) in a recurrent network: what every simulator computes here, and what it should come out as.

n units with rates h, weights W, and m outputs with weights V; B batch elements share them, and each has the eligibility p of
every synapse. A presentation has `steps` steps, with a target in each; all that a step reads is as the step before left it:

    u = h W^T        c = e K^T (K is random and does not learn)        y = h V^T
    W += rate <c p>                     p += ((1 - tanh(u)^2) h - p)/tau           (post, pre)
    h' = h + (tanh(u) - h)/tau          e = target - y          V += rate_out <e h>

< > is the mean over the batch elements. Rates, errors and eligibilities are carried over from one presentation to the next.
Presentation k shows in element b the row k B + b of the targets, which start again when they end.

This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.problem import SavedProblem, SharedSettings


@dataclass(frozen=True)
class Settings(SharedSettings):
    """Sizes and constants; `batch_size` is B, `rows` is how many targets there are."""

    units: int = 200
    outputs: int = 2
    batch_size: int = 32
    steps: int = 100
    tau: float = 10.0
    rate: float = 0.002
    rate_out: float = 0.0002
    rows: int = 320


@dataclass(frozen=True)
class Problem(SavedProblem):
    """A network with its numbers, all float32: w (n, n), v (m, n), k (n, m), h (B, n), targets (rows, steps, m)."""

    kind = Settings
    settings: Settings
    w: np.ndarray
    v: np.ndarray
    k: np.ndarray
    h: np.ndarray
    targets: np.ndarray

    def initial(self) -> list[np.ndarray]:
        """Return the weights before the first presentation."""
        return [self.w, self.v]


def draw(settings: Settings) -> Problem:
    """Draw weights, first rates, and targets that are sines of two periods with random phases."""
    random, n, m, p = np.random.default_rng(settings.seed), settings.units, settings.outputs, settings
    time = 2 * np.pi * np.arange(p.steps) / p.steps
    phase = random.uniform(0, 2 * np.pi, (p.rows, 1, m))
    targets = np.sin(time[None, :, None] + phase) + 0.5 * np.sin(2 * time[None, :, None] + phase)
    arrays = (
        random.normal(0, 1.2 / np.sqrt(n), (n, n)), random.uniform(-1, 1, (m, n)) / np.sqrt(n),
        random.uniform(-1, 1, (n, m)) / np.sqrt(m), random.uniform(-1, 1, (p.batch_size, n)), targets,
    )  # fmt: skip
    return Problem(p, *(a.astype(np.float32) for a in arrays))


def expected(problem: Problem, presentations: int) -> list[np.ndarray]:
    """Return W and V after the first presentations, straight from the equations above, in float64."""
    p = problem.settings
    w, v, k, h, targets = (getattr(problem, name).astype(float) for name in ("w", "v", "k", "h", "targets"))
    trace, e = np.zeros((p.batch_size, p.units, p.units)), np.zeros((p.batch_size, p.outputs))
    for presentation in range(presentations):
        rows = problem.shown(presentation)
        for step in range(p.steps):
            u, c, y = h @ w.T, e @ k.T, h @ v.T
            e = targets[rows, step] - y
            w = w + p.rate / p.batch_size * np.einsum("bi,bij->ij", c, trace)
            trace += ((1 - np.tanh(u) ** 2)[:, :, None] * h[:, None, :] - trace) / p.tau
            v = v + p.rate_out / p.batch_size * e.T @ h
            h = h + (np.tanh(u) - h) / p.tau
    return [w, v]
