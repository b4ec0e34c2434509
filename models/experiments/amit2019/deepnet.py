"""Amit 2019, Table 2, left: deepnet on CIFAR-100. With fixed feedback deep networks hardly learn."""

from __future__ import annotations

from ..framework.experiment import Experiment, Report, Settings
from .image_methods import QUICK, protocol, report, table

#: Test errors.
TABLE = {"BP softmax": 0.5, "BP hinge": 0.51, "URFB": 0.52, "URFB 50%": 0.58, "FRFB": 0.81, "FRFB 50%": 0.89}
QUICK_LINE = "conv 6 3x3; maxpool 3; conv 6 3x3; conv 6 3x3; maxpool 3; full conn. 30; output"


def run(settings: Settings) -> Report:
    """Run all methods from each seed."""
    full, quick = protocol("deepnet", "cifar100"), QUICK.with_(model=QUICK_LINE, epochs=12)
    kept = {k: v for k, v in TABLE.items() if not settings.quick or k in ("BP hinge", "URFB")}
    return report(settings, *table(settings, full, kept, quick=quick, bad=("FRFB", "FRFB 50%")), "deepnet", kept)


EXPERIMENT = Experiment(
    "amit-deepnet",
    "Amit 2019, Table 2 and Fig. 5",
    "Deepnet is trained on CIFAR-100; with fixed feedback it hardly learns.",
    run,
    shortens=True,
    paper_epochs=1000,
    methods=tuple(TABLE),
    data=("cifar100",),
    keeps=True,
)
