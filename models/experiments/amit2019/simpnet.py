"""Amit 2019, Table 1: simpnet on CIFAR-10; backpropagation, updated and fixed random feedback, all or half of the synapses.

Tied and untied: an untied network begins with one tied epoch at the rate .01 (section 4.1). After 30 epochs it is still far
behind the tied one: a tied filter is changed by the sum over 1,024 places, an untied synapse by its own place, and the filters
have hardly moved (their likeness is .98). Untied "late", after ten tied epochs at the full rate, it is ahead of the tied one
after 30 (43.4 and 45.8% wrong, one seed): its filters stay almost what they had become (likeness .9998), and the layer above
goes on learning. The paper's 1,000 epochs on 2 cores take days; ``--epochs 30`` checks the order of the methods
(``--method NAME``: of some).
"""

from __future__ import annotations

from dataclasses import replace

from ..framework.experiment import Experiment, Report, Settings
from .image_methods import LATE, METHODS, protocol, report, table

#: Test errors.
TABLE = {
    "BP softmax": 0.25, "BP hinge": 0.27, "URFB": 0.31, "FRFB": 0.36, "URFB 50%": 0.31, "FRFB 50%": 0.45,
    "URFB, untied": 0.33, "FRFB, untied": 0.37, "URFB 50%, untied": 0.36,
}  # fmt: skip


def run(settings: Settings) -> Report:
    """All methods from each seed."""
    full = protocol("simpnet")
    third = max(1, (settings.epochs or full.epochs) // 3)
    late = replace(METHODS["URFB, untied"], tied_epochs=third, tied_rate=full.rate)
    return report(settings, *table(settings, full, TABLE, more={LATE: late}), "simpnet", TABLE)


EXPERIMENT = Experiment(
    "amit-simpnet",
    "Amit 2019, Table 1",
    "Simpnet is trained on CIFAR-10 with all or half of its synapses, tied and untied.",
    run,
    shortens=True,
    paper_epochs=1000,
    methods=(*TABLE, LATE),
    data=("cifar10",),
    keeps=True,
)
