"""Lillicrap et al. 2016, Note 5: digits on patches of photographs (mnist-back-image), 784-1500-1500-1500-10.

The user provides the files: see `recircuit.models.data.load_back_image`. Units and schedule are those of `image_training`.
Rates and epochs, which the paper does not give, are those of the network of the same size in lillicrap-mnist. The quick run
is on 8x8 digits.
"""

from __future__ import annotations

from ..framework.experiment import Experiment, Report, Settings
from .mnist import PLANS as ON_MNIST
from .printed_errors import compare

PLANS = {name: ON_MNIST[f"{name}, 3 hidden layers"] for name in ("BP", "FA")}
#: Test errors, in percent.
PAPER = {"BP": 21.5, "FA": 20.66}


def run(settings: Settings) -> Report:
    """Run both methods from each seed."""
    return compare(settings, "lillicrap-back-image", "back-image", PLANS, PAPER)


EXPERIMENT = Experiment(
    "lillicrap-back-image",
    "Lillicrap et al. 2016, Note 5, mnist-back-image",
    "Feedback alignment learns digits on patches of photographs.",
    run,
    shortens=True,
    methods=tuple(PLANS),
    data=("back-image",),
    keeps=True,
)
