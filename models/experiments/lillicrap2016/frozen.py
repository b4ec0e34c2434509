"""Lillicrap et al. 2016, Supp. Fig. 6: what a layer learns from the errors that feedback alignment brings it.

The function of a teacher of 30-20-10-10 units (see `teacher_task`) is learned by networks of 30-40-10 and of 30-40-20-10
units, in minibatches of 100, at the rate .05 (Note 3). With its lowest layer of weights frozen the deeper network is
clearly worse, under backpropagation and under feedback alignment: so useful errors reach all layers. There are 6000
minibatches; a quick run makes 1000.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from ....plasticity import Rule, bp, frfb
from ...networks.feedback_alignment import Synapses, feedback_alignment
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import GREEN, GREY, ORANGE, PURPLE, SKY, new_figure
from .teacher_task import BEGIN, CHANNEL, Teacher, draw_curves, end, follow

SHALLOW, DEEP, RATE = (30, 40, 10), (30, 40, 20, 10), 0.05
FROZEN = ", frozen"
METHODS: dict[str, Rule] = {"BP": bp, "FA": frfb}
LOOKS = {
    "BP 30-40-10": (GREY, "--"), "FA 30-40-10": (ORANGE, "--"), "BP": ("black", "-"), "FA": (GREEN, "-"),
    "BP, frozen": (SKY, "-"), "FA, frozen": (PURPLE, "-"),
}  # fmt: skip

LearningCurves = dict[str, list[list[float]]]


def run(settings: Settings) -> Report:
    """Run all six from each seed's weights and teacher."""
    presentations = 1000 if settings.quick else 6000
    curves: LearningCurves = {name: [] for name in LOOKS}
    for seed in settings.seeds:
        teacher = Teacher.drawn(seed)
        for name in LOOKS:
            settings.show_progress(f"lillicrap-frozen: {name}, seed {seed}")
            curves[name].append(_learning_curve(name, teacher, presentations, seed, settings))
    return Report(_checks(curves, settings.quick), _draw(curves))


def _learning_curve(name: str, teacher: Teacher, presentations: int, seed: int, settings: Settings) -> list[float]:
    net = feedback_alignment(
        SHALLOW if "30-40-10" in name else DEEP, METHODS[name[:2]].with_parameters(rate=RATE), target="values",
        synapses=Synapses(BEGIN, CHANNEL, frozen=(1,) if FROZEN in name else ()), batch_size=100, seed=seed,
    )  # fmt: skip
    found = follow(net, teacher, presentations, seed, settings)
    net.close()
    return found


def _checks(curves: LearningCurves, quick: bool) -> list[Check]:
    nse = {name: end(runs) for name, runs in curves.items()}
    worst = {name: max(end([run]) for run in runs) for name, runs in curves.items()}
    rows: list[Row] = []
    for method in METHODS:
        frozen, free, shallow = nse[method + FROZEN], nse[method], nse[f"{method} 30-40-10"]
        best = min(end([run]) for run in curves[method + FROZEN])
        rows += [
            (f"{method} 30-40-20-10: NSE at the end", free, "<=", 0.3 if quick else 0.2),
            (
                f"{method}: NSE with the lowest layer frozen, over NSE with all layers learning",
                frozen / free,
                ">=",
                1.2 if quick else 1.5,
                "much worse",
            ),
            (
                f"{method}: NSE of the best run with the lowest layer frozen, over NSE of the worst run without",
                best / worst[method],
                ">",
                1.0,
                "significantly worse",
            ),
            (
                f"{method}: NSE with the lowest layer frozen, over NSE of 30-40-10",
                of_learned(frozen / shallow, shallow),
                ">",
                1.0,
                "worse than in the 3-layer cases",
            ),
        ]
    return checks(f"{many(curves['BP'])}: ", rows)


def _draw(curves: LearningCurves) -> Figure:
    figure = new_figure(4.2, 3.0)
    ax = figure.subplots()
    for name, (colour, style) in LOOKS.items():
        draw_curves(ax, curves[name], colour, name, style)
    ax.legend(ncols=2, fontsize=7)
    return figure


EXPERIMENT = Experiment(
    "lillicrap-frozen",
    "Lillicrap et al. 2016, Supp. Fig. 6 and Note 3",
    "A network learns worse when its lowest layer is frozen, so useful errors reach that layer.",
    run,
    seeds=5,
)
