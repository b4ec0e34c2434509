"""Cameron, Chen, Wagner and Sejnowski, MNIST: five layers, fully connected, the error through a chain of learned W^+.

The network has 784-300-200-100-50-10 units, tanh, and a linear output with half the squared error. It learns in minibatches
of 100, at the rate .1/(1 + 1e-4 n), with the rate .1 for B, for 30 epochs. Pixels go from 0 to 1, less their mean image,
without which the rate of .1 is too large for every method. The poster's rule without f' diverges at this rate in its first
three epochs, from every seed; at the rate .03 it does not, and it ends at 12.1% wrong (seed 0). The quick run is on 8x8
digits, 64-50-40-30-20-10, with minibatches of 20, the rate .05, and 10 epochs.
"""

from __future__ import annotations

from ..framework.experiment import Experiment, Report, Settings
from .learned_feedback import Protocol, reproduced

FULL = Protocol("mnist", (300, 200, 100, 50), rate=0.1, decay=1e-4, epochs=30)
QUICK = Protocol("digits", (50, 40, 30, 20), rate=0.05, decay=1e-4, epochs=10, batch_size=20)


def run(settings: Settings) -> Report:
    """Run BP, RF with f' and without, and FA from each seed's start."""
    return reproduced(settings, FULL, QUICK, worst=5.0)


EXPERIMENT = Experiment(
    "cameron-mnist",
    "Cameron, Chen, Wagner and Sejnowski, MNIST (five layers)",
    "A network of five layers learns MNIST with learned pseudoinverse feedback.",
    run,
    data=("mnist",),
    keeps=True,
)
