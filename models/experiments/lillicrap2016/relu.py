"""Lillicrap et al. 2016, Note 5: rectified units die under feedback alignment, and leaky units do not.

The result here differs: with a rate that suits all methods no unit dies, and rectified units learn as well as leaky ones.

The note says that f(x) = max(0, x) "did not work well with feedback alignment": before the weights are aligned, learning
pushes many units to where x < 0, and such a unit has no gradient. A slope of 1/20 below 0 was enough to avoid this. Here a
network of 784-1000-10 units learns MNIST with the conditions of `image_training`, without dropout, for 10 epochs at one rate
for all methods, the best of four on training samples that were held out (`tools/choose_rates.py`). A unit is called dead if
its field is not above 0 for any test sample. The supplement gives no numbers, so that the limits of the checks are ours: they
were written down before the first full run. That one had the rate .06, at which backpropagation does not learn either (57, 35
and 24% wrong in the order of `PLANS`, and no unit dead). The quick run is on 8x8 digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from matplotlib.figure import Figure

from ....circuits import Circuit
from ...data import Dataset
from ...training.history import Row
from ..framework.accuracy_curves import draw_mean
from ..framework.experiment import Check, Experiment, Report, Settings, checks, many
from ..framework.experiment import Row as CheckRow
from ..framework.figure_style import GREEN, GREY, ORANGE, band, letter, new_figure, plain_decades
from ..framework.saved_runs import at_end, each
from ..framework.training_runs import trained
from .image_training import LearningCurve, Plan

RATE, EPOCHS = 0.03, 10
#: Percent of the units that are called many.
DEAD = 10.0
FA = Plan("frfb", (1000,), epochs=EPOCHS, rate=RATE, transfer="relu")
PLANS = {"FA, rectified": FA, "FA, leaky": FA.with_(transfer="leaky"), "BP, rectified": FA.with_(rule="bp")}
COLOURS = dict(zip(PLANS, (ORANGE, GREEN, GREY), strict=True))


def run(settings: Settings) -> Report:
    """Run every method from each seed."""
    data = settings.dataset("digits" if settings.quick else "mnist").standardised()
    plans = {
        name: plan.with_(hidden=(60,), batch_size=20) if settings.quick else plan.lasting(settings.epochs)
        for name, plan in PLANS.items()
    }
    shown = data.fingerprint()

    def one(name: str, plan: Plan, seed: int) -> LearningCurve:
        return _learned(name, plan, data, seed, settings)

    found = each(settings, plans, lambda plan: dict(asdict(plan), data=shown), one)
    return Report(_quick_checks(found) if settings.quick else _checks(found), _draw(found))


def _learned(name: str, plan: Plan, data: Dataset, seed: int, settings: Settings) -> LearningCurve:
    """Return the errors after each epoch, and the share of dead units before the first and after each, all in percent."""
    net = plan.circuit(data, seed)
    dead = [_dead_units(net, data)]

    def look(epoch: int, metrics: Row, circuit: Circuit) -> None:
        dead.append(_dead_units(circuit, data))

    label = f"lillicrap-relu: {name}, seed {seed}"
    history = trained(settings, net, data, plan.epochs, label=label, callbacks=[look])
    net.close()
    return {part: (100 * history[f"{part}_error"]).round(4).tolist() for part in ("train", "test")} | {"dead": dead}


def _dead_units(net: Circuit, data: Dataset) -> float:
    """Return the share of hidden units whose field is above 0 for no test sample, in percent."""
    rates = net.outputs(data, read="h1.rate")
    return round(100 * float(np.mean((rates <= 0).all(axis=0))), 4)


def _checks(found: dict[str, list[LearningCurve]]) -> list[Check]:
    rows: list[CheckRow] = []
    if {"FA, rectified", "FA, leaky"} <= set(found):
        rectified, leaky = found["FA, rectified"], found["FA, leaky"]
        fewer = at_end(rectified) - at_end(leaky)
        rows += [
            ("before learning: dead units (%)", _first(rectified), "<=", 1.0),
            (
                "FA, rectified: dead units after learning (%)",
                at_end(rectified, "dead"),
                ">=",
                DEAD,
                "many of the units",
            ),
            ("FA, rectified: points of test error above FA, leaky", fewer, ">=", 1.0, "did not work well"),
            ("FA, leaky: test error (%)", at_end(leaky), "<=", 3.0, "was effective"),
        ]
    return checks(f"{many(next(iter(found.values())))}, ", rows)


def _quick_checks(found: dict[str, list[LearningCurve]]) -> list[Check]:
    """Check a quick run on digits: all units live before learning, and every method learns."""
    rows: list[CheckRow] = [("before learning: dead units (%)", _first(found["FA, rectified"]), "<=", 1.0)]
    rows += [(f"{name}: test error (%)", at_end(runs), "<=", 15.0) for name, runs in found.items()]
    return checks("", rows)


def _first(runs: Sequence[LearningCurve]) -> float:
    return float(np.mean([run["dead"][0] for run in runs]))


def _draw(found: dict[str, list[LearningCurve]]) -> Figure:
    figure = new_figure(6.0, 2.7)
    left, right = figure.subplots(1, 2)
    for name, runs in found.items():
        draw_mean(left, [run["test"] for run in runs], COLOURS[name], name)
        dead = np.array([run["dead"] for run in runs])
        right.plot(np.arange(dead.shape[1]), dead.mean(axis=0), color=COLOURS[name], label=name)
        band(right, np.arange(dead.shape[1]), dead.min(0), dead.max(0), COLOURS[name])
    left.set(xlabel="epochs", ylabel="test error (%)", yscale="log", title="error")
    plain_decades(left)
    right.axhline(DEAD, color=GREY, linestyle=":", label="limit of the check")
    right.set(xlabel="epochs", ylabel="hidden units (%)", ylim=(-0.5, None), title="dead units")
    right.legend()
    letter([left, right])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-relu",
    "Lillicrap et al. 2016, Note 5",
    "Rectified units die under feedback alignment, and leaky units do not.",
    run,
    shortens=True,
    methods=tuple(PLANS),
    data=("mnist",),
    keeps=True,
)
