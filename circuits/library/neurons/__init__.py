"""Ready-made neurons: functions that return a `Neuron`, whose equations they document, and the table of them."""

from collections.abc import Callable

from ....registry import Registry, a_function
from ...description.neurons.neuron import Neuron
from .hinge import control_switch, control_unit, hinge_unit
from .prediction import prediction_error_unit
from .pyramidal import pyramidal
from .softmax import cross_entropy_unit, normalising_unit, softmax_unit
from .squared import squared_error_unit, squared_unit
from .two_phases import taught_output, two_phase_unit

__all__ = [
    "NEURONS",
    "control_switch",
    "control_unit",
    "cross_entropy_unit",
    "hinge_unit",
    "normalising_unit",
    "prediction_error_unit",
    "pyramidal",
    "softmax_unit",
    "squared_error_unit",
    "squared_unit",
    "taught_output",
    "two_phase_unit",
]

_FUNCTIONS = (
    pyramidal, hinge_unit, control_unit, control_switch, softmax_unit, normalising_unit, cross_entropy_unit,
    squared_unit, squared_error_unit, prediction_error_unit, two_phase_unit, taught_output,
)  # fmt: skip

NEURONS: Registry[Callable[..., Neuron]] = Registry(
    "neuron", {f.__name__: f for f in _FUNCTIONS}, group="recircuit.neurons", check=a_function
)
"""The ready-made neurons, by the name of the function that makes one."""
