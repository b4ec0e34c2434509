"""What Amit 2019, section 4, shares: the methods of Tables 1 to 3, their values, and how they are checked and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure, SubFigure

from .experiment import Check, Report, Settings
from .images import Method, Protocol, Runs, beside, learn, printed
from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, letter, new_figure

#: The rows of the tables. Softmax and backpropagation are controls; tied convolutions too.
METHODS = {
    "BP softmax": Method("bp", "softmax"),
    "BP hinge": Method("bp"),
    "URFB": Method("urfb"),
    "FRFB": Method("frfb"),
    "URFB 50%": Method("urfb", connectivity=0.5),
    "FRFB 50%": Method("frfb", connectivity=0.5),
    "URFB, untied": Method("urfb", tied=False),
    "FRFB, untied": Method("frfb", tied=False),
    "URFB 50%, untied": Method("urfb", connectivity=0.5, tied=False),
}
#: One epoch: 1,437 digits, shown many times by a small network, in seconds.
QUICK_LINE = "conv 8 3x3; maxpool 3; drop .2; full conn. 40; drop .1; output"
QUICK = Protocol(QUICK_LINE, "digits", 6, 20, 0.3)
COLOURS = (BLUE, SKY, GREEN, RED, PURPLE, ORANGE, GREY, "black", "#9ecae1")


def protocol(model: str, data: str = "cifar10", *, epochs: int = 1000) -> Protocol:
    """Batches of 500, a fixed rate of .1 (section 4)."""
    return Protocol(model, data, epochs, 500, 0.1)


def table(
    settings: Settings,
    full: Protocol,
    values: Mapping[str, float],
    *,
    quick: Protocol = QUICK,
    bad: tuple[str, ...] = (),
) -> tuple[Runs, list[Check]]:
    """Train the methods that a table has, and check them.

    After the paper's epochs its values are checked; after fewer the order of the methods; of a quick run that all learn.
    """
    runs = learn({name: METHODS[name] for name in values}, settings, full, quick)
    if settings.quick:
        return runs, [_learned(name, runs) for name in values]
    if settings.epochs is None:
        return runs, [printed(name, runs[name], value, bad=name in bad) for name, value in values.items()]
    return runs, _order(runs)


def _learned(name: str, runs: Runs) -> Check:
    tests = [run["test"] for run in runs[name]]
    what = f"{name}: test error on digits after {len(tests[0])} epochs"
    return Check(what, round(float(np.mean([t[-1] for t in tests])), 4), "<=", 0.2)


def _order(runs: Runs) -> list[Check]:
    """What must show after tens of epochs: URFB near backpropagation, and better than FRFB; untied near tied."""
    rows = [
        ("URFB", "BP hinge", "<=", 6.0),
        ("FRFB", "URFB", ">=", 3.0),
        ("URFB, untied", "URFB", "<=", 3.0),
        ("FRFB, untied", "URFB, untied", ">=", 0.0),
        ("FRFB 50%", "URFB 50%", ">=", 0.0),
    ]
    return [beside(runs, *row) for row in rows if {row[0], row[1]} <= set(runs)]


def report(runs: Runs, checks: list[Check], title: str) -> Report:
    """The checks, with the errors per epoch (Fig. 5): training and test."""
    return Report(checks, draw_errors(runs, title))


def draw_errors(runs: Runs, title: str, figure: Figure | SubFigure | None = None) -> Any:
    """Training and test error by epoch: means over seeds."""
    figure = new_figure(6.6, 3.0) if figure is None else figure
    axes = figure.subplots(1, 2, sharey=True)
    for ax, part in zip(axes, ("train", "test"), strict=True):
        for (name, found), colour in zip(runs.items(), COLOURS, strict=False):
            mean = np.mean([run[part] for run in found], axis=0)
            style = "--" if "untied" in name else "-"
            ax.plot(np.arange(1, len(mean) + 1), mean, style, color=colour, label=name)
        ax.set(xlabel="epoch", title=f"{title}: {part} error", ylim=(0, None))
    axes[0].set_ylabel("share that is wrong")
    axes[1].legend(fontsize=6.5)
    letter(list(axes))
    return figure
