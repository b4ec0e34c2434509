"""Amit 2019, Table 1: simpnet on CIFAR-10, and on CIFAR-100 if it is there; backpropagation, updated and fixed random feedback,
all or half of the synapses.

An untied network begins with one tied epoch at the rate .01 (section 4.1). After 30 epochs it is still far behind the tied
one: a tied filter is changed by the sum over 1,024 places, an untied synapse by its own place, and the filters have hardly
moved (their likeness is .98). If it is untied "late", after ten tied epochs at the full rate, it is ahead of the tied one
after 30 (43.4 and 45.8% wrong, one seed): its filters stay almost what they had become (likeness .9998), and the layer
above goes on learning. FRFB with half of the synapses is ahead of FRFB with all of them after 30 epochs (57.5 and 61.5%),
while the paper has it behind. Test errors jump by up to 6 points from one epoch to the next. Over the last 10 epochs FRFB with
half of the synapses is 4 points ahead of FRFB, and URFB with half of them 4 points behind URFB (8 after the last epoch).

The protocol is that of the text, with initial weights that are drawn before half of the synapses are left out, and are not made
larger then, as in the author's public code. Other things in that code are not in the text, and were not tried here. Its units
have f(h) = clip(h/2, -1, 1) in all versions; weights have no limit in most of them; and untied layers learn from minibatches of
50, so that an epoch has ten times as many updates. With f(h) = clip(h, -1, 1) many units of the full layer are
saturated at first; with half of the synapses these are fewer, and with f(h) = clip(h/2, -1, 1) next to none. So half of the
synapses may be better here because fewer units are saturated.

The paper's 1,000 epochs on 2 cores take days; ``--epochs 30`` checks the order of the methods, and ``--method NAME`` that of
some of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...data.cifar import CIFAR100
from ..framework.error_curves import draw_errors
from ..framework.experiment import Check, Experiment, Report, Settings
from ..framework.figure_style import new_figure
from ..framework.image_training import Runs, error_gaps, learn, printed
from .image_methods import LATE, METHODS, ORDER, protocol, report, table

#: Test errors.
TABLE = {
    "BP softmax": 0.25, "BP hinge": 0.27, "URFB": 0.31, "FRFB": 0.36, "URFB 50%": 0.31, "FRFB 50%": 0.45,
    "URFB, untied": 0.33, "FRFB, untied": 0.37, "URFB 50%, untied": 0.36,
}  # fmt: skip
#: Those on CIFAR-100, all of them tied.
HUNDRED = {
    "BP softmax": 0.57, "BP hinge": 0.57, "URFB": 0.61, "FRFB": 0.68, "URFB 50%": 0.62, "FRFB 50%": 0.76,
}  # fmt: skip


def run(settings: Settings) -> Report:
    """Run all methods from each seed, on each data set."""
    full = protocol("simpnet")
    third = max(1, (settings.epochs or full.epochs) // 3)
    late = replace(METHODS["URFB, untied"], tied_epochs=third, tied_rate=full.rate)
    runs, checks = table(settings, full, TABLE, more={LATE: late})
    hundred, more = _hundred(settings)
    if not hundred:
        return report(settings, runs, checks, "simpnet", TABLE)
    figure = new_figure(6.6, 6.0)
    parts: Any = figure.subfigures(2, 1)
    draw_errors(runs, "simpnet", parts[0], (*METHODS, LATE), TABLE)
    draw_errors(hundred, "CIFAR-100", parts[1], (*METHODS, LATE), HUNDRED)
    return Report([*checks, *more], figure)


def _hundred(settings: Settings) -> tuple[Runs, list[Check]]:
    """Return the tied methods on CIFAR-100, if its files are there and not only others are wanted."""
    chosen = [name for name in HUNDRED if not settings.methods or name in settings.methods]
    if settings.quick or not chosen or settings.folder("cifar100", CIFAR100.folder) is None:
        return {}, []
    full, about = protocol("simpnet", "cifar100"), ", cifar100"
    found = learn({name + about: METHODS[name] for name in chosen}, replace(settings, methods=()), full, full)
    runs = {name.removesuffix(about): curves for name, curves in found.items()}
    made = [printed(name, of, HUNDRED[name], full.epochs) for name, of in runs.items()]
    made += error_gaps(runs, HUNDRED, ORDER)
    return runs, [replace(check, what=f"CIFAR-100, {check.what}") for check in made]


EXPERIMENT = Experiment(
    "amit-simpnet",
    "Amit 2019, Table 1",
    "Simpnet is trained on CIFAR-10, and CIFAR-100 if it is there, with all or half of its synapses, tied and untied.",
    run,
    shortens=True,
    paper_epochs=1000,
    methods=(*TABLE, LATE),
    data=("cifar10",),
    keeps=True,
)
