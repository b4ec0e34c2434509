"""Checks of the values to which a user sets variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions

from ...errors import RecircuitError
from ...plasticity.names import LATE
from ..description.network import Network
from ..description.neurons.parameter_checks import check_time_constants
from ..description.populations.shown_values import array_of, refuse_other_unit, without_graph
from ..description.projections.arriving import arriving_in
from ..description.projections.initial import check_dimensions
from ..description.projections.projection import Transposed
from ..description.reads import dimension_in
from ..inspection.expressions import known
from ..lowering.lowered import Lowered
from ..lowering.variables import Variable, split_key
from .positions import check_positions

#: The number of steps that the clock has made, and the time, which follows from it.
STEP, TIME = "clock.timestep", "clock.t"


def check_settable(circuit: Network, key: Any) -> str:
    """Return the name of a variable, such as ``"h.rate"``; refuse other keys, and weights of another projection."""
    if not isinstance(key, str) or "." not in key:
        raise RecircuitError(f"circuit: the name of a variable is a text such as 'h.rate'; got {key!r}.")
    if key == TIME:
        raise RecircuitError(f"circuit: {key} cannot be set, since it is {STEP}*dt; set {STEP}, the number of steps.")
    owner, _ = split_key(key)
    weights = circuit.projections[owner].weights if owner in circuit.projections else None
    if isinstance(weights, Transposed):
        raise RecircuitError(
            f"circuit: {key!r} cannot be set, since {owner!r} reads the weights of {weights.of.name!r}; set those."
        )
    return key


def check_alone(circuit: Network, owner: str, variable: str) -> None:
    """Refuse to set values from which other parts were made: parameters of an output circuit, and delays of synapses."""
    here = circuit.projections.get(owner) if variable == LATE else None
    if here is not None and not isinstance(here.delay, int) and arriving_in(here):
        raise RecircuitError(
            f"circuit: {owner}.{LATE} cannot be set: it holds the delays of single synapses, from which the circuit was made. "
            "Give others to connect(..., delay=...) of another circuit."
        )
    output = circuit.outputs_of.get(owner)
    if output is not None and variable in output.built_in:
        raise RecircuitError(
            f"circuit: {owner}.{variable} cannot be set, since {type(output).__name__} made other parts of the circuit from "
            f"it. Give another {variable} to {type(output).__name__}(...) when you declare the population {owner!r}."
        )


def check_value(circuit: Network, lowered: Lowered, key: str, value: Any) -> None:
    """Refuse values that are not finite, too large for the variable, of another shape, or of another dimension."""
    variable = lowered.variables[key]
    wanted = dimension_in(circuit, variable.owner, variable.name)
    _check_numbers(circuit, variable, value)
    check_positions(lowered, key, value)
    if get_dimensions(value) is not wanted:
        raise RecircuitError(
            f"{key} has the dimension {wanted}; got {value!r}. Give it with its unit, as in 10*ms, or as a plain number "
            "if the dimension is 1."
        )


def checked_state(circuit: Network, lowered: Lowered, values: Any) -> dict[str, np.ndarray]:
    """Return the values of a state by the keys under which they are stored; refuse all if one of them does not fit."""
    variables = lowered.variables
    if not isinstance(values, Mapping):
        raise RecircuitError(f"set_state: expected a mapping from names to arrays; got {values!r}.")
    found = {}
    for key, value in values.items():
        if key == TIME and STEP in values:
            continue
        name, value = known(circuit, variables, check_settable(circuit, key)), without_graph(value)
        _check_numbers(circuit, variables[name], value)
        check_positions(lowered, name, value)
        refuse_other_unit(value, dimension_in(circuit, variables[name].owner, variables[name].name), name)
        found[name] = np.asarray(value)
    return found | ({TIME: np.asarray(found[STEP] * float(circuit.dt))} if STEP in found else {})


def check_step(array: np.ndarray) -> None:
    """Refuse a number of steps that the clock cannot have made."""
    if not 0 <= array < 2**53:
        raise RecircuitError(f"{STEP} is a number of steps, at least 0 and below 2^53; got {array}.")


def _check_numbers(circuit: Network, variable: Variable, value: Any) -> None:
    key = variable.key
    try:
        array = array_of(value, key)
    except ValueError:
        array = np.asarray("ragged")
    if array.dtype.kind not in "uifb":
        raise RecircuitError(f"{key} is set to numbers; got {value!r}.")
    if variable.owner in circuit.projections and variable.name == "w":
        check_dimensions(array.shape, variable.shape, key)
    units = circuit.populations.get(variable.owner)
    # A parameter may have one shape or another: see change_parameter.
    own = units is not None and variable.name in units.neuron.parameters
    try:
        np.broadcast_to(array, array.shape if own else variable.shape)
    except ValueError:
        raise RecircuitError(f"{key} has the shape {variable.shape}; got {array.shape} of {array.dtype}.") from None
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RecircuitError(f"{key} cannot be set to NaN or infinity. Give finite numbers.")
    if units is not None:
        wanted = dimension_in(circuit, variable.owner, variable.name)
        check_time_constants(units.neuron.right_hand_sides, {variable.name: Quantity(array, dim=wanted)}, key)
    dtype = variable.kind.dtype(circuit.dtype)
    if dtype.kind == "i" and (array != np.floor(array)).any():
        raise RecircuitError(f"{key} is a whole number; got {array}.")
    if key == STEP:
        check_step(array)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    if array.size and (array.min() < limits.min or array.max() > limits.max):
        largest = max(abs(array.min()), abs(array.max()))
        raise RecircuitError(f"{key} is kept as {dtype}, whose largest number is {limits.max:.3g}; got {largest:.3g}.")
