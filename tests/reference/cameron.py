"""Cameron, Chen, Wagner and Sejnowski, *A biologically-plausible learning rule using reciprocal feedback*, in NumPy.

A pair: A is (n_h, n_x), B is (n_x, n_h). A network: weights[l-1] is W_l, (n_l, n_{l-1}), l = 1..L; feedback[l-2] is
B_l, (n_{l-1}, n_l), l = 2..L, for the pair that W_l is the A of. Rows are batch elements of the circuit: x is (b, n_x).

The poster's learning rule lacks a minus sign (its e = h_L - h*), and leaves out f', having linear layers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def from_below(A: Array, B: Array, x: Array) -> tuple[Array, Array]:
    """Return the mean increments (h - h^) x^T and (x - x^) h^T of h = Ax, x^ = Bh, h^ = Ax^."""
    h = x @ A.T
    x_back = h @ B.T
    h_back = x_back @ A.T
    return (h - h_back).T @ x / len(x), (x - x_back).T @ h / len(x)


def from_above(A: Array, B: Array, z: Array) -> tuple[Array, Array]:
    """Return the mean increments (z - z^) x'^T and (x' - x'^) z^T of x' = Bz, z^ = Ax', x'^ = Bz^."""
    x = z @ B.T
    z_back = x @ A.T
    x_back = z_back @ B.T
    return (z - z_back).T @ x / len(z), (x - x_back).T @ z / len(z)


def penrose(A: Array, B: Array) -> list[float]:
    """Return how far ABA is from A, BAB from B, (AB)^T from AB and (BA)^T from BA, each over the norm of what it should be."""
    pairs = [(A @ B @ A, A), (B @ A @ B, B), ((A @ B).T, A @ B), ((B @ A).T, B @ A)]
    return [float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted)) for got, wanted in pairs]


def supervised(weights: Sequence[Array], feedback: Sequence[Array], x: Array, target: Array) -> list[Array]:
    """Return the mean increments error_l x_{l-1}^T, l = 1..L, of a tanh network with a linear output.

    error_L = target - h_L; error_l = f'(h_l) B_{l+1} error_{l+1}.
    """
    rates = [x]
    for w in weights[:-1]:
        rates.append(np.tanh(rates[-1] @ w.T))
    errors = [target - rates[-1] @ weights[-1].T]
    for b, rate in zip(feedback[::-1], rates[:0:-1], strict=True):
        errors.insert(0, (errors[0] @ b.T) * (1 - rate**2))
    return [e.T @ r / len(x) for e, r in zip(errors, rates, strict=True)]


def train_step(
    weights: Sequence[Array],
    feedback: Sequence[Array],
    x: Array,
    target: Array,
    noise: Sequence[Array],
    rate: float,
    feedback_rate: float,
) -> None:
    """Make one presentation, in place: W learns by the error, then B by noise[l-1] at hidden layer l, l = 1..L-1."""
    for w, change in zip(weights, supervised(weights, feedback, x, target), strict=True):
        w += rate * change
    for w, b, z in zip(weights[1:], feedback, noise, strict=True):
        b += feedback_rate * from_below(w, b, z)[1]
