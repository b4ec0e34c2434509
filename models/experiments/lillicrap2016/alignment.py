"""Lillicrap et al. 2016, Supp. Fig. 9: the forward weights of each hidden unit come to align with its feedback weights.

A network of 20-1000-20 units with tanh hidden units, a linear output and biases learns a quadratic function by feedback
alignment (the caption of Supp. Fig. 14 says that the function of Fig. 9 is quadratic). For every hidden unit j the angle is
measured between what it sends, the column W_.j, and what it receives, the row B_j.. Before learning these angles are spread
evenly around 90 degrees, since all is drawn at random; afterwards they are smaller. The coefficients and the protocol are
not given: here y*_k = x^T Q_k x with random Q_k, scaled to mean 0 and standard deviation 1, and white inputs, 50 at a time,
from 10,000. W begins uniform in +-.001, small enough to be forgotten, A in +-.3, since from weights near 0 a quadratic
function is learned slowly, and B in +-.2. The quick run is of 6-400-6 units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from brian2.units import ms
from matplotlib.figure import Figure

from ....circuits import Circuit, pyramidal
from ....circuits.inputs import as_inputs
from ....plasticity import frfb
from ...analysis.expected_learning import white
from ...networks.independent_networks import Networks, side_by_side
from ..framework.experiment import Check, Experiment, Report, Settings, checks, many
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure, plain_decades
from ..theory.averaged_equations import Array

BATCH_SIZE, ROWS, LOOKS = 50, 10_000, 40


@dataclass(frozen=True)
class Plan:
    """The sizes, how wide A and B begin, the rate, and the number of presentations."""

    sizes: tuple[int, int, int]
    A: float
    B: float
    rate: float
    presentations: int


FULL = Plan((20, 1000, 20), 0.3, 0.2, 0.01, 8000)
QUICK = Plan((6, 400, 6), 0.3, 0.5, 0.02, 1400)


@dataclass(frozen=True)
class Learned:
    """Presentations and NSE at looks; angles of all hidden units before and after, in degrees."""

    at: Array
    nse: Array
    before: Array
    after: Array


def run(settings: Settings) -> Report:
    """Run every seed."""
    runs = []
    for seed in settings.seeds:
        settings.show_progress(f"lillicrap-alignment: seed {seed}")
        runs.append(_learned(QUICK if settings.quick else FULL, seed, settings.backend))
    return Report(_checks(runs, settings.quick), _draw(runs))


def _learned(plan: Plan, seed: int, backend: str) -> Learned:
    n_i, n_h, n_o = plan.sizes
    rng = np.random.default_rng(seed)
    A, W = rng.uniform(-plan.A, plan.A, (1, n_h, n_i)), rng.uniform(-0.001, 0.001, (1, n_o, n_h))
    B = rng.uniform(-plan.B, plan.B, (1, n_h, n_o))
    net = side_by_side(
        Networks([A, W], [B]),
        frfb.with_parameters(rate=plan.rate),
        batch_size=BATCH_SIZE,
        hidden=pyramidal("tanh", 1 * ms),
        biases=True,
    )
    nse = _errors(net, *_samples(n_i, n_o, rng), plan.presentations // LOOKS, rng, backend)
    after = angles(net["W2.w"], B[0])
    net.close()
    return Learned(plan.presentations // LOOKS * (np.arange(LOOKS) + 0.5), nse, angles(W[0], B[0]), after)


def _samples(n_i: int, n_o: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return white inputs, and a quadratic function of them of mean 0 and standard deviation 1."""
    x, Q = white(ROWS, n_i, rng), rng.standard_normal((n_o, n_i, n_i))
    y = np.einsum("bi,kij,bj->bk", x, Q, x, optimize=True)
    return x, (y - y.mean(axis=0)) / y.std(axis=0)


def _errors(net: Circuit, x: Array, target: Array, length: int, rng: np.random.Generator, backend: str) -> Array:
    """Train a circuit, and return the NSE, the mean over ``length`` presentations at a time."""
    program, nse = net.program(backend), []
    as_inputs(net, {"x": x, "target": target}).load(program)
    for _ in range(LOOKS):
        order = rng.integers(0, ROWS, (length, BATCH_SIZE))
        result = program.run(net.timetable("train"), order, collect={"y.rate": 3})
        result.raise_if_diverged()
        nse.append(np.mean(result.collected["y.rate"] ** 2) / np.mean(target**2))
    return np.array(nse)


def angles(W: Array, B: Array) -> Array:
    """Return the angles between W_.j and B_j., in degrees: (n_h,)."""
    cosine = np.sum(W.T * B, axis=1) / np.linalg.norm(W, axis=0) / np.linalg.norm(B, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _checks(runs: Sequence[Learned], quick: bool) -> list[Check]:
    before, after = (np.stack([getattr(one, name) for one in runs]) for name in ("before", "after"))
    return checks(
        f"{many(runs)}, ",
        [
            ("NSE, at the end, the worst", max(float(one.nse[-1]) for one in runs), "<=", 0.3, "the error drops"),
            ("angles before: mean, degrees", float(before.mean()), "within", (88.0, 92.0), "around 90"),
            ("angles before: share below 90", float((before < 90).mean()), "within", (0.45, 0.55), "symmetric"),
            (
                "angles after: mean, degrees, the largest of the runs",
                float(after.mean(axis=1).max()),
                "<=",
                75.0,
                "shifts towards 0",
            ),
            (
                "angles after: share below 90, the least",
                float((after < 90).mean(axis=1).min()),
                ">=",
                0.8 if quick else 0.9,
                "shifts towards 0",
            ),
        ],
    )


def _draw(runs: Sequence[Learned]) -> Figure:
    figure = new_figure(6.4, 2.6)
    left, right = figure.subplots(1, 2)
    for one in runs:
        left.semilogy(one.at, one.nse, color=BLUE, linewidth=1)
    left.set(title="error", xlabel="presentation (50 stimuli each)", ylabel="NSE")
    plain_decades(left)
    edges = np.arange(0, 181, 4)
    for name, colour in (("before", GREY), ("after", ORANGE)):
        right.hist(
            np.concatenate([getattr(one, name) for one in runs]), bins=edges, color=colour, alpha=0.75, label=name
        )
    right.axvline(90, color="black", linewidth=0.5)
    right.set(
        title="angles of the hidden units",
        xlabel=r"$W_{\cdot j}$ to $B_{j\cdot}$, degrees",
        ylabel="hidden units",
        xlim=(0, 180),
    )
    right.set_xticks([0, 45, 90, 135, 180])
    right.legend()
    letter([left, right])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-alignment",
    "Lillicrap et al. 2016, Supp. Fig. 9",
    "The forward weights of each hidden unit come to align with its feedback weights.",
    run,
    seeds=3,
)
