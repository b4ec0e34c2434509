"""Amit 2019, section 3: updated random feedback in deep linear networks, in NumPy and SciPy.

W_i, i = 1..k, is (n_i, n_{i-1}); R_i, i = 2..k, is (n_{i-1}, n_i) and carries layer i's error to
layer i-1. T is (n_k, n_0). weights[i-1] is W_i; feedback[i-2] is R_i. Lists of lambdas run the
same way: lam[i-1] is lambda_i, lam_r[i-2] is lambda_{R,i}.

Misprints: section 3.2's start is R_i(0) = U_i L_{R,i} U_{i+1}^T with U_1 = V, U_{k+1} = U (the
printed shape does not fit). R_i = R_i(0) + eps (W_i - W_i(0))^T, which the paper writes for
W_i(0) = 0; backpropagation is R_i(0) = W_i(0)^T, eps = 1. Theorem 2's "lambda_3" must be
sqrt(eps) lambda_3: the product of all three tends to lambda_T.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

Array = NDArray[np.float64]

RTOL, ATOL = 1e-12, 1e-14


def chain(matrices: Sequence[Array], size: int) -> Array:
    """Return the product from left to right; it is the identity of that size where there is none."""
    return reduce(np.matmul, matrices, np.eye(size))


def residual(weights: Sequence[Array], T: Array) -> Array:
    """Return e = T - W_k ... W_1, (n_k, n_0)."""
    return T - chain(weights[::-1], T.shape[0])


def relative_error(weights: Sequence[Array], T: Array) -> float:
    """Return |e|^2 / |T|^2 (Frobenius)."""
    return float(np.sum(residual(weights, T) ** 2) / np.sum(T**2))


def flow(weights: Sequence[Array], feedback: Sequence[Array], T: Array) -> list[Array]:
    """Return Eq. 15's right-hand side: dW_i = R_{i+1} ... R_k e W_1^T ... W_{i-1}^T, i = 1..k."""
    e = residual(weights, T)
    below = [w.T for w in weights]
    return [chain(feedback[i:], w.shape[0]) @ e @ chain(below[:i], T.shape[1]) for i, w in enumerate(weights)]


def moved_feedback(
    feedback: Sequence[Array], start: Sequence[Array], weights: Sequence[Array], epsilon: float
) -> list[Array]:
    """Return R_i = R_i(0) + eps (W_i - W_i(0))^T, i = 2..k."""
    moved = zip(feedback, start[1:], weights[1:], strict=True)
    return [r + epsilon * (w - w0).T for r, w0, w in moved]


# ---- the scalar systems --------------------------------------------------------------------


def scalar_flow(lam: ArrayLike, lam_r: ArrayLike, lam_t: ArrayLike, epsilon: float) -> Array:
    """Return the flow of Eq. 14 and 16: dlambda_i = prod_{j>i} (lambda_{R,j} + eps lambda_j) e prod_{j<i} lambda_j.

    lam: (k, ...). lam_r: (k-1, ...). lam_t: (...). e = lambda_T - prod_j lambda_j.
    """
    lam = np.asarray(lam, float)
    e = np.asarray(lam_t, float) - lam.prod(axis=0)
    back = np.asarray(lam_r, float) + epsilon * lam[1:]
    return np.stack([back[i:].prod(axis=0) * e * lam[:i].prod(axis=0) for i in range(len(lam))])


def integrate(rate: Callable[[Array], Array], start: Array, times: ArrayLike) -> Array:
    """Return the state at each time, (n_times, *start.shape), of d state/dt = rate(state); times[0] is 0.

    Each interval is integrated by itself: the solver's interpolation inside its steps (t_eval) is off by
    1e-9 where the steps themselves are good to 1e-12.
    """
    states = [start]

    def flat(_: float, y: Array) -> Array:
        return rate(y.reshape(start.shape)).ravel()

    for span in pairwise(np.asarray(times, float)):
        found = solve_ivp(flat, span, states[-1].ravel(), "DOP853", rtol=RTOL, atol=ATOL)
        if not found.success:
            raise ArithmeticError(found.message)
        states.append(found.y[:, -1].reshape(start.shape))
    return np.stack(states)


def scalar_solution(lam_r: ArrayLike, lam_t: ArrayLike, epsilon: float, times: ArrayLike) -> Array:
    """Return the solution of Eq. 16 from lambda_i(0) = 0: (n_times, k, ...)."""
    lam_r = np.asarray(lam_r, float)
    start = np.zeros((len(lam_r) + 1, *lam_r.shape[1:]))
    return integrate(lambda lam: scalar_flow(lam, lam_r, lam_t, epsilon), start, times)


def matrix_solution(
    weights: Sequence[Array], feedback: Sequence[Array], T: Array, epsilon: float, times: ArrayLike
) -> list[Array]:
    """Return W_i, (n_times, n_i, n_{i-1}), by Eq. 12 and 15 from W_i(0) = weights, R_i(0) = feedback."""
    shapes = [w.shape for w in weights]
    ends = np.cumsum([w.size for w in weights])[:-1]

    def split(y: Array) -> list[Array]:
        return [p.reshape(s) for p, s in zip(np.split(y, ends), shapes, strict=True)]

    def rate(y: Array) -> Array:
        now = split(y)
        changes = flow(now, moved_feedback(feedback, weights, now, epsilon), T)
        return np.concatenate([c.ravel() for c in changes])

    path = integrate(rate, np.concatenate([w.ravel() for w in weights]), times)
    return [p.reshape(len(path), *s) for p, s in zip(np.split(path, ends, axis=1), shapes, strict=True)]


def conserved(lam: ArrayLike, lam_r: ArrayLike, epsilon: float) -> Array:
    """Return Eq. 17, left minus right, i = 2..k: lambda_{R,i} lambda_i + eps lambda_i^2/2 - lambda_{i-1}^2/2.

    lam: (k, ...). Constant in time; 0 from lambda_i(0) = 0.
    """
    lam, lam_r = np.asarray(lam, float), np.asarray(lam_r, float)
    return lam_r * lam[1:] + epsilon / 2 * lam[1:] ** 2 - lam[:-1] ** 2 / 2


def decay(lam: ArrayLike, epsilon: float) -> Array:
    """Return D of Eq. 18, d(e^2)/dt = -2 e^2 D, for lambda_i(0) = 0. lam: (k, ...).

    D = sum_i prod_{j<i} lambda_j^2 prod_{j>i} (eps lambda_j^2 + lambda_{j-1}^2) / 2.
    """
    squares = np.asarray(lam, float) ** 2
    halves = (epsilon * squares[1:] + squares[:-1]) / 2
    terms = [squares[:i].prod(axis=0) * halves[i:].prod(axis=0) for i in range(len(squares))]
    return np.sum(terms, axis=0)


def F(x: ArrayLike, lam_r: ArrayLike, epsilon: float) -> Array:
    """Return F of Eq. 21: sqrt(lambda_R^2 + eps x^2), which is lambda_R + eps G."""
    return np.sqrt(np.asarray(lam_r, float) ** 2 + epsilon * np.asarray(x, float) ** 2)


def G(x: ArrayLike, lam_r: ArrayLike, epsilon: float) -> Array:
    """Return lambda_i from x = lambda_{i-1} by Eq. 20-21: x^2 / (F + lambda_R)."""
    return np.asarray(x, float) ** 2 / (F(x, lam_r, epsilon) + np.asarray(lam_r, float))


def H(x: ArrayLike, lam_r: ArrayLike, epsilon: float) -> Array:
    """Return lambda_{i-1} from x = lambda_i by Eq. 20-21: sqrt(2 lambda_R x + eps x^2)."""
    x = np.asarray(x, float)
    return np.sqrt(2 * np.asarray(lam_r, float) * x + epsilon * x**2)


def ladder(first: ArrayLike, lam_r: Sequence[float], epsilon: float) -> Array:
    """Return lambda_1..lambda_k from lambda_1 by G, one after the other: (k, ...)."""
    rungs = [np.asarray(first, float)]
    for r in lam_r:
        rungs.append(G(rungs[-1], r, epsilon))
    return np.stack(rungs)


def reduced_flow(first: ArrayLike, lam_r: Sequence[float], lam_t: float, epsilon: float) -> Array:
    """Return dlambda_1/dt of Eq. 22 and 27 with all others eliminated: prod_i F_i (lambda_T - prod_i lambda_i)."""
    lam = ladder(first, lam_r, epsilon)
    slopes = [F(x, r, epsilon) for x, r in zip(lam[:-1], lam_r, strict=True)]
    return np.prod(slopes, axis=0) * (lam_t - lam.prod(axis=0))


def root(lam_r: Sequence[float], lam_t: float, epsilon: float) -> Array:
    """Return where the scalar system ends: lambda_1..lambda_k with product lambda_T that obey Eq. 17, (k,)."""
    high = 1.0
    while ladder(high, lam_r, epsilon).prod() < lam_t:
        high *= 2
    first = brentq(lambda x: ladder(x, lam_r, epsilon).prod() - lam_t, 0, high, xtol=1e-15, rtol=1e-14)
    return ladder(float(first), lam_r, epsilon)


def theorem_2_holds(lam_r: Sequence[float], epsilon: float) -> bool:
    """Return whether the condition of Theorem 2 holds: lambda_{R,2} > (1 + sqrt(1 + eps)) / 2 lambda_{R,3}."""
    return bool(lam_r[0] > (1 + np.sqrt(1 + epsilon)) / 2 * lam_r[1])


# ---- the start that decouples --------------------------------------------------------------


class Decoupled(NamedTuple):
    """A matrix system that falls apart into n_k scalar ones.

    T: (n_k, n_0). weights: W_i(0) = 0. feedback: R_i(0). bases: U_1..U_{k+1}, (n_{i-1}, n_k).
    lam_r: (k-1, n_k). lam_t: (n_k,), the singular values of T.
    """

    T: Array
    weights: list[Array]
    feedback: list[Array]
    bases: list[Array]
    lam_r: Array
    lam_t: Array


def orthonormal(rng: np.random.Generator, rows: int, batch_size: int) -> Array:
    """Return random orthonormal columns, (rows, columns)."""
    return np.linalg.qr(rng.standard_normal((rows, batch_size)))[0]


def decoupled(T: Array, hidden: Sequence[int], lam_r: ArrayLike, rng: np.random.Generator) -> Decoupled:
    """Return the start of section 3.2 for T (n_k <= n_0 and every hidden width n_1..n_{k-1}).

    T = U diag(lam_t) V^T; R_i(0) = U_i diag(lam_r) U_{i+1}^T, U_1 = V, U_{k+1} = U, the others
    random with orthonormal batch elements; W_i(0) = 0.
    """
    lam_r = np.asarray(lam_r, float)
    U, lam_t, Vt = np.linalg.svd(T, full_matrices=False)
    inner = [orthonormal(rng, n, len(lam_t)) for n in hidden]
    bases = [Vt.T, *inner, U]
    sizes = [T.shape[1], *hidden, T.shape[0]]
    weights = [np.zeros((post, pre)) for pre, post in pairwise(sizes)]
    feedback = [a * r @ b.T for a, r, b in zip(bases[1:-1], lam_r, bases[2:], strict=True)]
    return Decoupled(T, weights, feedback, bases, lam_r, lam_t)


def in_bases(weights: Sequence[Array], bases: Sequence[Array]) -> Array:
    """Return U_{i+1}^T W_i U_i, i = 1..k: (..., k, n_k, n_k); diagonal in the decoupled system."""
    found = [b.T @ w @ a for w, a, b in zip(weights, bases[:-1], bases[1:], strict=True)]
    return np.stack(found, axis=-3)


# ---- section 3.3: iterating Eq. 15 ---------------------------------------------------------


class Run(NamedTuple):
    """errors: relative error |e|^2/|T|^2 before iteration 0, 1, ..., n, (n + 1,). weights: the last."""

    errors: Array
    weights: list[Array]


def iterate(
    weights: Sequence[Array], feedback: Sequence[Array], T: Array, epsilon: float, rate: float, steps: int
) -> Run:
    """Return the run of W_i += rate * (Eq. 15), R_i = R_i(0) + eps (W_i - W_i(0))^T; nothing is changed in place."""
    start, now = list(weights), list(weights)
    errors = [relative_error(now, T)]
    for _ in range(steps):
        changes = flow(now, moved_feedback(feedback, start, now, epsilon), T)
        now = [w + rate * c for w, c in zip(now, changes, strict=True)]
        errors.append(relative_error(now, T))
    return Run(np.array(errors), now)


def gaussian(rng: np.random.Generator, rows: int, batch_size: int, gain: float) -> Array:
    """Return numbers of N(0, gain^2 / fan_in), (rows, columns); fan_in = columns."""
    return rng.standard_normal((rows, batch_size)) * gain / np.sqrt(batch_size)


class Problem(NamedTuple):
    """T (n_k, n_0), a start W_i(0), and random feedback R_i(0)."""

    T: Array
    weights: list[Array]
    feedback: list[Array]


def linear_problem(
    seed: int, sizes: Sequence[int] = (40, 100, 100, 10), gain: float = 0.5, teacher: float = 1.0
) -> Problem:
    """Return the problem of Fig. 3: T is the product of a random teacher's matrices, sd teacher/sqrt(n_{i-1}); W_i(0),
    and R_i(0) like W_i(0)^T but drawn by itself, have sd gain/sqrt(n_{i-1}).
    """
    rng = np.random.default_rng(seed)
    shapes = [(post, pre) for pre, post in pairwise(sizes)]
    target = chain([gaussian(rng, *s, teacher) for s in shapes][::-1], sizes[-1])
    weights = [gaussian(rng, *s, gain) for s in shapes]
    feedback = [gaussian(rng, *s, gain).T for s in shapes[1:]]
    return Problem(target, weights, feedback)


def run_rule(problem: Problem, rule: str, rate: float = 0.03, steps: int = 5000) -> Run:
    """Return one of the three curves of Fig. 3: "bp" (R_i(0) = W_i(0)^T, eps = 1), "urfb" (eps = 1), "frfb" (eps = 0)."""
    back = [w.T for w in problem.weights[1:]] if rule == "bp" else problem.feedback
    epsilon = {"bp": 1.0, "urfb": 1.0, "frfb": 0.0}[rule]
    return iterate(problem.weights, back, problem.T, epsilon, rate, steps)


def run_epsilon(problem: Problem, epsilon: float, rate: float = 0.03, steps: int = 1000) -> Run:
    """Return a curve of Fig. 4: all forward weights start at 0; the same R_i(0) (gain .3 is a good one) is for every eps."""
    zero = [np.zeros_like(w) for w in problem.weights]
    return iterate(zero, problem.feedback, problem.T, epsilon, rate, steps)
