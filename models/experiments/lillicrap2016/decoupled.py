"""Lillicrap et al. 2016, Supp. Fig. 11 and 12, Note 12: how the feedback matrix gets into A, and from A into W.

There are 20 runs, with their own weights and targets, of linear networks with white inputs. Networks of 30-20-10 units
learn in three regimes: A alone and then W alone; A and W by turns; and both at a time. Networks of 100-50-20 units learn
both at a time. Scales and times are not given: here A and W begin uniform in +-.1, B is uniform in +-1, T N(0,
1)/sqrt(n_i), and each turn lasts .3 (learning rate times presentations).

While A learns alone tr(A^T B E) rises from about 0, tr(BW) stays, and the error hardly changes. When W learns tr(BW) grows.
When it is A's turn again its learning lowers the error, though W does not learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import BLUE, GREY, ORANGE, RED, letter, new_figure
from .linear_runs import Runner, Start, Trace

SMALL, LARGE = (30, 20, 10), (100, 50, 20)
TURN, TURNS, LOOKS = 0.3, 8, 15
A_ONLY, W_ONLY, BOTH = {"W2": 0.0}, {"W1": 0.0}, {}
QUANTITIES = {"buildup": "tr(AᵀBE)", "alignment": "tr(BW)", "error": "error, relative"}

#: regime -> (speeds, duration) of its turns
REGIMES: Mapping[str, list[tuple[Mapping[str, float], float]]] = {
    "once": [(A_ONLY, TURN), (W_ONLY, TURNS * TURN - TURN)],
    "by turns": [(A_ONLY, TURN), (W_ONLY, TURN)] * (TURNS // 2),
    "both": [(BOTH, TURNS * TURN)],
}


def run(settings: Settings) -> Report:
    """Make 20 runs of each regime, and of the larger network."""
    rate, found = (6e-3 if settings.quick else 1e-3), {}
    plan = {name: (SMALL, turns) for name, turns in REGIMES.items()} | {"larger": (LARGE, REGIMES["both"])}
    for name, (sizes, turns) in plan.items():
        settings.show_progress(f"lillicrap-decoupled: {name}")
        runner = Runner(sizes, settings.backend)
        found[name] = [_trace(runner, sizes, seed, turns, rate) for seed in settings.seeds]
        runner.close()
    return Report(_checks(found), _draw(found))


def _trace(
    runner: Runner, sizes: Sequence[int], seed: int, turns: Sequence[tuple[Mapping[str, float], float]], rate: float
) -> Trace:
    n_i, n_h, n_o = sizes
    rng = np.random.default_rng([seed, n_i])
    A, W = rng.uniform(-0.1, 0.1, (n_h, n_i)), rng.uniform(-0.1, 0.1, (n_o, n_h))
    B, T = rng.uniform(-1, 1, (n_h, n_o)), rng.standard_normal((n_o, n_i)) / np.sqrt(n_i)
    runner.begin(Start(A, W, B, T))
    whole, now = None, 0.0
    for speeds, length in turns:
        looks = round(LOOKS * length / TURN)
        part = runner.run(rate, now + rate * np.round(np.linspace(0, length, looks + 1) / rate), speeds)
        whole, now = part if whole is None else whole + part, now + length
    assert whole is not None
    return whole


POSITIVE = "tr(A^T B E) becomes positive"


def _checks(found: Mapping[str, Sequence[Trace]]) -> list[Check]:
    once, turns, both, larger = (found[name] for name in ("once", "by turns", "both", "larger"))
    error = max(float(t.error[-1]) for t in both)
    rows = [*_alone(once, error), *_second_turn(turns), *_together(both, larger, error)]
    return checks(f"{many(once)}, ", rows)


def _alone(once: Sequence[Trace], error: float) -> list[Row]:
    """Check what A does while W is held, and W afterwards; ``error`` is the largest error at the end when both learn."""
    errors = [float(t.error[LOOKS]) for t in once]
    moves = max(float(np.abs(t.alignment[: LOOKS + 1] - t.alignment[0]).max()) for t in once)
    cosine, aligned = min(_cosine(t, LOOKS) for t in once), min(_aligned(t, -1) for t in once)
    little = "very little change in the error"
    return [
        ("A alone: tr(A^T B E) at its end over |A||BE|, the least", cosine, ">", 0.3, POSITIVE),
        ("A alone: error at its end, relative, the least", of_learned(min(errors), error), ">=", 0.8, little),
        ("A alone: error at its end, relative, the largest", of_learned(max(errors), error), "<=", 1.3, little),
        (
            "A alone: tr(BW) moves, the largest",
            of_learned(moves, error),
            "==",
            0.0,
            "tr(BW) remains small while W is held",
        ),
        ("then W alone: tr(BW) at its end over |B||W|, the least", aligned, ">", 0.3, "quickly increases"),
    ]


def _second_turn(turns: Sequence[Trace]) -> list[Row]:
    """Check what happens when it is A's turn again."""
    third = slice(2 * LOOKS, 3 * LOOKS + 1)
    falls = max(float(t.error[third][-1] / t.error[third][0]) for t in turns)
    buildup = min(float(t.buildup[third].min()) for t in turns)
    what = "A's second turn: the error falls by, the least of the runs, as a factor"
    return [
        (what, falls, "<", 1.0, "error continues to drop"),
        ("A's second turn: tr(A^T B E), the least at any time", buildup, ">", 0.0, "stays positive"),
    ]


def _together(both: Sequence[Trace], larger: Sequence[Trace], error: float) -> list[Row]:
    """Check the networks in which A and W learn at a time."""
    buildup = min(float(t.buildup[5:].min()) for t in both)
    spread = _spread(both) / max(_spread(larger), 1e-12)
    what = "both: spread (sd over mean) of tr(BW) at .6 over the spread in the larger network"
    return [
        ("both: tr(A^T B E), the least at any time after .1", buildup, ">", 0.0, POSITIVE),
        ("both: error at the end, relative, the largest", error, "<=", 0.05),
        (what, spread, ">", 1.0, "smaller variance with this larger network"),
    ]


def _cosine(trace: Trace, look: int) -> float:
    A, BE = trace.A[look], trace.B @ trace.E[look]
    return float(np.sum(A * BE) / np.linalg.norm(A) / np.linalg.norm(BE))


def _aligned(trace: Trace, look: int) -> float:
    return float(trace.alignment[look] / np.linalg.norm(trace.B) / np.linalg.norm(trace.W[look]))


def _spread(traces: Sequence[Trace]) -> float:
    values = np.array([t.alignment[2 * LOOKS] for t in traces])
    return float(values.std() / abs(values.mean())) if len(values) > 1 else 1.0


def _draw(found: Mapping[str, Sequence[Trace]]) -> Figure:
    figure = new_figure(8.4, 4.9)
    grid = figure.subplots(3, 4, sharex=True)
    titles = ["A once, then W", "A and W by turns", "both", "both, 100-50-20"]
    for column, title, (name, traces) in zip(grid.T, titles, found.items(), strict=True):
        for ax, quantity in zip(column, QUANTITIES, strict=True):
            _traces(ax, traces, quantity)
        _draw_turns(column[0], REGIMES.get(name, REGIMES["both"]))
        column[0].set_title(title)
        column[-1].set(xlabel="t = rate × presentations", ylim=(-0.05, 1.3))
    letter(grid[0])
    for ax, text in zip(grid[:, 0], QUANTITIES.values(), strict=True):
        ax.set_ylabel(text)
    for colour, text in ((BLUE, "A learns"), (RED, "W learns")):
        grid[0, 0].plot([], [], color=colour, linewidth=4, label=text)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _traces(ax: Axes, traces: Sequence[Trace], quantity: str) -> None:
    for trace in traces:
        ax.plot(trace.times, getattr(trace, quantity), color="black", linewidth=0.35)
    mean = np.mean([getattr(trace, quantity) for trace in traces], axis=0)
    ax.plot(traces[0].times, mean, color=ORANGE, linewidth=1.6)
    ax.axhline(0, color=GREY, linewidth=0.4)


def _draw_turns(ax: Axes, turns: Sequence[tuple[Mapping[str, float], float]]) -> None:
    """Show who learns when, along the top."""
    now = 0.0
    for speeds, length in turns:
        for height, name, colour in ((1.0, "W1", BLUE), (0.95, "W2", RED)):
            if speeds.get(name, 1.0):
                ax.plot(
                    [now, now + length],
                    [height] * 2,
                    color=colour,
                    linewidth=3,
                    transform=ax.get_xaxis_transform(),
                    solid_capstyle="butt",
                )
        now += length


EXPERIMENT = Experiment(
    "lillicrap-decoupled",
    "Lillicrap et al. 2016, Supp. Fig. 11-12",
    "The feedback matrix gets into the lower weights, and from there into the upper ones.",
    run,
    seeds=20,
    quick_seeds=3,
)
