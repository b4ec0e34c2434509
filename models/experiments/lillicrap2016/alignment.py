"""Lillicrap et al. 2016, Supp. Fig. 9: the forward weights of each hidden unit come to align with its feedback weights.

A 20-1000-20 network with tanh hidden units and a linear output learns a non-linear function by feedback alignment. For every
hidden unit j: the angle between what it sends, the column W_.j, and what it receives, the row B_j.. Before learning these are
spread evenly around 90 degrees, since all is drawn at random; afterwards they lie lower. The function and the protocol are not
given: here y* = M_2 tanh(M_1 x), with 20-30-20 random M, white inputs, 50 at a time, drawn anew each time; weights begin
uniform in +-.01 (A) and +-.001 (W), small enough to be
forgotten, B in +-.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from brian2.units import ms
from matplotlib.figure import Figure

from ....circuits import pyramidal
from ....circuits.inputs import as_inputs
from ....plasticity import frfb
from ...analysis.expected_learning import white
from ...networks.independent_networks import Networks, side_by_side
from ..framework.experiment import Check, Experiment, Report, Settings, checks, many
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure, plain_decades
from ..theory.averaged_equations import Array

SIZES, BATCH_SIZE, RATE = (20, 1000, 20), 50, 2e-3
ROWS = 10_000


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
        runs.append(_learned(seed, 600 if settings.quick else 4000, settings.backend))
    return Report(_checks(runs), _draw(runs))


def _learned(seed: int, presentations: int, backend: str) -> Learned:
    n_i, n_h, n_o = SIZES
    rng = np.random.default_rng(seed)
    A, W = rng.uniform(-0.01, 0.01, (1, n_h, n_i)), rng.uniform(-0.001, 0.001, (1, n_o, n_h))
    B = rng.uniform(-0.5, 0.5, (1, n_h, n_o))
    x = white(ROWS, n_i, rng)
    M1, M2 = rng.standard_normal((30, n_i)) / np.sqrt(n_i), rng.standard_normal((n_o, 30)) / np.sqrt(30)
    target = np.tanh(2 * x @ M1.T) @ M2.T
    net = side_by_side(
        Networks([A, W], [B]), frfb.with_parameters(rate=RATE), batch_size=BATCH_SIZE, hidden=pyramidal("tanh", 1 * ms)
    )
    program = net.program(backend)
    as_inputs(net, {"x": x, "target": target}).load(program)
    looks, nse = presentations // 40, []
    for _ in range(40):
        order = rng.integers(0, ROWS, (looks, BATCH_SIZE))
        result = program.run(net.timetable("train"), order, collect={"y.rate": 3})
        result.raise_if_diverged()
        nse.append(np.mean(result.collected["y.rate"] ** 2) / np.mean(target**2))
    after = angles(net["W2.w"], B[0])
    net.close()
    return Learned(looks * (np.arange(40) + 0.5), np.array(nse), angles(W[0], B[0]), after)


def angles(W: Array, B: Array) -> Array:
    """Return the angles between W_.j and B_j., in degrees: (n_h,)."""
    cosine = np.sum(W.T * B, axis=1) / np.linalg.norm(W, axis=0) / np.linalg.norm(B, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _checks(runs: Sequence[Learned]) -> list[Check]:
    before, after = (np.stack([getattr(one, name) for one in runs]) for name in ("before", "after"))
    return checks(
        f"{many(runs)}, ",
        [
            ("NSE, at the end, the worst", max(float(one.nse[-1]) for one in runs), "<=", 0.3),
            ("angles before: mean, degrees", float(before.mean()), "within", (88.0, 92.0)),
            ("angles before: share below 90", float((before < 90).mean()), "within", (0.45, 0.55)),
            ("angles after: mean, degrees, the largest of the runs", float(after.mean(axis=1).max()), "<=", 75.0),
            ("angles after: share below 90, the least", float((after < 90).mean(axis=1).min()), ">=", 0.9),
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
