"""Lillicrap et al. 2016, Note 5: feedback alignment on MNIST, up to ten hidden layers, and with local fields.

Scaling, units and schedule are those of `image_training`. How many epochs the paper took is not in it, nor is which
rate goes with which network: here each row has the epochs that make the whole a matter of hours on one core (15 to 200),
and 3 seeds where the paper has 5. FA and BP through three and through ten layers learn for 15 epochs each. Their rates, and
that of the last row, are the best ones of a grid on held-out training samples: ``python -m tools.choose_rates
lillicrap-mnist``, which writes results/lillicrap-mnist/choice.json.

The width of the hidden layer with dropout is not given either: 1000 here, a half of the hidden units lost and a fifth of the
pixels (Hinton et al. 2012). "Leaky" has dropout too. "Local": the lowest of three hidden layers is 6 maps of units that see
6x6 pixels each, with weights of their own, 784-3174-1500-1500-10. The last row combines "the previous model alterations", as
the paper does: local fields, leaky units and dropout, on images distorted as by Simard, Steinkraus and Platt 2003 (alpha 34,
sigma 4), again in every epoch.

How wide B is was found by trial and error, as in the paper: too wide, and hidden units saturate.
The quick run is on 8x8 digits, with layers of 60 units, five in place of ten, fields of 3x3, and twice the rates.
"""

from __future__ import annotations

from ..framework.experiment import Experiment, Report, Settings
from .image_training import Plan
from .printed_errors import compare

ONE = Plan("frfb", (1000,), epochs=20, rate=0.03)
LOST = ONE.with_(epochs=200, rate=0.1, gain=2.0, dropout=0.5, input_dropout=0.2)
LEAKY = LOST.with_(epochs=100, rate=0.06, gain=0.6, transfer="leaky")
THREE = Plan("frfb", (1500,) * 3, epochs=15, rate=0.03)
TEN = Plan("frfb", (1000,) * 10, epochs=15, rate=0.03)
LOCAL = Plan("frfb", (1500, 1500), epochs=40, rate=0.03, local=(6, 6))
ALL = LOCAL.with_(
    epochs=30,
    gain=LEAKY.gain,
    transfer=LEAKY.transfer,
    dropout=LEAKY.dropout,
    input_dropout=LEAKY.input_dropout,
    augment="elastic 34 4",
)
PLANS = {
    "FA, 1 hidden layer": ONE, "FA, dropout": LOST, "FA, dropout, leaky": LEAKY,
    "FA, 3 hidden layers": THREE, "BP, 3 hidden layers": THREE.with_(rule="bp", rate=0.01),
    "FA, 10 hidden layers": TEN.with_(rate=0.06), "BP, 10 hidden layers": TEN.with_(rule="bp", rate=0.01),
    "FA, local": LOCAL, "FA, local, leaky, dropout, distorted": ALL,
}  # fmt: skip
#: Test errors of Note 5, in percent.
PAPER = dict(zip(PLANS, (2.1, 1.2, 1.1, 1.32, 1.62, 1.45, 1.65, 0.8, 0.5), strict=True))


def run(settings: Settings) -> Report:
    """Run every row from each seed."""
    return compare(settings, "lillicrap-mnist", "mnist", PLANS, PAPER)


EXPERIMENT = Experiment(
    "lillicrap-mnist",
    "Lillicrap et al. 2016, Note 5",
    "Feedback alignment learns MNIST with up to ten hidden layers, and with local fields.",
    run,
    shortens=True,
    methods=tuple(PLANS),
    data=("mnist",),
    keeps=True,
)
