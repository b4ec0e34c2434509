"""Where chains of linear units end (Baldi, Sadowski and Lu 2018, sections 7.2 to 7.4).

Along the flow a_(i+1) = c_(i+1)/(2 c_i) a_i^2 + K_i (Eq. 48; c_L = 1), so that all is a matter of a_1 alone:

    da_1/dt = Q(a_1) = c_1 (alpha - beta a_1 a_2(a_1) ... a_L(a_1)),  a polynomial of degree 2^L - 1

By Theorem 1 a_1 goes to the next root of Q on the side to which Q points. (The last case of the theorem is misprinted:
above the last root Q < 0 leads down to it, and Q > 0 leads to infinity.)

Arrays are (L, n) for weights of n chains, (L-1, n) for c, and (n,) for alpha and beta.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

Array = NDArray[np.floating]


def invariants(a: Array, c: Array) -> Array:
    """Return K_i = a_(i+1) - c_(i+1)/(2 c_i) a_i^2, (..., L-1, n), of weights (..., L, n): constant along the flow."""
    return a[..., 1:, :] - _next(c) / (2 * c) * a[..., :-1, :] ** 2


def fixed_points(a: Array, c: Array, alpha: Array, beta: Array) -> Array:
    """Return where chains that begin at ``a`` end, (L, n)."""
    K, up = invariants(a, c), _next(c) / (2 * c)
    ends = np.empty_like(a)
    for n in range(a.shape[1]):
        ladder = [Polynomial([0.0, 1.0])]
        for i in range(len(c)):
            ladder.append(up[i, n] * ladder[-1] ** 2 + K[i, n])
        P = ladder[0]
        for one in ladder[1:]:
            P = P * one
        Q = c[0, n] * (alpha[n] - beta[n] * P)
        end = next_root(Q, a[0, n])
        ends[:, n] = [one(end) for one in ladder]
    return ends


def next_root(Q: Polynomial, start: float) -> float:
    """Return the real root to which dx/dt = Q(x) leads from ``start`` (Theorem 1); infinity where there is none."""
    roots = Q.roots()
    real = np.sort(roots.real[np.abs(roots.imag) < 1e-6 * (1 + np.abs(roots))])
    speed = Q(start)
    ahead = real[real > start] if speed > 0 else real[real < start][::-1]
    if speed == 0 or not len(ahead):
        return start if speed == 0 else float(np.sign(speed) * np.inf)
    end, slope = float(ahead[0]), Q.deriv()
    for _ in range(3):  # Newton, to the last digit
        end -= float(Q(end) / slope(end)) if slope(end) else 0.0
    return end


def growth(a: Array, c: Array) -> Array:
    """Return dP/dt over alpha - beta P (Eq. 37, 46): sum over i of (dP/da_i) c_i a_1...a_(i-1), (..., n).

    Where it is negative, learning drives P away from alpha/beta, and a fixed point is unstable.
    """
    L = a.shape[-2]
    last = np.concatenate([c, np.ones((1, c.shape[1]))])
    terms = [np.delete(a, i, axis=-2).prod(axis=-2) * last[i] * a[..., :i, :].prod(axis=-2) for i in range(L)]
    return np.sum(terms, axis=0)


def _next(c: Array) -> Array:
    """Return c_2..c_L, with c_L = 1."""
    return np.concatenate([c[1:], np.ones((1, c.shape[1]))])
