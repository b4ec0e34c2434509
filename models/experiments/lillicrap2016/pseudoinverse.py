"""Lillicrap et al. 2016, Supp. Fig. 13: if A and W begin small, B acts as a local pseudoinverse of W.

The network has 30-20-10 linear units and white inputs. A and W begin uniform in +-omega for nine omega, B is uniform in
+-.5, T is N(0, 1)/sqrt(n_i) (not given), and the learning rate is .01. All is drawn again for each seed; the figure shows
the first one. During learning two angles are measured, over e = E x for white x: that of B e, which feedback alignment
sends to the hidden units, to W^T e, which backpropagation would send, and that to W^+ e of pseudobackprop. Once the
normalised squared error (NSE, |E|^2/|T|^2) is below .01, B e is closer to W^+ e; before that it need not be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ...analysis.measures import signal_angle
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import letter, new_figure
from .linear_runs import Array, Runner, Start, Trace

SIZES = (30, 20, 10)
SCALES = (1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.125, 0.15, 0.2, 0.25)
RATE = 0.01
SAYS = "quickly becomes smaller than the angle to W^T e"


@dataclass(frozen=True)
class Scale:
    """One run: times, NSE, and angles in degrees at each."""

    times: Array
    nse: Array
    backprop: Array
    pseudo: Array

    def at(self, nse: float) -> int:
        """Return the first look at which the NSE is no larger, or the last of all."""
        return int(np.argmax(self.nse <= nse)) if (self.nse <= nse).any() else len(self.nse) - 1


def run(settings: Settings) -> Report:
    """Make a run from each scale, for the matrices of each seed."""
    runner = Runner(SIZES, settings.backend)
    runs = []
    for seed in settings.seeds:
        settings.show_progress(f"lillicrap-pseudoinverse: seed {seed}")
        runs.append([_scale(runner, scale, 30.0 if settings.quick else 60.0, seed) for scale in SCALES])
    runner.close()
    return Report(_checks(runs), _draw(runs[0]))


def _scale(runner: Runner, omega: float, until: float, seed: int) -> Scale:
    n_i, n_h, n_o = SIZES
    rng = np.random.default_rng([8, seed] if seed else 8)
    B, T = rng.uniform(-0.5, 0.5, (n_h, n_o)), rng.standard_normal((n_o, n_i)) / np.sqrt(n_i)
    A, W = omega * rng.uniform(-1, 1, (n_h, n_i)), omega * rng.uniform(-1, 1, (n_o, n_h))
    runner.begin(Start(A, W, B, T))
    times = np.unique(np.concatenate([[0], RATE * np.round(np.geomspace(0.1, until, 40 if until < 60 else 90) / RATE)]))
    trace = runner.run(RATE, times)
    nse = np.sum(trace.E**2, axis=(1, 2)) / np.sum(T**2)
    seen = nse > 1e-12
    pairs = [_angles(trace, int(look)) for look in np.flatnonzero(seen)]
    return Scale(trace.times[seen], nse[seen], *np.array(pairs).T)


def _angles(trace: Trace, look: int) -> tuple[float, float]:
    W, E = trace.W[look], trace.E[look]
    sent = (trace.B @ E).T
    return signal_angle(sent, (W.T @ E).T), signal_angle(sent, (np.linalg.pinv(W) @ E).T)


def _checks(runs: Sequence[Sequence[Scale]]) -> list[Check]:
    """Check the worst of the seeds in each check."""
    shares = [min(_share_closer(run[k]) for run in runs) for k in range(len(SCALES))]
    what = "share of the recorded times with NSE <= .01 at which B e is closer to W^+ e than to W^T e, the least"
    rows: list[Row] = [
        (f"omega = {omega:g}: {what}", share, "==", 1.0, SAYS) for omega, share in zip(SCALES, shares, strict=True)
    ]
    every = [one for run in runs for one in run]
    small, large = (np.array([run[k].pseudo[run[k].at(1e-4)] for run in runs]) for k in (0, -1))
    not_yet = [bool((one.pseudo > one.backprop)[one.nse > 0.01].any()) for one in every]
    late = [bool(one.pseudo[one.at(1e-4)] < one.pseudo[0]) for one in every]
    at_end = "angle to W^+ e at NSE 1e-4, degrees, from the"
    rows += [
        ("the largest NSE at the end", max(float(one.nse[-1]) for one in every), "<=", 1e-4),
        (f"{at_end} smallest initial weights, the largest", float(small.max()), "<=", 10.0),
        (f"{at_end} largest initial weights, above that from the smallest, the least", float((large - small).min()), ">", 5.0),
        ("share of starts from which B e is at some look closer to W^T e at first", float(np.mean(not_yet)), "==", 1.0, SAYS),
        ("share of starts from which the angle to W^+ e is smaller at NSE 1e-4 than at first", float(np.mean(late)), "==", 1.0),
    ]  # fmt: skip
    return checks(f"{many(runs)}, ", rows)


def _share_closer(one: Scale) -> float:
    settled = one.nse <= 0.01
    return float((one.pseudo[settled] < one.backprop[settled]).mean()) if settled.any() else 0.0


def _draw(runs: Sequence[Scale]) -> Figure:
    figure = new_figure(7.6, 2.9)
    left, middle, right = figure.subplots(1, 3)
    colours = matplotlib.colormaps["coolwarm"](np.linspace(0, 1, len(SCALES)))
    for colour, omega, one in zip(colours, SCALES, runs, strict=True):
        left.semilogy(one.times, one.nse, color=colour, label=f"{omega:g}")
        middle.semilogx(one.nse, one.backprop, color=colour)
        right.semilogx(one.nse, one.pseudo, color=colour)
    left.set(title="error", xlabel="t = rate × presentations", ylabel="NSE", xlim=(0, 60), ylim=(1e-8, 2))
    for ax, text in (
        (middle, r"$\delta_{FA}$ to $\delta_{BP} = W^Te$"),
        (right, r"$\delta_{FA}$ to $\delta_{PBP} = W^+e$"),
    ):
        ax.set(title=text, xlabel="NSE, as it falls", ylabel="angle, degrees", ylim=(0, 92), xlim=(2, 1e-8))
        ax.axvline(0.01, color="black", linewidth=0.4)
    figure.legend(*left.get_legend_handles_labels(), loc="outside right center", title="ω")
    letter([left, middle, right])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-pseudoinverse",
    "Lillicrap et al. 2016, Supp. Fig. 13",
    "With small initial weights the feedback matrix acts as a local pseudoinverse.",
    run,
    seeds=10,
)
