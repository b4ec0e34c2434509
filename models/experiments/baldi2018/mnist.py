"""Baldi, Sadowski and Lu 2018, Fig. 1: BP, SBP, RBP and SRBP on MNIST, each with f' and without, and the top layer only.

SBP has a curve in the paper, and no value in its Table 1; without f' anywhere it is BP without f', so that the two
curves are one. The networks without f' learn well at first and lose it later: they are judged at the end.
"""

from __future__ import annotations

from ...networks.random_backpropagation import Variant
from ..framework.accuracy_curves import draw_curves
from ..framework.experiment import Check, Experiment, Report, Settings
from ..framework.saved_runs import at_end
from .channel_training import Curves, Printed, learn

NO = " (no f')"
PLAN = {
    **{name.upper(): Variant(name) for name in ("bp", "sbp", "rbp", "srbp")},
    **{name.upper() + NO: Variant(name, derivative=False) for name in ("bp", "rbp", "srbp")},
    "top layer only": Variant("top"),
}
TABLE = {
    "BP": Printed(97.9, 0.1),
    "RBP": Printed(97.2, 0.1),
    "SRBP": Printed(97.2, 0.2),
    "BP" + NO: Printed(89.9, 0.3, bad=True),
    "RBP" + NO: Printed(88.3, 1.1, bad=True),
    "SRBP" + NO: Printed(88.4, 0.7, bad=True),
    "top layer only": Printed(84.7, 0.7, bad=True),
}


def run(settings: Settings) -> Report:
    """Run all variants from each seed."""
    curves = learn(PLAN, settings)
    panels = {"with f'": ["BP", "SBP", "RBP", "SRBP"], "without f'": [n for n in PLAN if NO in n] + ["top layer only"]}
    checks = _quick_checks(curves) if settings.quick else [p.check(name, curves[name]) for name, p in TABLE.items()]
    return Report(
        [*checks, *_orders(curves)],
        draw_curves(curves, panels, 60 if settings.quick else 80, {n: p.mean for n, p in TABLE.items()}),
    )


def _quick_checks(curves: Curves) -> list[Check]:
    names = ("BP", "SBP", "RBP", "SRBP")
    return [Check(f"{name}: test accuracy on digits", at_end(curves[name]), ">=", 90.0) for name in names]


def _orders(curves: Curves) -> list[Check]:
    """Return what holds of any data: all are far above the top layer alone, and lose without f'."""
    top = at_end(curves["top layer only"])
    checks = [
        Check(f"{name}: points of test accuracy above the top layer only", at_end(curves[name]) - top, ">=", 5.0)
        for name in ("BP", "SBP", "RBP", "SRBP")
    ]
    return checks + [
        Check(f"{name}: points of training accuracy lost without f'", _accuracy_lost(curves, name), ">", 0.0)
        for name in ("BP", "RBP", "SRBP")
    ]


def _accuracy_lost(curves: Curves, name: str) -> float:
    return at_end(curves[name], "train") - at_end(curves[name + NO], "train")


EXPERIMENT = Experiment(
    "baldi-mnist",
    "Baldi, Sadowski and Lu 2018, Fig. 1",
    "BP, SBP, RBP and SRBP are trained on MNIST, each with and without the derivative f'.",
    run,
    seeds=5,
    data=("mnist",),
    keeps=True,
)
