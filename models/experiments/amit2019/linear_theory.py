"""What the linear circuits are held against (Amit 2019, Eq. 12-18): the flows as rate -> 0, integrated by SciPy.

W_i, i = 1..k, is (n_i, n_{i-1}); R_i, i = 2..k, is (n_{i-1}, n_i). lam[i-1] is lambda_i and lam_r[i-2] is
lambda_{R,i}; a last axis holds the modes, one for each singular value lambda_T of T.

There is a misprint in section 3.2: the start that decouples is R_i(0) = U_i L_{R,i} U_{i+1}^T, with U_1 = V and U_{k+1} =
U.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np

from ..theory.averaged_equations import integrate
from .linear_circuits import Array, Problem


@dataclass(frozen=True)
class Decoupled:
    """A problem whose matrix system falls apart into scalar ones.

    Parameters
    ----------
    problem : Problem
        W_i(0) = 0, R_i(0) = U_i L_{R,i} U_{i+1}^T, T = U L_T V^T.
    bases : Sequence[Array]
        U_1..U_{k+1}, (n_{i-1}, modes).
    lam_r : Array
        (k-1, modes).
    lam_t : Array
        (modes,).
    """

    problem: Problem
    bases: Sequence[Array]
    lam_r: Array
    lam_t: Array

    def lambdas(self, trajectory: Sequence[Array]) -> Array:
        """Return U_{i+1}^T W_i U_i at each time, (times, k, modes, modes); diagonal where the system is decoupled."""
        found = [b.T @ w @ a for w, a, b in zip(trajectory, self.bases[:-1], self.bases[1:], strict=True)]
        return np.stack(found, axis=1)

    def errors(self, residual: Array) -> Array:
        """Return the modes of e, (times, modes), of residuals (times, n_k, n_0)."""
        return np.einsum("am,tab,bm->tm", self.bases[-1], residual, self.bases[0])


def decoupled(lam_r: Array, lam_t: Array, extra: int, rng: np.random.Generator) -> Decoupled:
    """Return random bases; the output has as many units as modes, every other layer ``extra`` more."""
    modes = len(lam_t)
    sizes = [modes + extra] * len(lam_r) + [modes + extra, modes]
    bases = [np.linalg.qr(rng.standard_normal((n, modes)))[0] for n in sizes]
    feedback = [a * r @ b.T for a, r, b in zip(bases[1:-1], lam_r, bases[2:], strict=True)]
    weights = [np.zeros((post, pre)) for pre, post in pairwise(sizes)]
    T = bases[-1] * lam_t @ bases[0].T
    return Decoupled(Problem(T, weights, feedback), bases, lam_r, lam_t)


def scalar_solution(lam_r: Array, lam_t: Array, epsilon: float, times: Array) -> Array:
    """Return Eq. 16 from lambda_i(0) = 0: (times, k, modes)."""

    def flow(lam: Array) -> Array:
        e = lam_t - lam.prod(axis=0)
        back = lam_r + epsilon * lam[1:]
        return np.stack([back[i:].prod(axis=0) * e * lam[:i].prod(axis=0) for i in range(len(lam))])

    return integrate(flow, np.zeros((len(lam_r) + 1, len(lam_t))), times)


def matrix_solution(problem: Problem, epsilon: float, times: Array) -> list[Array]:
    """Return Eq. 12 and 15 from the problem's start: W_i at each time, (times, n_i, n_{i-1})."""
    shapes = [w.shape for w in problem.weights]
    cuts = np.cumsum([w.size for w in problem.weights])[:-1]

    def split(flat: Array) -> list[Array]:
        return [part.reshape(shape) for part, shape in zip(np.split(flat, cuts), shapes, strict=True)]

    def flow(flat: Array) -> Array:
        now = split(flat)
        moved = zip(problem.feedback, problem.weights[1:], now[1:], strict=True)
        back = [r + epsilon * (w - start).T for r, start, w in moved]
        e = problem.T - _product(now[::-1], len(problem.T))
        below = [w.T for w in now]
        changes = [_product(back[i:], len(w)) @ e @ _product(below[:i], e.shape[1]) for i, w in enumerate(now)]
        return np.concatenate([c.ravel() for c in changes])

    path = integrate(flow, np.concatenate([w.ravel() for w in problem.weights]), times)
    return [part.reshape(-1, *shape) for part, shape in zip(np.split(path, cuts, axis=1), shapes, strict=True)]


def conserved(lam: Array, lam_r: Array, epsilon: float) -> Array:
    """Return Eq. 17, left minus right, i = 2..k: lambda_R lambda + eps lambda^2/2 - lambda_{i-1}^2/2; 0 from 0.

    lam: (times, k, modes). Returns (times, k-1, modes).
    """
    upper, lower = lam[:, 1:], lam[:, :-1]
    return lam_r * upper + epsilon / 2 * upper**2 - lower**2 / 2


def decay(lam: Array, epsilon: float) -> Array:
    """Return Eq. 18: D in d(e^2)/dt = -2 e^2 D, for lambda_i(0) = 0: (times, modes) of lam (times, k, modes)."""
    squares = lam**2
    halves = (epsilon * squares[:, 1:] + squares[:, :-1]) / 2
    terms = [squares[:, :i].prod(axis=1) * halves[:, i:].prod(axis=1) for i in range(lam.shape[1])]
    return np.sum(terms, axis=0)


def theorem_2_holds(lam_r: Array, epsilon: float) -> Array:
    """Return whether theorem 2's condition for k = 3 holds, mode by mode: lambda_{R,2} > (1 + sqrt(1 + eps))/2 lambda_{R,3}."""
    return lam_r[0] > (1 + np.sqrt(1 + epsilon)) / 2 * lam_r[1]


def _product(matrices: Sequence[Array], size: int) -> Array:
    return reduce(np.matmul, matrices, np.eye(size))
