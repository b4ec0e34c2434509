"""Cameron, Chen, Wagner and Sejnowski, CIFAR-10: four layers, fully connected, the error through a chain of learned W^+.

The network has 3072-300-200-100-10 units, tanh, and a linear output with half the squared error. It learns in minibatches
of 100, at the rate .02/(1 + 5e-5 n), with the rate .1 for B, for 30 epochs. Pixels go from 0 to 1, less their mean image.
The data are CIFAR-10 (JPEG): pictures that went through lossy JPEG, in the layout of the binary version; from the original
files (the same folder and names) the numbers differ a little. The quick run is on 8x8 digits, 64-40-30-20-10, with
minibatches of 20, the rate .05, and 10 epochs.
"""

from __future__ import annotations

from ..framework.experiment import Experiment, Report, Settings
from .learned_feedback import Protocol, reproduced

FULL = Protocol("cifar10", (300, 200, 100), rate=0.02, decay=5e-5, epochs=30)
QUICK = Protocol("digits", (40, 30, 20), rate=0.05, decay=1e-4, epochs=10, batch_size=20)


def run(settings: Settings) -> Report:
    """Run BP, RF with f' and without, and FA from each seed's start."""
    return reproduced(settings, FULL, QUICK, worst=60.0)


EXPERIMENT = Experiment(
    "cameron-cifar",
    "Cameron, Chen, Wagner and Sejnowski, CIFAR-10 (JPEG) (four layers)",
    "A network of four layers learns CIFAR-10 with learned pseudoinverse feedback.",
    run,
    data=("cifar10",),
    keeps=True,
)
