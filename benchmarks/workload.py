"""The reference workload: what every simulator computes here, and what it should come out as.

Layers n_0 ... n_L with weights W_l (n_l, n_{l-1}), l = 1..L, and feedback R_l (n_l, n_{l+1}), l = 1..L-1. B batch elements
share them. A presentation has `steps` steps; all that a step reads is as the step before left it:

    h_l = x_{l-1} W_l^T          x_l += mix (tanh(h_l) - x_l)                x_0 is the stimulus
    a_l = d_{l+1} R_l^T          d_l = a_l (1 - tanh(h_l)^2)                 hidden layers
    d_L = s - x_L from step `clamped_from` on, before that 0
    after the last step          W_l += rate <d_l^T x_{l-1}>,  R_l += rate <x_l^T d_{l+1}>   (mean over the batch elements)

Rates and errors are carried over from one presentation to the next. Presentation p shows in batch element b the row p B + b of
the data, which start again when they end.

Mode "every" computes all of it in every step. Mode "needed" leaves out what nobody reads or what has not changed: the
first layer's field (the stimulus is clamped) is computed once, and d_l only in the last l steps.

This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.problem import LayeredSettings, SavedProblem, layer_weights

MODES = ("every", "needed")


@dataclass(frozen=True)
class Settings(LayeredSettings):
    """Sizes and constants; `batch_size` is B, `rows` is how many stimuli there are."""

    sizes: tuple[int, ...] = (784, 500, 500, 10)
    steps: int = 20
    clamped_from: int = 10
    mix: float = 0.25
    rate: float = 0.01


@dataclass(frozen=True)
class Problem(SavedProblem):
    """A workload with its numbers, all float32.

    weights: W_1..W_L. feedback: R_1..R_{L-1}. x: (rows, n_0). s: (rows, n_L), one-hot.
    """

    kind = Settings
    settings: Settings
    weights: list[np.ndarray]
    feedback: list[np.ndarray]
    x: np.ndarray
    s: np.ndarray


def draw(settings: Settings) -> Problem:
    """Draw weights uniform in +-sqrt(6/(n_pre + n_post)), stimuli uniform in [0, 1), a random class each."""
    rng = np.random.default_rng(settings.seed)

    pairs = list(zip(settings.sizes, settings.sizes[1:]))
    weights = [layer_weights(rng, post, pre) for pre, post in pairs]
    feedback = [layer_weights(rng, pre, post) for pre, post in pairs[1:]]
    x = rng.random((settings.rows, settings.sizes[0]), dtype=np.float32)
    s = np.eye(settings.sizes[-1], dtype=np.float32)[rng.integers(0, settings.sizes[-1], settings.rows)]
    return Problem(settings, weights, feedback, x, s)


def expected(problem: Problem, presentations: int) -> list[np.ndarray]:
    """Return W_1..W_L, R_1..R_{L-1} after the first presentations, straight from the equations above, in float64."""
    p, top = problem.settings, problem.settings.layers
    w = [np.empty(0)] + [a.astype(float) for a in problem.weights]
    r = [np.empty(0)] + [a.astype(float) for a in problem.feedback]
    x = [np.zeros((p.batch_size, n)) for n in p.sizes]
    d = [np.zeros((p.batch_size, n)) for n in p.sizes]
    for presentation in range(presentations):
        rows = problem.shown(presentation)
        x[0] = problem.x[rows].astype(float)
        for step in range(p.steps):
            u = [x[0]] + [np.tanh(x[l - 1] @ w[l].T) for l in range(1, top + 1)]
            clamped = step >= p.clamped_from
            d_top = (problem.s[rows] - x[top]) * clamped
            d = [d[0]] + [(d[l + 1] @ r[l].T) * (1 - u[l] ** 2) for l in range(1, top)] + [d_top]
            x = [x[0]] + [x[l] + p.mix * (u[l] - x[l]) for l in range(1, top + 1)]
        for l in range(1, top + 1):
            w[l] = w[l] + p.rate / p.batch_size * d[l].T @ x[l - 1]
        for l in range(1, top):
            r[l] = r[l] + p.rate / p.batch_size * x[l].T @ d[l + 1]
    return w[1:] + r[1:]


def distance(problem: Problem, got: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """Return how far weights are from what they should be, as a share of the largest change: the worst of all matrices."""
    before = problem.weights + problem.feedback
    far = [float(np.abs(g - w).max() / np.abs(w - b).max()) for g, w, b in zip(got, wanted, before)]
    return max(far) if np.isfinite(far).all() else float("inf")


@dataclass(frozen=True)
class Product:
    """`times` products a presentation: field (B, post) = signal (B, pre) W^T; or, `learns`, W += post^T pre."""

    post: int
    pre: int
    times: int
    learns: bool = False

    @property
    def work(self) -> int:
        """Multiplications of one presentation and batch element."""
        return self.post * self.pre * self.times


def products(settings: Settings, mode: str) -> list[Product]:
    """Return the matrix products of a presentation."""
    needed, steps, sizes = mode == "needed", settings.steps, settings.sizes
    pairs = list(zip(sizes, sizes[1:]))
    forward = [Product(b, a, 1 if needed and l == 0 else steps) for l, (a, b) in enumerate(pairs)]
    back = [Product(a, b, l if needed else steps) for l, (a, b) in enumerate(pairs) if l]
    learning = [Product(p.post, p.pre, 1, learns=True) for p in forward + back]
    return forward + back + learning
