"""Baldi, Sadowski and Lu 2018, Fig. 2: channels whose matrices learn, beside those that stay.

In ARBP weights of the channel change as their forward partners do, and both learn at a tenth of the usual rate (the caption
says "the learning rate"). In ASRBP dC^h = rate O^h (T - O)^T, at the usual rate.
"""

from __future__ import annotations

from ...networks.random_backpropagation import Variant
from ..framework.accuracy_curves import draw_curves
from ..framework.experiment import Check, Experiment, Report, Settings
from ..framework.saved_runs import at_end
from .channel_training import Curves, Printed, learn

PLAN = {"RBP": Variant("rbp"), "SRBP": Variant("srbp"), "ARBP": Variant("arbp", rate=0.01), "ASRBP": Variant("asrbp")}
TABLE = {"ARBP": Printed(97.3, 0.1), "ASRBP": Printed(97.3, 0.1)}


def run(settings: Settings) -> Report:
    """Run all variants from each seed."""
    curves = learn(PLAN, settings)
    if settings.quick:
        checks = [Check(f"{name}: test accuracy on digits", at_end(curves[name]), ">=", 90.0) for name in TABLE]
    else:
        checks = [p.check(name, curves[name]) for name, p in TABLE.items()]
    checks.append(_check_speed(curves))
    panels = {"RBP": ["RBP", "ARBP"], "SRBP": ["SRBP", "ASRBP"]}
    return Report(
        checks, draw_curves(curves, panels, 60 if settings.quick else 92, {n: p.mean for n, p in TABLE.items()})
    )


def _check_speed(curves: Curves) -> Check:
    """Check that adaptation speeds up the training of SRBP."""
    tenth = max(1, len(curves["SRBP"][0]["train"]) // 10)
    early = {n: sum(sum(run["train"][:tenth]) for run in curves[n]) / tenth / len(curves[n]) for n in ("SRBP", "ASRBP")}
    what = f"ASRBP - SRBP: points of training accuracy, mean over the first {tenth} epochs"
    return Check(what, early["ASRBP"] - early["SRBP"], ">", 0.0)


EXPERIMENT = Experiment(
    "baldi-adaptive",
    "Baldi, Sadowski and Lu 2018, Fig. 2",
    "Learning channels whose matrices learn are compared with fixed ones.",
    run,
    seeds=5,
    data=("mnist",),
    keeps=True,
)
