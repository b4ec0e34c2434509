"""Test errors that Lillicrap et al. 2016 print for data sets of images and sound, each beside what a circuit reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from matplotlib.figure import Figure

from ...data import Dataset
from ..framework.accuracy_curves import draw_mean
from ..framework.claims import met
from ..framework.experiment import Check, Report, Settings, many
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, letter, mark_paper, new_figure
from ..framework.saved_runs import at_end
from .image_training import LearningCurve, Plan, learn

__all__ = ["compare", "small"]

#: One for each row, and as many rows at most.
COLOURS = (ORANGE, GREEN, PURPLE, BLUE, GREY, RED, SKY, "black", "#8c510a")

LearningCurves = dict[str, list[LearningCurve]]


def compare(
    settings: Settings,
    about: str,
    data: str,
    plans: Mapping[str, Plan],
    paper: Mapping[str, float],
    scaled: Callable[[Dataset], Dataset] = Dataset.standardised,
) -> Report:
    """Compare every plan from each seed: test errors are within a point of the paper's, or better; both errors have
    curves.

    Parameters
    ----------
    data : str
        Name of the data set; a quick run has 8x8 digits in its place, and plans that are `small`.
    paper : Mapping[str, float]
        Test errors, in percent.
    scaled : Callable[[Dataset], Dataset]
        The data as they are shown.

    Raises
    ------
    UsageError
        If the data set's files are not where they are said to be.
    """
    fitted = {n: small(plan) if settings.quick else plan.lasting(settings.epochs) for n, plan in plans.items()}
    curves = learn(fitted, scaled(settings.dataset("digits" if settings.quick else data)), settings, about)
    return Report(
        _quick_checks(curves) if settings.quick else _checks(curves, paper),
        _draw(curves, tuple(plans), {} if settings.quick else paper),
    )


def small(plan: Plan) -> Plan:
    """Return the same for 8x8 digits, which takes seconds; with local fields fewer units are lost, as there are few of them."""
    few = dict(epochs=20, dropout=0.2, input_dropout=0.1) if plan.local[0] and plan.dropout else dict(epochs=9)
    return plan.with_(
        hidden=(60,) * min(len(plan.hidden), 5), batch_size=20, rate=2 * plan.rate,
        local=(6, 3) if plan.local[0] else (0, 0), augment="elastic 4 2" if plan.augment else "", **few,
    )  # fmt: skip


def _quick_checks(curves: LearningCurves) -> list[Check]:
    return [Check(f"{name}: test error on digits (%)", at_end(runs), "<=", 12.0) for name, runs in curves.items()]


def _checks(curves: LearningCurves, paper: Mapping[str, float]) -> list[Check]:
    """Check each against the paper's; and where FA stands beside BP, both have learned for as many epochs."""
    made = []
    for name, runs in curves.items():
        what = f"{name}, {len(runs[0]['test'])} epochs, {many(runs)}: test error (%)"
        made.append(met(what, at_end(runs), paper[name], 1.0, "lower"))
    for name in curves:
        other = name.replace("FA", "BP", 1)
        if name.startswith("FA") and other in curves:
            made += _beside(name, curves[name], other, curves[other], paper)
    return made


def _beside(
    name: str, fa: list[LearningCurve], other: str, bp: list[LearningCurve], paper: Mapping[str, float]
) -> list[Check]:
    ahead = round(at_end(bp) - at_end(fa), 4)
    says = f"{paper[other] - paper[name]:.2f}: FA is ahead"
    longer = len(fa[0]["test"]) / len(bp[0]["test"])
    return [
        Check(f"{name}: points of test error below {other}", ahead, ">", 0.0, says),
        Check(f"{name}: epochs, over those of {other}", longer, "==", 1.0, "all methods of a table learn alike"),
    ]


def _draw(curves: LearningCurves, all_rows: tuple[str, ...], paper: Mapping[str, float]) -> Figure:
    """Draw the learning curves; each row has its own colour, whichever rows are left out."""
    figure = new_figure(7.2, 3.0)
    axes = figure.subplots(1, 2, sharey=True)
    for ax, part in zip(axes, ("train", "test"), strict=True):
        for name, runs in curves.items():
            draw_mean(ax, [run[part] for run in runs], COLOURS[all_rows.index(name)], name)
        ax.set(title=f"{part}ing error (%)".replace("testing", "test"), xlabel="epoch", yscale="log", ylim=(0.02, None))
        ax.yaxis.set_major_formatter("{x:g}")
    mark_paper(axes[1], paper, {name: COLOURS[all_rows.index(name)] for name in curves})
    axes[1].legend(fontsize=6, loc="lower left", ncols=2)
    letter(axes)
    return figure
