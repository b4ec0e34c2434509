"""Baldi, Sadowski and Lu 2018, Fig. 9: dropout in the learning channel.

Each hidden unit's error is lost with a probability, drawn again for each unit, batch element and presentation, for its own
synapses and for all to whom it would pass it on; what is left is divided by 1 - p. The forward pass is not touched.
"""

from __future__ import annotations

from ...networks.random_backpropagation import Variant
from ..framework.accuracy_curves import draw_curves
from ..framework.experiment import Check, Experiment, Report, Settings
from ..framework.saved_runs import at_end
from .channel_training import QUICK, Curves, Printed, learn

PERCENT = (10, 20, 50)
PLAN = {
    f"{name.upper()}, {p}% dropped": Variant(name, signal="dropout", dropped=p / 100)
    for name in ("bp", "rbp", "srbp")
    for p in (0, *PERCENT)
}
PRINTED = {"BP": (97.7, 97.8, 97.7), "RBP": (96.5, 96.7, 96.7), "SRBP": (97.1, 97.2, 97.1)}
TABLE = {f"{a}, {p}% dropped": Printed(x) for a, row in PRINTED.items() for p, x in zip(PERCENT, row, strict=True)}


def run(settings: Settings) -> Report:
    """Run all variants from each seed."""
    # Half of the errors lost doubles the variance of the others in each layer: three times the rate, as in other quick
    # runs, is at the edge of what four layers bear.
    curves = learn(PLAN, settings, quick=QUICK.with_(faster=1.0))
    checks = _quick_checks(curves) if settings.quick else [p.check(name, curves[name]) for name, p in TABLE.items()]
    panels = {a: [n for n in PLAN if n.startswith(f"{a},")] for a in PRINTED}
    return Report(
        checks, draw_curves(curves, panels, 60 if settings.quick else 90, {n: p.mean for n, p in TABLE.items()})
    )


def _quick_checks(curves: Curves) -> list[Check]:
    return [Check(f"{n}: test accuracy on digits", at_end(curves[n]), ">=", 85.0) for n in TABLE]


EXPERIMENT = Experiment(
    "baldi-dropout",
    "Baldi, Sadowski and Lu 2018, Fig. 9",
    "Units of the learning channel are dropped at random.",
    run,
    data=("mnist",),
    keeps=True,
)
