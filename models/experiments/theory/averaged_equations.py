"""What circuits are held against: the papers' averaged equations, integrated by SciPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ...analysis.expected_learning import Trajectory
from ...networks.independent_networks import Networks, gather

Array = NDArray[np.floating]


def integrate(rate: Callable[[Array], Array], start: Array, times: Array) -> Array:
    """Integrate d state/dt = rate(state), and return it at each time (the first is that of the start), to 1e-11.

    Every interval is integrated by itself, which is more exact than reading between steps.
    """
    states = [start]

    def flat(_: float, y: Array) -> Array:
        return rate(y.reshape(start.shape)).ravel()

    for span in pairwise(times):
        found = solve_ivp(flat, span, states[-1].ravel(), "DOP853", rtol=1e-11, atol=1e-13)
        states.append(found.y[:, -1].reshape(start.shape))
    return np.stack(states)


@dataclass(frozen=True)
class Averaged:
    """Linear networks beside each other, learning on average (Baldi et al. 2018, Eq. 81; with S_II = 1 Lillicrap et
    al. 2016, Eq. 8-9):

        dW_i/dt = C_i (S_TI - P S_II) W_1^T ... W_(i-1)^T,    P = W_L ... W_1,  C_L = 1

    Parameters
    ----------
    networks : Networks
        Where they begin, and their C.
    S_II, S_TI : Array
        (count, N_0, N_0), (count, N_L, N_0).
    """

    networks: Networks
    S_II: Array
    S_TI: Array

    def error(self, weights: Sequence[Array]) -> Array:
        """Return S_TI - P S_II, of weights (..., count, N_i, N_(i-1))."""
        return self.S_TI - product(weights) @ self.S_II

    def velocity(self, weights: Sequence[Array]) -> list[Array]:
        """Return dW_i/dt."""
        e = self.error(weights)
        found = []
        for i in range(len(weights)):
            sent = self.networks.channel[i] @ e if i < len(self.networks.channel) else e
            found.append(sent @ product(weights[:i]).mT if i else sent)
        return found

    def solve(self, times: Array) -> list[Array]:
        """Return W_i at each time, (times, count, N_i, N_(i-1))."""
        start = self.networks.forward
        cuts = np.cumsum([w.size for w in start])[:-1]

        def split(flat: Array) -> list[Array]:
            parts = np.split(flat, cuts, axis=-1)
            return [part.reshape(*flat.shape[:-1], *w.shape) for part, w in zip(parts, start, strict=True)]

        def rate(flat: Array) -> Array:
            return np.concatenate([v.ravel() for v in self.velocity(split(flat))])

        return split(integrate(rate, np.concatenate([w.ravel() for w in start]), times))


def product(weights: Sequence[Array]) -> Array:
    """Return W_n ... W_1."""
    found = weights[0]
    for w in weights[1:]:
        found = w @ found
    return found


def gathered(trajectory: Trajectory, count: int, layers: int) -> list[Array]:
    """Return W_1..W_L of a trajectory of networks beside each other, (times, count, N_i, N_(i-1))."""
    return [np.stack([gather(w, count) for w in trajectory.weights[f"W{i}.w"]]) for i in range(1, layers + 1)]
