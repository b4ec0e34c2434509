"""Discriminative predictive coding: what every simulator computes here, and what it should come out as.

Layers n_0 ... n_L with weights W_l (n_l, n_{l-1}); B batch elements share them. The stimulus x is v_0, the label is v_L, and
values between begin at 0 in each presentation. f is tanh, except for the stimulus, which is sent as it is.

    e_l = v_l - W_l f(v_{l-1})                                        l = 1 ... L, with the values as they are
    T times:  v_l += step (f'(v_l) W_{l+1}^T e_{l+1} - e_l)           l = 1 ... L-1; then all e_l again
    at last:  W_l by ADAM (Kingma and Ba 2015), up the gradient <e_l f(v_{l-1})^T>

< > is the mean over the batch elements. Presentation k shows in element b the row k B + b of the data, which start again when
they end. This is the schedule of ngc-learn's model of that name, without biases and without a first guess of the values.

This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.problem import LayeredSettings, SavedProblem, layer_weights


@dataclass(frozen=True)
class Settings(LayeredSettings):
    """Sizes and constants; `batch_size` is B, `steps` is T, `rows` is how many stimuli there are."""

    sizes: tuple[int, ...] = (784, 512, 512, 10)
    batch_size: int = 250
    steps: int = 20
    step: float = 0.05
    rate: float = 0.002
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8


@dataclass(frozen=True)
class Problem(SavedProblem):
    """A network with its numbers, all float32: W_1..W_L, x (rows, n_0), and s (rows, n_L), one-hot."""

    kind = Settings
    settings: Settings
    w: list[np.ndarray]
    x: np.ndarray
    s: np.ndarray

    def initial(self) -> list[np.ndarray]:
        """Return the weights before the first presentation."""
        return self.w


def draw(settings: Settings) -> Problem:
    """Draw weights uniform in +-sqrt(6/(n_pre + n_post)), stimuli uniform in [0, 1), a random class each."""
    random, sizes = np.random.default_rng(settings.seed), settings.sizes
    weights = [layer_weights(random, post, pre) for pre, post in zip(sizes, sizes[1:])]
    x = random.random((settings.rows, sizes[0]), dtype=np.float32)
    labels = random.integers(0, sizes[-1], settings.rows)
    return Problem(settings, weights, x, np.eye(sizes[-1], dtype=np.float32)[labels])


def expected(problem: Problem, presentations: int) -> list[np.ndarray]:
    """Return W_1..W_L after the first presentations, straight from the equations above, in float64."""
    p = problem.settings
    w = [a.astype(float) for a in problem.w]
    m, v = ([np.zeros_like(a) for a in w] for _ in range(2))
    for presentation in range(presentations):
        t = presentation + 1
        for l, (e, sent) in enumerate(_settled(problem, w, problem.shown(presentation))):
            gradient = e.T @ sent / p.batch_size
            m[l] = p.beta1 * m[l] + (1 - p.beta1) * gradient
            v[l] = p.beta2 * v[l] + (1 - p.beta2) * gradient**2
            w[l] = w[l] + p.rate * m[l] / (1 - p.beta1**t) / (np.sqrt(v[l] / (1 - p.beta2**t)) + p.epsilon)
    return w


def _settled(problem: Problem, w: list[np.ndarray], rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the errors of each layer of weights, and what is sent to it, after the values have settled."""
    p, top = problem.settings, problem.settings.layers
    values = [problem.x[rows].astype(float), *(np.zeros((p.batch_size, n)) for n in p.sizes[1:-1])]
    values.append(problem.s[rows].astype(float))

    def errors() -> list[tuple[np.ndarray, np.ndarray]]:
        sent = [values[0], *(np.tanh(a) for a in values[1:-1])]
        return [(values[l + 1] - sent[l] @ w[l].T, sent[l]) for l in range(top)]

    found = errors()
    for _ in range(p.steps):
        for l in range(1, top):
            back = found[l][0] @ w[l] * (1 - np.tanh(values[l]) ** 2)
            values[l] = values[l] + p.step * (back - found[l - 1][0])
        found = errors()
    return found
