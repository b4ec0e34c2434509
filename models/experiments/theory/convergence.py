"""A circuit of networks beside each other, and the equations it is held against, at one rate after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ...analysis.expected_learning import Flow, expected
from ...networks.independent_networks import Networks, side_by_side
from ..framework.claims import of_learned
from ..framework.experiment import Check, Row, checks
from ..framework.figure_style import GREY
from .averaged_equations import Averaged, gathered

Array = NDArray[np.floating]
Stages = Sequence[tuple[float, float]]
#: The largest distance from SciPy, as a share of the largest change of a weight. For a network that does not learn it is 1.
SMALL = 0.02
Invariant = Callable[[Sequence[Array]], Array]


class LinearNetworks:
    """Linear networks side by side: their circuit, which presents the covariances, and their averaged equations.

    Parameters
    ----------
    networks : Networks
        The initial weights.
    S_II, S_TI : array, shapes (count, N_0, N_0) and (count, N_L, N_0)
        The covariances of the input, and of target and input.
    backend : str
        The backend that runs the circuit.
    """

    def __init__(self, networks: Networks, S_II: Array, S_TI: Array, backend: str = "numpy") -> None:
        self.networks = networks
        self.system = Averaged(networks, S_II, S_TI)
        x, target = expected(S_II, S_TI)
        self.flow = Flow(side_by_side(networks, batch_size=len(x)), {"x": x, "target": target}, backend)

    def trajectory(self, rate: float, times: Sequence[float] | Array) -> list[Array]:
        """Return W_1..W_L of the circuit at these times, from the start: (times, count, N_i, N_(i-1))."""
        self.flow.start()
        return self._run(rate, times)

    def settle(self, stages: Stages) -> list[Array]:
        """Return W_1..W_L where the circuit ends, (count, N_i, N_(i-1)), run from the start by stages of (rate, until
        when).

        Learning is fast at first, and is what a rate that is not small changes most; later it may be larger.
        """
        self.flow.start()
        now, ends = 0.0, []
        for rate, until in stages:
            ends = self._run(rate, [now, until])
            now = until
        return [w[-1] for w in ends]

    def close(self) -> None:
        """Close the circuit."""
        self.flow.close()

    def _run(self, rate: float, times: Sequence[float] | Array) -> list[Array]:
        return gathered(self.flow.run(rate, times), self.networks.count, len(self.networks.forward))


@dataclass(frozen=True)
class Convergence:
    """How far circuits are from the limit of small rates.

    Parameters
    ----------
    rates : sequence of float
        The rates, the coarsest first, each half of the one before.
    gaps : sequence of float
        For each rate, the largest distance of a weight, at any time, from SciPy's solution.
    drifts : mapping of str to sequence of float
        For each conserved quantity, its largest drift at each rate.
    exact : mapping of str to float
        SciPy's own drift of each conserved quantity.
    largest_change : float
        The largest distance of a weight from where it began, by SciPy.
    """

    rates: Sequence[float]
    gaps: Sequence[float]
    drifts: Mapping[str, Sequence[float]] = field(default_factory=dict)
    exact: Mapping[str, float] = field(default_factory=dict)
    largest_change: float = 1.0

    def checks(self, about: str) -> list[Check]:
        """Check that it is of first order: distances and drifts halve with the rate, and are small beside what the
        weights did.
        """
        made = checks(about, self._table("largest distance of a weight from SciPy", self.gaps))
        for name, drifts in self.drifts.items():
            made += checks(about, [(f"{name}, SciPy: largest drift", self.exact[name], "<=", 1e-8)])
            made += checks(about, self._table(f"{name}: largest drift", drifts))
        return made

    def _table(self, what: str, values: Sequence[float]) -> list[Row]:
        ratios = [a / b if b else float("inf") for a, b in pairwise(values)]
        farthest = max(ratios, key=lambda ratio: abs(ratio - 2))
        label = f"circuit, rate {self.rates[-1]:g}, {what}, divided by the largest change of a weight"
        return [
            (label, of_learned(values[-1] / self.largest_change, self.gaps[-1] / self.largest_change), "<=", SMALL),
            (
                f"{what}; ratio of its values at a rate and at half of that rate, the one farthest from 2",
                farthest,
                "within",
                (1.8, 2.2),
            ),
        ]


def converge(
    linear: LinearNetworks,
    rates: Sequence[float],
    times: Sequence[float] | Array,
    conserved: Mapping[str, Invariant] | None = None,
) -> Convergence:
    """Run the circuit at all rates, and integrate the equations once."""
    conserved = conserved or {}
    times = np.asarray(times, float)
    exact = linear.system.solve(times)
    gaps: list[float] = []
    drifts: dict[str, list[float]] = {name: [] for name in conserved}
    for rate in rates:
        found = linear.trajectory(rate, times)
        gaps.append(max(float(np.abs(a - b).max()) for a, b in zip(found, exact, strict=True)))
        for name, of in conserved.items():
            drifts[name].append(drift(of(found)))
    change = max(float(np.abs(w - w[0]).max()) for w in exact)
    return Convergence(rates, gaps, drifts, {name: drift(of(exact)) for name, of in conserved.items()}, change)


def drift(values: Array) -> float:
    """Return the largest change of a quantity (times, ...) since the first time."""
    return float(np.abs(values - values[0]).max())


def draw_convergence(ax: Axes, found: Mapping[str, Convergence], colours: Sequence[str]) -> None:
    """Draw the distance from SciPy (solid) and the drifts of what is conserved (dotted) over the rate; the dashed line
    has the slope 1.
    """
    for colour, (name, one) in zip(colours, found.items(), strict=False):
        ax.loglog(one.rates, one.gaps, "o-", color=colour, markersize=4, label=name)
        for drifts in one.drifts.values():
            ax.loglog(one.rates, drifts, "s:", color=colour, markersize=3.5)
    first = next(iter(found.values()))
    rates = np.array(first.rates)
    lowest = min(min(values) for one in found.values() for values in [one.gaps, *one.drifts.values()])
    ax.loglog(rates, lowest / 2 * rates / rates.min(), color=GREY, linestyle="--", linewidth=0.8, label="slope 1")
    ax.plot([], [], "o-", color=GREY, markersize=4, label="distance")
    if first.drifts:
        ax.plot([], [], "s:", color=GREY, markersize=3.5, label="drift")
    ax.set(title=r"circuit as the rate $\to$ 0", xlabel="rate", ylabel="largest, any time")
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.minorticks_off()
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * 40)
    ax.legend(loc="upper left", ncols=2, columnspacing=1, handlelength=1.4)
