"""Rate-based neural circuits that learn: equations on Brian2, local rules, training at speed."""

from recircuit import uncaught as _uncaught  # noqa: F401  (sets a hook)
from recircuit.circuits import (
    Blocks,
    Circuit,
    Convolution,
    Dense,
    Local,
    Masked,
    MaxPool,
    Neuron,
    OneToOne,
    Population,
    Projection,
    Schedule,
    Trace,
    glorot,
    hinge_output,
    normal,
    pyramidal,
    softmax_output,
    squared_output,
    uniform,
)
from recircuit.errors import RecircuitError
from recircuit.models import Checkpoint, History, layered, train
from recircuit.models.data import Dataset, load
from recircuit.plasticity import Rule, bp, frfb, hinge, urfb

__version__ = "0.1.0"

__all__ = [
    "Blocks",
    "Checkpoint",
    "Circuit",
    "Convolution",
    "Dataset",
    "Dense",
    "History",
    "Local",
    "Masked",
    "MaxPool",
    "Neuron",
    "OneToOne",
    "Population",
    "Projection",
    "RecircuitError",
    "Rule",
    "Schedule",
    "Trace",
    "bp",
    "frfb",
    "glorot",
    "hinge",
    "hinge_output",
    "layered",
    "load",
    "normal",
    "pyramidal",
    "softmax_output",
    "squared_output",
    "train",
    "uniform",
    "urfb",
]
