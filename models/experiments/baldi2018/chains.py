"""Baldi, Sadowski and Lu 2018, sections 7.2 to 7.4, Theorems 2 to 4: chains A[1, ..., 1] of 2, 3 and 4 weights.

12 draws of 128 chains of each length begin at random: weights are uniform in +-1.5, c and beta in .5 to 1.5 (c of either
sign), and so is alpha. Some begin where learning drives P away from alpha/beta (Eq. 37: the unstable region). All end at
the root that the polynomial of degree 2^L - 1 predicts, and a_(i+1) is a quadratic function of a_i along the way.

The theorems are about the limit of small rates and long times. At the rates of `STAGES`, 15 of the 4,608 chains end farther
than a thousandth from their root: most of them are at rest up to 1% off, since the rate is not small where they learn fast,
and the others have not come to rest. Chains that do not end at their root are therefore run again, by `SLOW`.

In many chains the error rises on the way, which the text says for L = 2 only (dP/dt changes sign; section 7.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...networks.independent_networks import Networks
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, RED, letter, new_figure
from ..theory.convergence import Convergence, LinearNetworks, Stages, converge, draw_convergence
from .chain_fixed_points import Array, fixed_points, growth, invariants

DRAWS, CHAINS = 12, 128
COLOURS = {2: BLUE, 3: ORANGE, 4: GREEN}
CLOSE = 1e-3
STAGES: Stages = ((2e-5, 0.4), (1e-4, 3.0), (4e-4, 12.0), (5e-3, 40.0))
#: All rates are a tenth, and learning goes on for five times as long.
SLOW: Stages = ((2e-6, 0.4), (1e-5, 3.0), (4e-5, 12.0), (5e-4, 200.0))
QUICK: Stages = ((2e-4, 0.4), (1e-3, 3.0), (5e-3, 40.0))


@dataclass(frozen=True)
class Length:
    """All runs of one length L.

    Parameters
    ----------
    c, start, end, predicted : array
        The feedback weights, (L-1, n), and the weights, (L, n).
    unstable : array of bool, shape (n,)
        Whether a chain begins in the unstable region.
    times : array
        The times of `path`, (times, L, n), and of `error`, |alpha - beta P| relative to |alpha|, (times, n).
    left : array, shape (n,)
        |alpha - beta P| relative to |alpha| at the end.
    again : int
        How many chains were run again by `SLOW`.
    """

    c: Array
    start: Array
    end: Array
    predicted: Array
    unstable: NDArray[np.bool_]
    times: Array
    path: Array
    error: Array
    left: Array
    again: int
    convergence: Convergence

    @property
    def end_distance(self) -> Array:
        """Relative distance of the end from the prediction, (n,)."""
        return distance(self.end, self.predicted)

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Whether alpha = beta P at the end, which holds at every root, (n,)."""
        return self.left <= 1e-3

    @property
    def rises(self) -> Array:
        """By how much the error rises, at most, above what it was before, relative to |alpha|, (n,)."""
        lowest = np.minimum.accumulate(self.error, axis=0)
        return (self.error - lowest).max(axis=0)


def run(settings: Settings) -> Report:
    """Run chains of every length."""
    found = {L: _length(L, settings) for L in (2, 3, 4)}
    return Report([c for L, one in found.items() for c in _checks(L, one, settings.quick)], _draw(found))


def _length(L: int, settings: Settings) -> Length:
    settings.show_progress(f"baldi-chains: L = {L}")
    drawn = [drawn_chains(L, draw, settings) for draw in range(1 if settings.quick else DRAWS)]
    start, c, alpha, beta = (np.concatenate(parts, axis=-1) for parts in zip(*drawn, strict=True))
    predicted, unstable = fixed_points(start, c, alpha, beta), growth(start, c) < 0
    linear = _linear_networks(start, c, alpha, beta, settings.backend)
    end, missed = _flat(linear.settle(QUICK if settings.quick else STAGES)), np.array([], dtype=int)
    if not settings.quick:
        missed = np.flatnonzero(~(distance(end, predicted) <= CLOSE))
        end[:, missed] = _settled_slowly(start[:, missed], c[:, missed], alpha[missed], beta[missed], settings.backend)
    rates = np.array([4.0, 2.0, 1.0]) * (5e-4 if settings.quick else 5e-5)
    known = {"a_(i+1) - c_(i+1)/(2 c_i) a_i^2": lambda w: invariants(_flat(w), c)}
    convergence = converge(linear, list(rates), np.linspace(0, 0.6, 7), known)
    times = np.linspace(0, 4, 201)
    path = linear.trajectory(2e-3, times)
    error = np.abs(linear.system.error(path))[..., 0, 0] / np.abs(alpha)
    left = np.abs(alpha - beta * end.prod(axis=0)) / np.abs(alpha)
    linear.close()
    return Length(c, start, end, predicted, unstable, times, _flat(path), error, left, len(missed), convergence)


def _linear_networks(start: Array, c: Array, alpha: Array, beta: Array, backend: str) -> LinearNetworks:
    networks = Networks(list(start[..., None, None]), list(c[..., None, None]))
    return LinearNetworks(networks, beta[:, None, None], alpha[:, None, None], backend)


def _settled_slowly(start: Array, c: Array, alpha: Array, beta: Array, backend: str) -> Array:
    """Return where chains end that are run by `SLOW`, (L, n)."""
    if not start.size:
        return start
    linear = _linear_networks(start, c, alpha, beta, backend)
    end = _flat(linear.settle(SLOW))
    linear.close()
    return end


def distance(end: Array, predicted: Array) -> Array:
    """Return the relative distance of weights (L, n) from the predicted ones, (n,)."""
    return np.linalg.norm(end - predicted, axis=0) / np.linalg.norm(predicted, axis=0)


def drawn_chains(L: int, draw: int, settings: Settings) -> tuple[Array, Array, Array, Array]:
    """Return weights, c, alpha and beta of one draw of chains."""
    rng = settings.rng(*((L, draw) if draw else (L,)))
    start = rng.uniform(-1.5, 1.5, (L, CHAINS))
    c, alpha = (rng.choice([-1, 1], s) * rng.uniform(0.5, 1.5, s) for s in [(L - 1, CHAINS), (1, CHAINS)])
    return start, c, alpha[0], rng.uniform(0.5, 1.5, CHAINS)


def _flat(weights: Sequence[Array]) -> Array:
    """Bring (..., count, 1, 1) of each layer to (..., L, count)."""
    return np.stack([w[..., 0, 0] for w in weights], axis=-2)


def _checks(L: int, one: Length, quick: bool) -> list[Check]:
    """Check that every chain ends at the root to which Theorem 1 leads it; how many end at another; and the way there."""
    near = one.end_distance <= (30 * CLOSE if quick else CLOSE)
    count = one.start.shape[1]
    where = f"of {count} random chains, share"
    of_all = f"of {count} random chains, {one.again} of which are run again at lower rates, share"
    strayed = float((~near & one.solved).mean()) if one.solved.any() else float("nan")
    rows: list[Row] = [
        (f"{of_all} that end at the predicted root", float(near.mean()), "==", 1.0, "all"),
        (
            "of the chains that begin in the unstable region, share that end at the predicted root",
            float(near[one.unstable].mean()),
            "==",
            1.0,
            "all",
        ),
        (f"{where} whose error is gone elsewhere, farther than {CLOSE:g} from that root", strayed, "==", 0.0, "none"),
        (f"{where} whose error is gone at the end", float(one.solved.mean()), "==", 1.0, "all"),
        (f"{where} that begin in the unstable region", float(one.unstable.mean()), ">=", 0.1),
        (
            f"{where} in which the error rises on the way, by 1% of |alpha| or more",
            float((one.rises > 0.01).mean()),
            ">",
            0,
        ),
    ]
    if quick:  # at such rates a few go astray
        eased = [(row[0], row[1], ">=", 0.95) if row[3] == 1.0 else (row[0], row[1], "<=", 0.05) for row in rows[:4]]
        rows = [*eased, *rows[4:]]
    about = f"L = {L}, polynomial of degree {2**L - 1}: "
    return checks(about, rows) + one.convergence.checks(about)


def _draw(found: Mapping[int, Length]) -> Figure:
    figure = new_figure(7.6, 5.2)
    grid = figure.subplots(2, 3)
    for ax, (L, one) in zip(grid[0], found.items(), strict=True):
        _draw_ends(ax, L, one)
    _parabolas(grid[1, 0], found[2])
    _errors(grid[1, 1], found[4])
    draw_convergence(grid[1, 2], {f"L = {L}": one.convergence for L, one in found.items()}, list(COLOURS.values()))
    letter([*grid.flat])
    return figure


def _draw_ends(ax: Axes, L: int, one: Length) -> None:
    ax.axline((0, 0), slope=1, color=GREY, linewidth=0.7)
    for chosen, colour, label in ((~one.unstable, COLOURS[L], "stable"), (one.unstable, RED, "unstable")):
        ax.plot(one.predicted[0, chosen], one.end[0, chosen], ".", color=colour, markersize=4, label=f"{label} start")
    ax.set(title=f"L = {L}: degree {2**L - 1}", xlabel="$a_1$, root of the polynomial", ylabel="$a_1$, where it ends")
    ax.legend(loc="upper left", handlelength=0.8)


def _parabolas(ax: Axes, one: Length) -> None:
    """Draw trajectories of ten circuits of L = 2, on the parabolas of Eq. 30."""
    K = invariants(one.start, one.c)[0]
    shown = np.flatnonzero(np.abs(one.path).max(axis=(0, 1)) < 2.5)[:12]
    for n in shown:
        a1 = np.linspace(one.path[:, 0, n].min() - 0.25, one.path[:, 0, n].max() + 0.25, 100)
        ax.plot(a1, a1**2 / (2 * one.c[0, n]) + K[n], color=GREY, linewidth=0.5)
        colour = RED if one.unstable[n] else BLUE
        ax.plot(*one.path[:, :, n].T, color=colour, linewidth=1.6)
        ax.plot(*one.path[0, :, n], "o", color="white", markeredgecolor=colour, markersize=3)
        ax.plot(*one.predicted[:, n], "x", color="black", markersize=4)
    ax.plot([], [], color=GREY, linewidth=0.5, label="Eq. 30")
    ax.plot([], [], "x", color="black", markersize=4, label="root")
    ax.set(title="L = 2: circuits on parabolas", xlabel="$a_1$", ylabel="$a_2$")
    ax.legend(loc="best", ncols=2, columnspacing=1)


def _errors(ax: Axes, one: Length) -> None:
    """Draw the errors: those in which it rises most, and others."""
    order = np.argsort(one.rises)
    for n in order[:20]:
        ax.semilogy(one.times, np.maximum(one.error[:, n], 1e-6), color=GREY, linewidth=0.5)
    for n in order[-40::4]:
        ax.semilogy(one.times, np.maximum(one.error[:, n], 1e-6), color=RED, linewidth=0.9)
    ax.plot([], [], color=RED, label=f"rises first ({(one.rises > 0.01).sum()} of {len(order)})")
    ax.plot([], [], color=GREY, label="falls all the way")
    ax.set(title="L = 4: the error on the way", xlabel="t = rate × presentations", ylim=(1e-4, 300), xlim=(0, 4))
    ax.set_ylabel(r"$|\alpha - \beta P|/|\alpha|$")
    ax.legend(loc="upper right")


EXPERIMENT = Experiment(
    "baldi-chains",
    "Baldi, Sadowski and Lu 2018, Theorems 2-4",
    "Chains of two, three and four linear units end where Theorems 2 to 4 say.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="4,608 chains",
)
