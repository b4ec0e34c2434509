"""What a circuit is and how it runs: populations, compartments, projections, phases, output circuits, backends."""

from .. import brian_import as _brian_import  # noqa: F401  (before Brian2 is imported)
from .circuit import Circuit
from .connectivity import Blocks, Connectivity, Convolution, Dense, Given, Local, Masked, MaxPool, NoAutapses, OneToOne
from .description.neurons.neuron import Neuron
from .description.populations.population import Population
from .description.projections.initial import glorot, lognormal, normal, signed, uniform
from .description.projections.projection import Projection
from .description.schedules.schedule import Schedule
from .inspection.trace import Trace
from .library.neurons import (
    control_switch,
    control_unit,
    cross_entropy_unit,
    hinge_unit,
    normalising_unit,
    prediction_error_unit,
    pyramidal,
    softmax_unit,
    squared_error_unit,
    squared_unit,
    taught_output,
    two_phase_unit,
)
from .library.outputs import HingeOutput, LogisticOutput, OutputCircuit, SoftmaxOutput, SquaredOutput
from .library.parts import ErrorUnits, SummingUnit

__all__ = [
    "Blocks",
    "Circuit",
    "Connectivity",
    "Convolution",
    "Dense",
    "ErrorUnits",
    "Given",
    "HingeOutput",
    "Local",
    "LogisticOutput",
    "Masked",
    "MaxPool",
    "Neuron",
    "NoAutapses",
    "OneToOne",
    "OutputCircuit",
    "Population",
    "Projection",
    "Schedule",
    "SoftmaxOutput",
    "SquaredOutput",
    "SummingUnit",
    "Trace",
    "control_switch",
    "control_unit",
    "cross_entropy_unit",
    "glorot",
    "hinge_unit",
    "lognormal",
    "normal",
    "normalising_unit",
    "prediction_error_unit",
    "pyramidal",
    "signed",
    "softmax_unit",
    "squared_error_unit",
    "squared_unit",
    "taught_output",
    "two_phase_unit",
    "uniform",
]
