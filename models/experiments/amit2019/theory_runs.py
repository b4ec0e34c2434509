"""What amit-theory runs: circuits at several rates and epsilons, and the exact solutions beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .linear_circuits import Array
from .linear_theory import Decoupled, conserved

EPSILONS = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Trajectory:
    """One circuit, at one rate and epsilon, at times 0, rate, 2 rate, ...

    Parameters
    ----------
    times : Array
        (times,).
    lam : Array
        (times, k, modes).
    e : Array
        (times, modes), as the output units showed it.
    outside : float
        The largest part of a weight matrix that is not in its modes.
    """

    times: Array
    lam: Array
    e: Array
    outside: float


@dataclass(frozen=True)
class Depth:
    """All that was run for one k: circuits by (epsilon, rate), the coarsest first; SciPy's solutions by epsilon."""

    system: Decoupled
    rates: tuple[float, ...]
    trajectories: dict[tuple[float, float], Trajectory]
    times: Array
    exact: dict[float, Array]

    @property
    def finest(self) -> list[Trajectory]:
        """The circuits at the smallest rate, by growing epsilon."""
        return [self.trajectories[e, self.rates[-1]] for e in EPSILONS]

    def gaps(self, epsilon: float) -> list[float]:
        """Return for each rate the largest distance of a lambda from the exact one."""
        found = []
        for rate in self.rates:
            at = np.round(self.times / rate).astype(int)
            found.append(float(np.abs(self.trajectories[epsilon, rate].lam[at] - self.exact[epsilon]).max()))
        return found

    def drifts(self, epsilon: float) -> list[float]:
        """Return for each rate the largest drift of what Eq. 17 conserves."""
        lam = [self.trajectories[epsilon, rate].lam for rate in self.rates]
        return [float(np.abs(conserved(path, self.system.lam_r, epsilon)).max()) for path in lam]
