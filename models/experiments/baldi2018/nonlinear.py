"""Baldi, Sadowski and Lu 2018, section 7.9: A[1, 1, 1] whose hidden unit has the power non-linearity O = S^mu.

With f' in the learning channel (Eq. 114), a_2 = a_1^2/(2 c_1 mu) + K along the way, and a_1 goes to a positive root of Eq.
117 from any positive start (Theorem 12). This is run for mu = 1, 1.5, 2 and 3, from 128 starts each. Without f' (Eq. 113)
the two equations want a_2 a_1^mu to be alpha/beta and gamma/delta, with

    alpha = E(T I^mu), beta = E(I^(2 mu)), gamma = E(T I), delta = E(I^(mu+1))

so that learning never rests, and a_1 drifts; but where T = k I^mu both are k, and there are fixed points after all. (The
text has beta as E of a product with mu as a factor, and says that there are none "except for trivial cases".) Inputs are 12
values in .3 to 1.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from brian2.units import ms
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import brentq

from ....circuits import pyramidal
from ...analysis.expected_learning import Flow
from ...networks.independent_networks import Networks, side_by_side
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, RED, letter, new_figure
from ..theory.averaged_equations import gathered, integrate
from ..theory.convergence import Array, Convergence, Stages, draw_convergence, drift

POWERS = (1.0, 1.5, 2.0, 3.0)
COLOURS = dict(zip(POWERS, (GREY, BLUE, ORANGE, GREEN), strict=True))
INPUTS = np.linspace(0.3, 1.5, 12)
COUNT = 128
STAGES: Stages = ((2e-4, 1.0), (1e-3, 10.0), (1e-2, 120.0))
QUICK: Stages = ((2e-3, 1.0), (1e-2, 40.0))


@dataclass(frozen=True)
class Powers:
    """Networks of one mu, which begin at ``start``, (2, n), with c_1 (n,) and targets (rows, n)."""

    mu: float
    start: Array
    c: Array
    targets: Array

    @property
    def moments(self) -> tuple[Array, float, Array, float]:
        """alpha, beta, gamma, delta."""
        I, T = INPUTS[:, None], self.targets
        mean = (T * I**self.mu).mean(axis=0), (T * I).mean(axis=0)
        return mean[0], float((I ** (2 * self.mu)).mean()), mean[1], float((I ** (self.mu + 1)).mean())

    def flow(self, gated: bool, backend: str) -> Flow:
        """Return the circuit, with f' or without."""
        model = pyramidal(f"basal**{self.mu:g}", 1 * ms, derivative=f"{self.mu:g}*basal**{self.mu - 1:g}", gated=gated)
        networks = Networks(list(self.start[:, :, None, None]), [self.c[:, None, None]])
        net = side_by_side(networks, batch_size=len(INPUTS), hidden=model)
        return Flow(net, {"x": np.tile(INPUTS[:, None], (1, len(self.c))), "target": self.targets}, backend)

    def velocity(self, a: Array, gated: bool) -> Array:
        """Return Eq. 114, or 113: (2, n)."""
        alpha, beta, gamma, delta = self.moments
        top = a[0] ** self.mu * (alpha - beta * a[1] * a[0] ** self.mu)
        if gated:
            return np.stack([a[0] ** (self.mu - 1) * self.c * self.mu * (alpha - beta * a[1] * a[0] ** self.mu), top])
        return np.stack([self.c * (gamma - delta * a[1] * a[0] ** self.mu), top])

    def invariant(self, a: Array) -> Array:
        """Return K of Eq. 115."""
        return a[..., 1, :] - a[..., 0, :] ** 2 / (2 * self.c * self.mu)

    def roots(self) -> Array:
        """Return the root of Eq. 117 to which a_1 goes, and a_2 there: (2, n)."""
        alpha, beta, _, _ = self.moments
        K = self.invariant(self.start)
        found = []
        for n in range(self.c.size):

            def left(t: float, n: int = n) -> float:
                return alpha[n] - beta * (t**2 / (2 * self.c[n] * self.mu) + K[n]) * t**self.mu

            grid = np.geomspace(1e-4, 20, 4000)
            grid = grid[grid > self.start[0, n]] if left(self.start[0, n]) > 0 else grid[grid < self.start[0, n]][::-1]
            turn = np.argmax(np.sign([left(t) for t in grid]) != np.sign(left(self.start[0, n])))
            ends = sorted((grid[turn - 1] if turn else self.start[0, n], grid[turn]))
            t = brentq(left, *ends, xtol=1e-14)
            found.append([t, t**2 / (2 * self.c[n] * self.mu) + K[n]])
        return np.array(found).T


def run(settings: Settings) -> Report:
    """Run the networks with f' and without."""
    made: list[Check] = []
    ends: dict[float, tuple[Array, Array]] = {}
    found: dict[float, Convergence] = {}
    for mu in POWERS:
        settings.show_progress(f"baldi-nonlinear: mu = {mu:g}")
        powers = _random(mu, settings)
        ends[mu], found[mu] = _settle(powers, settings)
        made += _checks(mu, ends[mu], found[mu], settings)
    settings.show_progress("baldi-nonlinear: without f'")
    times, drifting, resting = _without_derivative(settings)
    made += _beside(drifting, resting)
    return Report(made, _draw(ends, found, times, drifting, resting))


def _random(mu: float, settings: Settings) -> Powers:
    count = COUNT // 4 if settings.quick else COUNT
    rng = settings.rng(int(10 * mu))
    c = rng.uniform(0.5, 1.5, count)
    noise = rng.uniform(0, 0.4, (len(INPUTS), count))
    targets = rng.uniform(0.5, 1.2, count) * INPUTS[:, None] + noise  # positive, so that alpha > 0
    return Powers(mu, rng.uniform(0.2, 1.3, (2, count)), c, targets)


def _flat(flow: Flow, rate: float, times: Array | list[float], count: int) -> Array:
    return np.stack([w[..., 0, 0] for w in gathered(flow.run(rate, times), count, 2)], axis=1)


def _settle(powers: Powers, settings: Settings) -> tuple[tuple[Array, Array], Convergence]:
    """Return where circuits end and where the roots are; and the table of rates."""
    flow, count, now = powers.flow(True, settings.backend), powers.c.size, 0.0
    end = powers.start
    for rate, until in QUICK if settings.quick else STAGES:
        end, now = _flat(flow, rate, [now, until], count)[-1], until
    times, gaps, drifts = np.linspace(0, 1.2, 7), [], []
    exact = integrate(lambda a: powers.velocity(a, True), powers.start, times)
    largest_change = float(np.abs(exact - exact[0]).max())
    rates = [r * (1e-3 if settings.quick else 2e-4) for r in (4.0, 2.0, 1.0)]
    for rate in rates:
        flow.start()
        path = _flat(flow, rate, times, count)
        gaps.append(float(np.abs(path - exact).max()))
        drifts.append(drift(powers.invariant(path)))
    flow.close()
    known = {"Eq. 115": drift(powers.invariant(exact))}
    return (end, powers.roots()), Convergence(rates, gaps, {"Eq. 115": drifts}, known, largest_change)


def _until(settings: Settings) -> float:
    return 10.0 if settings.quick else 30.0


def _without_derivative(settings: Settings) -> tuple[Array, Array, Array]:
    """Return times, and weights (times, 2, n) without f', mu = 2: targets that I^mu does not give, and targets that
    it does.
    """
    rng, times, mu = settings.rng(1), np.linspace(0, _until(settings), 101), 2.0
    start, c = rng.uniform(0.4, 1.2, (2, 20)), rng.uniform(0.5, 1.5, 20)
    found = []
    for targets in (rng.uniform(0.5, 1.2, 20) * INPUTS[:, None], rng.uniform(0.5, 1.2, 20) * INPUTS[:, None] ** mu):
        flow = Powers(mu, start, c, targets).flow(False, settings.backend)
        found.append(_flat(flow, 5e-3 if settings.quick else 1e-3, times, 20))
        flow.close()
    return times, found[0], found[1]


def _checks(mu: float, ends: tuple[Array, Array], convergence: Convergence, settings: Settings) -> list[Check]:
    distances = np.linalg.norm(ends[0] - ends[1], axis=0) / np.linalg.norm(ends[1], axis=0)
    about = f"mu = {mu:g}, with f': "
    rows = [
        ("random starts", distances.size, ">=", COUNT // 4 if settings.quick else 100),
        (
            "the end from the positive root of Eq. 117, relative, the worst start",
            float(distances.max()),
            "<=",
            1e-2 if settings.quick else 1e-3,
        ),
    ]
    return checks(about, rows) + convergence.checks(about)


def _beside(drifting: Array, resting: Array) -> list[Check]:
    def still(path: Array) -> Array:
        return np.abs(path[-1, 0] / path[-21, 0] - 1)

    return checks(
        "mu = 2, without f': ",
        [
            (
                "T not k I^mu: how far a_1 moves in the last fifth of the time, relative, the smallest of 20",
                float(still(drifting).min()),
                ">=",
                0.01,
            ),
            (
                "T = k I^mu: how far a_1 moves in the last fifth of the time, relative, the largest of 20",
                of_learned(float(still(resting).max()), _unsettled(resting)),
                "<=",
                1e-4,
            ),
        ],
    )


def _unsettled(path: Array) -> float:
    """Return how far a_1 still moves in the last fifth of the time, as a share of all its way; NaN if it never moves."""
    moved = np.ptp(path[:, 0], axis=0).max()
    return float(np.ptp(path[-21:, 0], axis=0).max() / moved) if moved else float("nan")


def _draw(
    ends: Mapping[float, tuple[Array, Array]],
    found: Mapping[float, Convergence],
    times: Array,
    drifting: Array,
    resting: Array,
) -> Figure:
    figure = new_figure(7.6, 2.8)
    left, middle, right = figure.subplots(1, 3)
    left.axline((1, 1), slope=1, color="black", linewidth=0.5)
    for mu, (end, wanted) in ends.items():
        left.plot(wanted[0], end[0], ".", color=COLOURS[mu], markersize=3, label=f"μ = {mu:g}")
    left.set(title="with f′", xlabel="$a_1$, positive root of Eq. 117", ylabel="$a_1$, where it ends")
    left.legend(loc="upper left", handlelength=0.8)
    _traces(middle, times, drifting, resting)
    draw_convergence(right, {f"μ = {mu:g}": one for mu, one in found.items()}, list(COLOURS.values()))
    letter([left, middle, right])
    return figure


def _traces(ax: Axes, times: Array, drifting: Array, resting: Array) -> None:
    ax.plot(times, drifting[:, 0], color=RED, linewidth=0.7)
    ax.plot(times, resting[:, 0], color=BLUE, linewidth=0.7)
    ax.plot([], [], color=RED, label=r"T not $kI^\mu$")
    ax.plot([], [], color=BLUE, label=r"T = $kI^\mu$")
    ax.set(title="without f′, μ = 2", xlabel="t = rate × presentations", ylabel="$a_1$", xlim=(0, times[-1]))
    ax.legend(loc="upper left")


EXPERIMENT = Experiment(
    "baldi-nonlinear",
    "Baldi, Sadowski and Lu 2018, section 7.9, Theorem 12",
    "A chain whose hidden unit raises its input to a power ends where Theorem 12 says.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="532 networks",
)
