"""Baldi, Sadowski and Lu 2018, section 7.8: three layers, A_1 (N_1 x N_0), A_2 (N_2 x N_1), C_1 fixed (Theorems 7 to 10).

20 random starts of A[4, 3, 2], A[3, 3, 3] and A[3, 2, 4] with random S_II and S_TI, and 100 of A[2, 2, 2] with S_II =
S_TI = C_1 = 1 (Eq. 111), in circuits:

    C A_2 + (C A_2)^T - A_1 A_1^T   stays (Eq. 92)
    C A_2 A_1                       goes to C S_TI S_II^-1 (Theorem 8), |A_1| stays bounded (Theorem 7)
    V                               = C A_2 (C A_2)^T - A_1 (C S_TI S_II^-1)^T - (C S_TI S_II^-1) A_1^T never rises
    A_1, A_2 of A[2, 2, 2]          converge, each by itself (Theorem 10)

V never rises as a matrix: no eigenvalue of its change is above 0. The third line of Eq. 110 prints + for its two -, and
leaves out S_II^-1: that quantity does rise. S_TI is N_2 x N_0, not N_2 x N_1 as section 7.8 has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ...networks.independent_networks import Networks
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE, letter, new_figure
from ..theory.convergence import Array, Convergence, LinearNetworks, converge, draw_convergence

SIZES = ((4, 3, 2), (3, 3, 3), (3, 2, 4))
PLAIN = (2, 2, 2)
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)


@dataclass(frozen=True)
class Matrices:
    """What networks of one shape did, looked at in time.

    Parameters
    ----------
    times : Array
        (times,).
    gap : Array
        |C A_2 A_1 - C S_TI S_II^-1| relative to the latter, (times, count).
    sizes : tuple[Array, Array]
        |A_1| and |A_2|, (times, count) each.
    rises : tuple[float, float]
        Largest eigenvalue of the change of V from one look to the next; the same of the printed V.
    still : Array
        How far A_1 and A_2 are from their ends at any of the last ten looks, relative, (count,). Those are the last two thirds
        of the time of a full run.
    """

    times: Array
    gap: Array
    sizes: tuple[Array, Array]
    rises: tuple[float, float]
    still: Array
    convergence: Convergence


def run(settings: Settings) -> Report:
    """Run all shapes."""
    found = {}
    for place, sizes in enumerate((*SIZES, PLAIN)):
        settings.show_progress(f"baldi-matrix: A{list(sizes)}")
        found[sizes] = _matrices(sizes, place, settings)
    return Report([c for sizes, one in found.items() for c in _checks(sizes, one, settings)], _draw(found))


def _matrices(sizes: tuple[int, ...], key: int, settings: Settings) -> Matrices:
    networks, S_II, S_TI = drawn_problem(sizes, key, settings)
    linear = LinearNetworks(networks, S_II, S_TI, settings.backend)
    C = networks.channel[0]
    goal = C @ S_TI @ np.linalg.inv(S_II)
    rate = 1e-2 if settings.quick else 5e-3
    times = np.concatenate([np.linspace(0, 4, 21)[:-1], np.geomspace(4, 40 if settings.quick else 400, 40)])
    times = np.round(times / rate) * rate
    A1, A2 = linear.trajectory(rate, times)
    gap = np.linalg.norm(C @ A2 @ A1 - goal, axis=(-1, -2)) / np.linalg.norm(goal, axis=(-1, -2))

    def eq_92(w: Sequence[Array]) -> Array:
        W1, W2 = w
        return C @ W2 + (C @ W2).mT - W1 @ W1.mT

    rates = [1e-2, 5e-3, 2.5e-3] if settings.quick else [4e-4, 2e-4, 1e-4]
    convergence = converge(linear, rates, np.linspace(0, 1.2, 7), {"Eq. 92": eq_92})
    linear.close()
    V = C @ A2 @ (C @ A2).mT - A1 @ goal.mT - goal @ A1.mT
    printed = C @ A2 @ (C @ A2).mT + A1 @ (C @ S_TI).mT + C @ S_TI @ A1.mT
    moved = [np.linalg.norm(w[-10:] - w[-1], axis=(-1, -2)).max(axis=0) for w in (A1, A2)]
    lengths = np.linalg.norm(A1, axis=(-1, -2)), np.linalg.norm(A2, axis=(-1, -2))
    still = np.maximum(moved[0] / lengths[0][-1], moved[1] / lengths[1][-1])
    return Matrices(times, gap, lengths, (_largest_eigenvalue(V), _largest_eigenvalue(printed)), still, convergence)


def drawn_problem(sizes: tuple[int, ...], key: int, settings: Settings) -> tuple[Networks, Array, Array]:
    """Return random weights, C and covariances; for A[2, 2, 2] the latter are 1."""
    rng = settings.rng(key)
    n0, n1, n2 = sizes
    count = (20 if settings.quick else 100) if sizes == PLAIN else (10 if settings.quick else 20)
    A1, A2 = rng.normal(0, 0.6, (count, n1, n0)), rng.normal(0, 0.6, (count, n2, n1))
    if sizes == PLAIN:
        one = np.tile(np.eye(2), (count, 1, 1))
        return Networks([A1, A2], [one]), one, one
    C = rng.normal(0, 1, (count, n1, n2))
    basis = np.linalg.qr(rng.standard_normal((count, n0, n0)))[0]
    S_II = (basis * rng.uniform(0.5, 1.5, (count, 1, n0))) @ basis.mT
    return Networks([A1, A2], [C]), S_II, rng.normal(0, 0.6, (count, n2, n0))


def _largest_eigenvalue(V: Array) -> float:
    """Return the largest eigenvalue of what V changes, from look to look."""
    return float(np.linalg.eigvalsh(np.diff(V, axis=0)).max())


def _checks(sizes: tuple[int, ...], one: Matrices, settings: Settings) -> list[Check]:
    left = float((one.gap[-1] / one.gap[0]).max())
    rows = [
        ("random starts", one.gap.shape[1], ">=", (20 if settings.quick else 100) if sizes == PLAIN else 10),
        (
            "C A_2 A_1 from C S_TI S_II^-1 at the end, relative, the worst start",
            float(one.gap[-1].max()),
            "<=",
            0.05 if settings.quick else 1e-3,
        ),
        (
            "|A_1|, the largest at any time, over its largest in the first tenth of the recorded times",
            of_learned(float(one.sizes[0].max() / one.sizes[0][:5].max()), left),
            "<=",
            5.0,
        ),
        (
            "V, largest eigenvalue of its change from one recorded time to the next",
            of_learned(one.rises[0], left),
            "<=",
            1e-3,
        ),
        (
            "V as the third line of Eq. 110 prints it, largest eigenvalue of its change from one recorded time to the next",
            one.rises[1],
            ">",
            0.01,
        ),
    ]
    if sizes == PLAIN:
        rows.append(
            (
                "Theorem 10: how far A and B still move over the last recorded times, relative, the worst start",
                of_learned(float(one.still.max()), left),
                "<=",
                0.05 if settings.quick else 1e-3,
            )
        )
    about = f"A{list(sizes)}: "
    return checks(about, rows) + one.convergence.checks(about)


def _draw(found: Mapping[tuple[int, ...], Matrices]) -> Figure:
    figure = new_figure(7.6, 4.9)
    grid = figure.subplots(2, 3)
    for ax, colour, (sizes, one) in zip(grid.flat, COLOURS, found.items(), strict=False):
        ax.semilogy(one.times, np.maximum(one.gap, 1e-12), color=colour, linewidth=0.6)
        ax.set(title=f"A{list(sizes)}", xlabel="t = rate × presentations", ylim=(1e-8, 10), xlim=(0, 40))
        ax.set_ylabel(r"$C_1A_2A_1$ from $C_1\Sigma_{TI}\Sigma_{II}^{-1}$")
    ax, one = grid[1, 1], found[PLAIN]
    ax.plot(one.times, one.sizes[0][:, :30], color=PURPLE, linewidth=0.6)
    ax.plot(one.times, one.sizes[1][:, :30], color=GREY, linewidth=0.6)
    ax.plot([], [], color=PURPLE, label="|A|")
    ax.plot([], [], color=GREY, label="|B|")
    ax.set(title="A[2, 2, 2]: A and B settle", xlabel="t = rate × presentations", ylabel="size", xlim=(0, 20))
    ax.set_ylim(0, 1.25 * ax.get_ylim()[1])
    ax.legend(loc="upper right", ncols=2)
    draw_convergence(grid[1, 2], {f"A{list(s)}": one.convergence for s, one in found.items()}, COLOURS)
    letter([*grid.flat])
    return figure


EXPERIMENT = Experiment(
    "baldi-matrix",
    "Baldi, Sadowski and Lu 2018, Theorems 7-10",
    "Linear networks of three layers end where Theorems 7 to 10 say.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="160 networks",
)
