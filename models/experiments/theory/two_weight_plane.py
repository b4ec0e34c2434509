"""The plane of the two weights of a network of one unit in each layer, as a circuit has it: the field and where it leads.

Baldi, Sadowski and Lu 2018, section 7.2 and Fig. 11, have (a_1, a_2) and c_1; Lillicrap et al. 2016, Supp. Fig. 10, have
(A, W) and B. Both draw it for a target of 1, an input of variance 1 and a feedback weight of 1:

    da_1/dt = c (1 - a_1 a_2),    da_2/dt = a_1 (1 - a_1 a_2)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver
from numpy.typing import NDArray

from ...networks.independent_networks import Networks
from ..framework.figure_style import GREY
from .convergence import LinearNetworks, Stages

Array = NDArray[np.floating]


class Plane:
    """Networks that begin at these points, (n,) each, with target, variance of the input and feedback weight 1."""

    def __init__(self, a1: Array, a2: Array, backend: str) -> None:
        one = np.ones((a1.size, 1, 1))
        self.start = np.stack([a1.ravel(), a2.ravel()])
        self.linear = LinearNetworks(Networks([w[:, None, None] for w in self.start], [one]), one, one, backend)

    def arrows(self, rate: float = 0.01) -> Array:
        """Return what one presentation changes, over the rate: (2, n)."""
        return (self._flat(self.linear.trajectory(rate, [0, rate]))[1] - self.start) / rate

    def trajectory(self, rate: float, times: Sequence[float] | Array) -> Array:
        """Return the weights at these times, (times, 2, n)."""
        return self._flat(self.linear.trajectory(rate, times))

    def ends(self, stages: Stages) -> Array:
        """Return where they end, (2, n)."""
        return np.stack([w[:, 0, 0] for w in self.linear.settle(stages)])

    @staticmethod
    def _flat(weights: Sequence[Array]) -> Array:
        return np.stack([w[..., 0, 0] for w in weights], axis=1)


def field(a1: Array, a2: Array) -> Array:
    """Return the velocity of Eq. 23 with alpha = beta = c_1 = 1: (2, ...)."""
    e = 1 - a1 * a2
    return np.stack([e, a1 * e])


def grid(low: float, high: float, count: int) -> tuple[Array, Array]:
    """Return points of a square, (count^2,) each."""
    across = np.linspace(low, high, count)
    a1, a2 = np.meshgrid(across, across)
    return a1.ravel(), a2.ravel()


def draw_hyperbolas(ax: Axes, high: float, unstable: str = "unstable", stable: str = "stable") -> None:
    """Draw a_1 a_2 = 1. Its branch where both are negative is stable only where a_1^2 + a_2 > 0, which is left of -1."""
    a1 = np.linspace(1 / high, high, 400)
    ax.plot(a1, 1 / a1, color=GREY, linewidth=2.2, zorder=3)
    for part, style, label in ((a1 > 1, "-", stable), (a1 <= 1, (0, (2, 1.2)), unstable)):
        ax.plot(-a1[part], -1 / a1[part], color="black", linestyle=style, linewidth=2.2, zorder=3, label=label)


def draw_field(
    ax: Axes, plane: Plane, arrows: Array, colours: Array, cmap: str, limits: tuple[float, float] | None = None
) -> Quiver:
    """Draw arrows of one length, coloured."""
    size = np.maximum(np.linalg.norm(arrows, axis=0), 1e-12)
    quiver = ax.quiver(
        *plane.start,
        *(arrows / size),
        colours,
        cmap=cmap,
        scale=38,
        width=0.0032,
        headwidth=4.5,
        headlength=5,
        pivot="mid",
        zorder=1,
    )
    if limits:
        quiver.set_clim(*limits)
    return quiver
