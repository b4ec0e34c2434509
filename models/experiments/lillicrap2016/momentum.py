"""Lillicrap et al. 2016, Supp. Fig. 8: momentum speeds feedback alignment up.

Every synapse has v = alpha v + increment, w = w + v (Note 8), with alpha = 0, .5 and .9. "Model and task were similar to
those for Figure 3d": here they are the network 30-40-20-10 and the teacher of `lillicrap-frozen`, from one start and with
one sequence of inputs for all three, at a rate of .01, at which .9 does not overshoot. There are 6000 minibatches of 100; a
quick run makes 1500.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from ....plasticity import frfb
from ...networks.feedback_alignment import Synapses, feedback_alignment
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import BLUE, GREEN, ORANGE, new_figure
from .online_runs import needed
from .teacher_task import BEGIN, CHANNEL, PART, Teacher, draw_curves, end, follow

SIZES, RATE = (30, 40, 20, 10), 0.01
LOOKS = {0.0: ORANGE, 0.5: GREEN, 0.9: BLUE}

LearningCurves = dict[float, list[list[float]]]


def run(settings: Settings) -> Report:
    """Run the three from each seed's start."""
    presentations = 1500 if settings.quick else 6000
    curves: LearningCurves = {alpha: [] for alpha in LOOKS}
    for seed in settings.seeds:
        teacher = Teacher.drawn(seed)
        for alpha in LOOKS:
            settings.show_progress(f"lillicrap-momentum: {alpha:g}, seed {seed}")
            net = feedback_alignment(
                SIZES, frfb.with_parameters(rate=RATE).with_momentum(alpha), target="values",
                synapses=Synapses(BEGIN, CHANNEL), batch_size=100, seed=seed,
            )  # fmt: skip
            curves[alpha].append(follow(net, teacher, presentations, seed, settings))
            net.close()
    return Report(_checks(curves, settings.quick), _draw(curves))


FASTER = "significant speed increases"


def _checks(curves: LearningCurves, quick: bool) -> list[Check]:
    slowest = curves[0.0]
    total = PART * len(slowest[0])
    rows: list[Row] = [("0: NSE at the end", end(slowest), "<=", 0.6)]
    for alpha, share in ((0.5, 0.75), (0.9, 0.6 if quick else 0.4)):
        took = [needed(run, first[-1], PART) / total for run, first in zip(curves[alpha], slowest, strict=True)]
        rows += [
            (
                f"{alpha:g}: reaches the last NSE of 0 in this share of the minibatches, slowest run",
                of_learned(max(took), end(slowest)),
                "<=",
                share,
                FASTER,
            ),
            (
                f"{alpha:g}: NSE at the end, over NSE with momentum 0",
                end(curves[alpha]) / end(slowest),
                "<",
                1.0,
                FASTER,
            ),
        ]
    return checks(f"momentum, {many(slowest)}: ", rows)


def _draw(curves: LearningCurves) -> Figure:
    figure = new_figure(3.6, 2.7)
    ax = figure.subplots()
    for alpha, colour in LOOKS.items():
        draw_curves(ax, curves[alpha], colour, f"momentum {alpha:g}")
    ax.legend()
    return figure


EXPERIMENT = Experiment(
    "lillicrap-momentum",
    "Lillicrap et al. 2016, Supp. Fig. 8 and Note 8",
    "Momentum speeds up feedback alignment.",
    run,
    seeds=5,
)
