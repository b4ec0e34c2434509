"""What a circuit is and how it runs: populations, compartments, projections, phases, output circuits, backends."""

from .circuit import Circuit
from .connectivity.dense import Blocks, Dense, Masked, OneToOne
from .connectivity.local import Convolution, Local
from .connectivity.pooling import MaxPool
from .description.initial import glorot, normal, uniform
from .description.neuron import Neuron
from .description.population import Population
from .description.projection import Projection
from .description.schedule import Schedule
from .inspection.trace import Trace
from .library.neurons import pyramidal
from .library.outputs import hinge_output, softmax_output, squared_output

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
