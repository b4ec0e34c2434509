"""The initial values of the variables of units, and the check that a user has set all that must be set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions
from brian2.utils.stringtools import get_identifiers

from ....callables import check_takes
from ....errors import RecircuitError
from ....other_libraries import argument_hint
from ....registry import closest
from ..neurons.parameter_checks import check_time_constants
from ..projections.projection import Projection
from .population import Population


def declared(population: Population, initial: Any, parameters: Mapping[str, Any], batch_size: int, seed: int) -> None:
    """Set the parameters and initial values of a population, as `Network.population` describes them.

    Raises
    ------
    RecircuitError
        If the equations have no such name, or the value does not fit.
    """
    where = f"population {population.name!r}"
    if initial is not None and not isinstance(initial, Mapping):
        raise RecircuitError(f"{where}: initial is a mapping such as {{'v': .5}}; got {initial!r}.")
    both = sorted(map(str, set(initial or {}) & set(parameters)))
    if both:
        raise RecircuitError(f"{where}: {both[0]!r} is given twice, as an option and in initial.")
    for variable, value in {**parameters, **(initial or {})}.items():
        if variable in population.neuron.parameters and (callable(value) or np.ndim(value)):
            rng = np.random.default_rng([seed, *f"{population.name}.{variable}".encode()])
            if callable(value):
                check_takes(value, ("generator", "shape"), f"{where}, {variable}")
            drawn = value(rng, (population.size,)) if callable(value) else value
            population.spread[variable] = of_each_unit(population, variable, drawn, batch_size)
        else:
            _take_initial(population, variable, value, where)


def of_each_unit(population: Population, name: str, value: Any, batch_size: int) -> np.ndarray:
    """Return the values of a parameter for each unit in each batch element, of shape (batch, units), in base units.

    Raises
    ------
    RecircuitError
        If the shape or the dimension of the array does not fit.
    """
    size, where, wanted = population.size, f"{population.name}.{name}", population.neuron.dimension(name)
    if dimension_if_any(value) is not wanted:
        raise RecircuitError(f"{where} is a quantity like {population.neuron.parameters[name]}; got {value!r}.")
    array = np.asarray(value, dtype=float)
    if array.shape not in ((size,), (1, size), (batch_size, 1), (batch_size, size)):
        raise RecircuitError(
            f"{where} is one number for all units, or an array of the shape ({size},), one for each unit, ({batch_size}, 1), "
            f"one for each batch element, or ({batch_size}, {size}), one for each unit in each; got the shape {array.shape}."
        )
    if not np.isfinite(array).all():
        raise RecircuitError(f"{where}: it holds NaN or infinity.")
    check_time_constants(
        population.neuron.right_hand_sides, {name: Quantity(array, dim=wanted)}, f"population {population.name!r}"
    )
    return np.broadcast_to(array, (batch_size, size)).copy()


def _take_initial(population: Population, variable: Any, value: Any, where: str) -> None:
    neuron = population.neuron
    if variable in neuron.parameters:
        if dimension_if_any(value) is not neuron.dimension(variable):
            raise RecircuitError(
                f"{where}: {variable} is a quantity like {neuron.parameters[variable]}; got {value!r}."
            )
        population.set_neuron(neuron.with_parameters(**{variable: value}))
    elif variable in neuron.stored:
        population.initial[variable] = value
        if not callable(value):
            first_value(population, variable, (1, population.size), np.random.default_rng(0))
    else:
        known = [*neuron.parameters, *neuron.stored]
        raise RecircuitError(
            f"{where}: {variable!r} is not an option, and its equations have no such parameter or state."
            f"{argument_hint('population', str(variable)) or closest(str(variable), known)} They have {sorted(known)}."
        )


def dimension_if_any(value: Any) -> Any:
    """Return the dimension of a value; None for a value without one, such as a text."""
    try:
        return get_dimensions(value)
    except (TypeError, ValueError):
        return None


def first_value(population: Population, variable: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the initial value of a variable of units, of shape (batch, units) or (units,), in base units.

    A function draws one value for each unit; all batch elements begin with the same values.
    """
    given = population.initial[variable]
    where, wanted = f"population {population.name!r}, initial {variable}", population.neuron.dimension(variable)
    if callable(given):
        check_takes(given, ("generator", "shape"), where)
    value: Any = given(rng, shape[1:]) if callable(given) else given
    if dimension_if_any(value) not in (wanted, None):
        unit = "a plain number" if wanted is DIMENSIONLESS else f"in {Quantity(1, dim=wanted).get_best_unit()}"
        raise RecircuitError(f"{where}: expected {unit}; got {value!r}.")
    try:
        array = np.asarray(value, dtype=float)
        fits = np.broadcast_shapes(array.shape, shape)[-1] == shape[-1] and array.ndim <= 2
    except OverflowError:
        raise RecircuitError(
            f"population {population.name!r}: the initial {variable!r} is larger than any number in double precision, which is "
            "at most 1.8e308."
        ) from None
    except (ValueError, TypeError):
        array, fits = np.asarray(0.0), False
    if not fits:
        raise RecircuitError(
            f"{where}: expected a number, an array of the shape ({shape[1]},) or (batch, {shape[1]}), or a function of "
            f"(generator, shape); got {value!r}."
        )
    if not np.isfinite(array).all():
        raise RecircuitError(f"{where}: it holds NaN or infinity.")
    check_time_constants(population.neuron.right_hand_sides, {variable: Quantity(array, dim=wanted)}, where)
    return array


def check_all_set(
    populations: Mapping[str, Population], projections: Mapping[str, Projection], given: Collection[str]
) -> None:
    """Refuse a parameter of each unit that is read and was never set, since it would be 0.

    ``given`` holds the names, such as ``"h.gain"``, of parameters that were set in another way than by ``initial``.
    """
    for population in populations.values():
        for variable in population.neuron.unit_parameters:
            known = (
                variable in population.initial or f"{population.name}.{variable}" in given or population.shows(variable)
            )
            if not known and variable in _names_read(population, projections):
                raise RecircuitError(
                    f"population {population.name!r}: the parameter {variable!r} of each unit is read, and was not set. "
                    f"Set it, as in population(..., initial={{{variable!r}: ...}}) or "
                    f"circuit['{population.name}.{variable}'] = ..., also where it is 0."
                )


def _names_read(population: Population, projections: Mapping[str, Projection]) -> set[str]:
    """Return all names that a population's equations, its projections and the rules of its synapses read."""
    neuron = population.neuron
    texts = [state.expression for state in neuron.states]
    for projection in projections.values():
        equation = projection.equation
        if projection.pre is population:
            texts += [projection.sends, *(equation.reads_pre if equation is not None else ())]
        if projection.post is population and equation is not None:
            texts += equation.reads_post
    read: set[str] = set()
    todo = get_identifiers(" ".join(texts + [e for name, e in neuron.expressions.items() if name != "x"]))
    while todo:
        read |= todo
        todo = {
            n for name in todo if name in neuron.expressions for n in get_identifiers(neuron.expressions[name])
        } - read
    return read
