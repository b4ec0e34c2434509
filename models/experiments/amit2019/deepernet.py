"""Amit 2019, Table 2, right: deepernet on CIFAR-100, with layers that add the two before them."""

from __future__ import annotations

from ..framework.experiment import Experiment, Report, Settings
from .image_methods import QUICK, protocol, report, table

#: Test errors.
TABLE = {"BP softmax": 0.42, "BP hinge": 0.42, "URFB": 0.47, "URFB 50%": 0.56, "FRFB": 0.84, "FRFB 50%": 0.96}
QUICK_LINE = "conv 6 3x3; conv 6 3x3; SUM; maxpool 3; conv 8 3x3; conv 8 3x3; SUM; maxpool 3; full conn. 30; output"


def run(settings: Settings) -> Report:
    """Run all methods from each seed."""
    full, quick = protocol("deepernet", "cifar100"), QUICK.with_(model=QUICK_LINE, epochs=8, rate=0.2)
    kept = {k: v for k, v in TABLE.items() if not settings.quick or k in ("BP hinge", "URFB")}
    return report(settings, *table(settings, full, kept, quick=quick, bad=("FRFB", "FRFB 50%")), "deepernet", kept)


EXPERIMENT = Experiment(
    "amit-deepernet",
    "Amit 2019, Table 2 and Fig. 5",
    "Deepernet, whose layers add the two before them, is trained on CIFAR-100.",
    run,
    shortens=True,
    paper_epochs=1000,
    methods=tuple(TABLE),
    data=("cifar100",),
    keeps=True,
)
