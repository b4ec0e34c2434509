"""Lillicrap et al. 2016, Supplementary Note 12: what A does while W is held, and why W then comes to align with B^T.

With W held, dA/dt = B E is a linear equation, and dE/dt = -W B E. The note distinguishes three cases: A comes to rest where
E = 0, A goes round in a cycle, or A grows without bound. The eigenvalues of W B decide which case it is: all real parts lie
above 0, all of them are 0, or one of them lies below 0. This experiment draws networks of n-n-n linear units, n = 1, 2, 4 and
8, with all weights from normal distributions, and looks at each of them after A has learned alone. Three more networks are
made to belong to the three cases. Then A is held and W learns for one presentation: tr(BW) changes by tr(B E A^T), which
is tr(A^T B E), and this is above 0 where A has grown (Eq. 25 to 28).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...networks.independent_networks import Networks, gather
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, letter, new_figure
from ..theory.averaged_equations import Array
from ..theory.convergence import LinearNetworks

UNITS, RATE, UNTIL = (1, 2, 4, 8), 0.01, 8.0
TURN = 2 * np.pi  # the time of a whole cycle of the network that is made to go round
MADE = {
    "rest": np.array([[1.0, -1.0], [1.0, 1.0]]),
    "cycle": np.array([[0.0, -1.0], [1.0, 0.0]]),
    "growth": np.array([[0.2, -1.0], [1.0, -0.5]]),
}
COLOURS = {"rest": GREEN, "cycle": ORANGE, "growth": BLUE}
#: Real parts of eigenvalues closer to 0 than this are not decided in the time that is given.
UNDECIDED = 0.3


@dataclass(frozen=True)
class Drawn:
    """Networks of one size after A has learned alone, and what one presentation of W does then; (count,) each.

    slowest : the smallest real part of the eigenvalues of W B
    error : |E| at the end over that at the start
    grown : |A|^2 at the end over that at the start
    buildup : tr(A^T B E) at the end
    turned : the change of tr(BW) over the rate, when W learns for one presentation
    """

    slowest: Array
    error: Array
    grown: Array
    buildup: Array
    turned: Array

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Whether the eigenvalues say what the time that is given shows."""
        return np.abs(self.slowest) > UNDECIDED


def run(settings: Settings) -> Report:
    """Run all sizes, then the three cases."""
    count = 60 if settings.quick else 400
    drawn = {}
    for n in UNITS:
        settings.show_progress(f"lillicrap-note12: {n} units")
        drawn[n] = _drawn(n, count, settings)
    times = RATE * np.round(np.linspace(0, 2 * TURN, 61) / RATE)
    made = {name: _made(M, times, settings) for name, M in MADE.items()}
    return Report([*_check_given(made), *_check_drawn(drawn)], _draw(times, made, drawn))


def _linear_networks(A: Array, W: Array, B: Array, T: Array, backend: str) -> LinearNetworks:
    return LinearNetworks(Networks([A, W], [B]), np.tile(np.eye(A.shape[2]), (len(A), 1, 1)), T, backend)


def _drawn(n: int, count: int, settings: Settings) -> Drawn:
    rng = settings.rng(n)
    A, W, B, T = rng.standard_normal((4, count, n, n)) / np.sqrt(n)
    linear = _linear_networks(A, W, B, T, settings.backend)
    first = linear.flow.run(RATE, [0, UNTIL], {"W2": 0.0})
    last = linear.flow.run(RATE, [0, RATE], {"W1": 0.0})
    linear.close()
    (before, after), (held, turned) = (_blocks(c.weights["W1.w"] if k == 0 else c.weights["W2.w"], count) for k, c in
                                       enumerate((first, last)))  # fmt: skip
    E0, E = T - W @ before, T - W @ after
    size = [np.linalg.norm(m, axis=(1, 2)) for m in (before, after, E0, E)]
    return Drawn(
        np.real(np.linalg.eigvals(W @ B)).min(axis=1),
        size[3] / size[2],
        (size[1] / size[0]) ** 2,
        np.einsum("nhi,nho,noi->n", after, B, E),
        np.einsum("nho,noh->n", B, turned - held) / RATE,
    )


def _blocks(weights: Array, count: int) -> Array:
    """Bring (times, count n, count n) or as kept, to (times, count, n, n)."""
    return np.stack([gather(w, count) for w in weights])


def _made(M: Array, times: Array, settings: Settings) -> Array:
    """Return |E| over |E| at the start of a network with W B = M, at each time, while A learns alone."""
    rng = settings.rng(12)
    A, B, T = rng.standard_normal((3, 1, 2, 2))
    W = M @ np.linalg.inv(B)
    linear = _linear_networks(A, W, B, T, settings.backend)
    trajectory = linear.flow.run(RATE, times, {"W2": 0.0})
    linear.close()
    E = T - W @ _blocks(trajectory.weights["W1.w"], 1)
    size = np.linalg.norm(E, axis=(2, 3))[:, 0]
    return size / size[0]


def _check_given(made: Mapping[str, Array]) -> list[Check]:
    """Check the runs in which W B is given; Euler's steps let a cycle grow by (1 + rate^2)^(1/2) each."""
    steps = 2 * TURN / RATE
    cycle = float(np.abs(made["cycle"] / (1 + RATE**2) ** (np.arange(61) / 60 * steps / 2) - 1).max())
    return checks("made, A alone, |E| after two turns over that before: ", [
        ("eigenvalues 1 + i and 1 - i", float(made["rest"][-1]), "<=", 1e-4, "case 1, the error goes to 0"),
        ("eigenvalues i and -i, from 1 by how much, the largest, less Euler's growth", cycle, "<=", 1e-3, "case 2, a cycle"),
        ("one eigenvalue with a real part below 0", float(made["growth"][-1]), ">=", 3.0, "case 3, A blows up"),
    ])  # fmt: skip


def _check_drawn(drawn: Mapping[int, Drawn]) -> list[Check]:
    rest = {n: float((one.error < 0.5).mean()) for n, one in drawn.items()}
    falls = max(rest[b] - rest[a] for a, b in zip(UNITS, UNITS[1:], strict=False))
    agree = [bool(a) for one in drawn.values() for a in ((one.error < 1) == (one.slowest > 0))[one.decided]]
    grows = {n: one.decided & (one.slowest < 0) for n, one in drawn.items()}
    share = min(float((one.grown[grows[n]] > 1).mean()) for n, one in drawn.items() if n > 1)
    positive = [bool(b > 0) for n, one in drawn.items() for b in one.buildup[grows[n]]]
    turned = [bool(b > 0) for n, one in drawn.items() for b in one.turned[grows[n]]]
    off = max(float(np.abs(one.turned / one.buildup - 1)[grows[n]].max()) for n, one in drawn.items())
    ratio = rest[8] / rest[1] if rest[1] else float("nan")
    rows: list[Row] = [
        (
            "share of the networks that do as the eigenvalues of W B say",
            float(np.mean(agree)),
            ">=",
            0.98,
            "three cases",
        ),
        ("n = 1: share that comes to rest", rest[1], "within", (0.35, 0.6)),
        ("share that comes to rest, from one n to the next, the largest rise", falls, "<", 0.0, "shrinks with size"),
        ("n = 8: share that comes to rest, over that of n = 1", ratio, "<=", 0.05, "obviously small"),
        (
            "networks with an eigenvalue below 0, n of 2 or more: share in which |A|^2 grows, the least",
            share,
            ">=",
            0.95,
            "case 3",
        ),
        (
            "networks with an eigenvalue below 0: share in which tr(A^T B E) is above 0",
            float(np.mean(positive)),
            ">=",
            0.99,
            "on average, Eq. 25",
        ),
        (
            "networks with an eigenvalue below 0: share in which tr(BW) grows when W learns afterwards",
            float(np.mean(turned)),
            ">=",
            0.99,
            "Eq. 28",
        ),
        (
            "networks with an eigenvalue below 0: relative distance of the change of tr(BW) from tr(A^T B E), the largest",
            off,
            "<=",
            1e-6,
            "Eq. 27",
        ),
    ]
    count = len(drawn[1].error)
    return checks(f"drawn, {count} networks of each size, A alone until t = {UNTIL:g}: ", rows)


def _draw(times: Array, made: Mapping[str, Array], drawn: Mapping[int, Drawn]) -> Figure:
    figure = new_figure(7.4, 2.6)
    left, middle, right = figure.subplots(1, 3)
    for name, error in made.items():
        left.semilogy(times, np.maximum(error, 1e-5), color=COLOURS[name], label=name)
    left.set(title="W held, three cases", xlabel="t = rate × presentations", ylabel="|E|, relative")
    left.legend()
    middle.plot(UNITS, [100 * (one.error < 0.5).mean() for one in drawn.values()], "o-", color=GREEN)
    middle.set(title="networks that come to rest", xlabel="units per layer", ylabel="%", ylim=(0, None), xscale="log")
    middle.set_xticks(UNITS, [str(n) for n in UNITS])
    middle.minorticks_off()
    for n, colour in zip(UNITS, (GREY, GREEN, ORANGE, BLUE), strict=True):
        right.plot(drawn[n].slowest, np.log(drawn[n].error) / UNTIL, ".", color=colour, markersize=3, label=f"n = {n}")
    right.axline((0, 0), slope=-1, color="black", linewidth=0.5)
    right.set(title="growth of the error", xlabel="smallest real part of W B", ylabel="log |E| ratio / t")
    right.legend()
    letter([left, middle, right])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-note12",
    "Lillicrap et al. 2016, Note 12",
    "While W is held A comes to rest, cycles or grows, and where it grows W then turns towards the feedback weights.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="1,600 networks",
)
