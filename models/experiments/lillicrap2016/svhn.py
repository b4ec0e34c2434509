"""Lillicrap et al. 2016, Note 6: house numbers (SVHN) in grey, 1024-3000-3000-3000-3000-10, and with local fields.

The user provides the files: see `recircuit.models.data.load_svhn`. "Local" means that the lowest hidden layer is 8 maps of
units that see 10x10 pixels each, with weights of their own. "Leaky" means that its units, and all others, are piecewise
linear, 1/20 below zero. Units and schedule are those of `image_training`. Rates and epochs are not in the paper: with
604,388 images 8 epochs are as many updates as 80 of MNIST. The rate and gain of the leaky network are the ones of a few
with which it learned 8x8 digits, on which the quick run is.
"""

from __future__ import annotations

from ..framework.experiment import Experiment, Report, Settings
from .image_training import Plan
from .printed_errors import compare

FOUR = Plan("frfb", (3000,) * 4, epochs=8, rate=0.03)
LOCAL = FOUR.with_(hidden=(3000,) * 3, local=(8, 10))
PLANS = {"FA": FOUR, "FA, local": LOCAL, "FA, local, leaky": LOCAL.with_(transfer="leaky", rate=0.025, gain=0.8)}
#: Test errors, in percent.
PAPER = {"FA": 9.7, "FA, local": 8.1, "FA, local, leaky": 7.1}


def run(settings: Settings) -> Report:
    """Run every row from each seed."""
    return compare(settings, "lillicrap-svhn", "svhn", PLANS, PAPER)


EXPERIMENT = Experiment(
    "lillicrap-svhn",
    "Lillicrap et al. 2016, Note 6",
    "Feedback alignment learns house numbers (SVHN) in grey, also with local fields.",
    run,
    shortens=True,
    methods=tuple(PLANS),
    data=("svhn",),
    keeps=True,
)
