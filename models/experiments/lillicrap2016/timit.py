"""Lillicrap et al. 2016, Note 7: six stop consonants of TIMIT, 39-1000-1000-1000-6.

The user provides the file timit.npz: see `recircuit.models.data.load_timit`. The 39 features (MFCC and two derivatives)
have different sizes, so that each is brought to mean 0 and standard deviation 1 here. Units and schedule are those of
`image_training`. Rates and epochs, which the paper does not give, are those of the network with three hidden layers in
lillicrap-mnist. The quick run is on 8x8 digits.
"""

from __future__ import annotations

import numpy as np

from ...data import Dataset
from ..framework.experiment import Experiment, Report, Settings
from .mnist import PLANS as ON_MNIST
from .printed_errors import compare

PLANS = {name: ON_MNIST[f"{name}, 3 hidden layers"].with_(hidden=(1000,) * 3) for name in ("BP", "FA")}
#: Test errors, in percent.
PAPER = {"BP": 24.3, "FA": 23.1}


def run(settings: Settings) -> Report:
    """Run both methods from each seed."""
    return compare(settings, "lillicrap-timit", "timit", PLANS, PAPER, by_feature)


def by_feature(data: Dataset) -> Dataset:
    """Return the same samples, of which each feature has mean 0 and standard deviation 1 over the training part."""
    mean, sd = (f(data.x_train, axis=0, dtype=np.float64) for f in (np.mean, np.std))
    train, test = ((x - mean) / np.where(sd > 0, sd, 1.0) for x in (data.x_train, data.x_test))
    return Dataset.from_arrays(data.name, train, data.y_train, test, data.y_test, classes=data.classes)


EXPERIMENT = Experiment(
    "lillicrap-timit",
    "Lillicrap et al. 2016, Note 7",
    "Feedback alignment learns six stop consonants of TIMIT.",
    run,
    shortens=True,
    methods=tuple(PLANS),
    data=("timit",),
    keeps=True,
)
