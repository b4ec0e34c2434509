"""What a circuit is and how it runs: populations, compartments, projections, phases, output circuits, backends."""

from .circuit import Circuit
from .initial import glorot, normal, uniform
from .local import Convolution, Local
from .models import pyramidal
from .neuron import Neuron
from .output import hinge_output, softmax_output, squared_output
from .pooling import MaxPool
from .population import Population
from .projection import Projection
from .schedule import Schedule
from .structures import Blocks, Dense, Masked, OneToOne
from .trace import Trace

__all__ = [
    "Blocks",
    "Circuit",
    "Convolution",
    "Dense",
    "Local",
    "Masked",
    "MaxPool",
    "Neuron",
    "OneToOne",
    "Population",
    "Projection",
    "Schedule",
    "Trace",
    "glorot",
    "hinge_output",
    "normal",
    "pyramidal",
    "softmax_output",
    "squared_output",
    "uniform",
]
