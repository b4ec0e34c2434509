"""The values in a description as JSON and arrays: numbers, text, quantities, and objects of a few classes.

A value for which JSON has no form is written as an object with one key, which names its kind, such as
``{"quantity": [.01, [0, 0, 1, ...]]}``. Values are made again by the constructors of the classes in `KINDS` and in the
registries, which check their arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_or_create_dimension

from ...arguments import RAW, check_fits
from ...errors import RecircuitError
from ...plasticity import Rule, SynapticEquation
from ...plasticity.names import LATE
from ...plasticity.values import Measured, Values
from ..connectivity import CONNECTIVITIES
from ..description.neurons.neuron import Neuron
from ..description.populations.population import Clamp
from ..description.schedules.during import During
from ..description.schedules.schedule import Schedule
from ..library.outputs import OUTPUTS, OutputCircuit

__all__ = ["Reader", "Writer"]

#: Classes whose values are their fields, by name. Connectivities are found in their registry.
KINDS: dict[str, type] = {kind.__name__: kind for kind in (During, Schedule, Clamp)}

#: The base units of a quantity, in the order in which their exponents are written.
DIMENSIONS = ("m", "kg", "s", "A", "K", "mol", "cd")


class Writer:
    """A writer that turns values into data. Arrays are collected under numbers.

    Parameters
    ----------
    where : str
        The owner of the values, for error messages.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.arrays: dict[str, np.ndarray] = {}

    def data(self, value: Any) -> Any:
        """Return a value as JSON.

        Raises
        ------
        RecircuitError
            If a file cannot hold it.
        """
        if isinstance(value, Measured):
            value = Quantity(float(value), dim=value.dimension)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, Quantity):
            return {"quantity": [self.data(np.asarray(value)), [value.dim.get_dimension(name) for name in DIMENSIONS]]}
        if isinstance(value, np.ndarray | np.generic):
            return self._array(np.asarray(value))
        if isinstance(value, SynapticEquation):
            return {"equation": _equation_data(value, self)}
        if isinstance(value, Mapping):
            return {"map": [[self.data(k), self.data(v)] for k, v in value.items()]}
        if isinstance(value, list | tuple):
            return {"list" if isinstance(value, list) else "tuple": [self.data(v) for v in value]}
        if isinstance(value, Neuron):
            return {"neuron": [value.text, value.method, self.data(value.parameters)]}
        if isinstance(value, OutputCircuit) and OUTPUTS.get(value.loss) is type(value):
            return {"output": value.loss, "with": self.data({f.name: getattr(value, f.name) for f in fields(value)})}
        name = type(value).__name__
        if (KINDS.get(name) or CONNECTIVITIES.get(name)) is type(value):
            return {"is": name, "with": self.data({f.name: getattr(value, f.name) for f in fields(value)})}
        raise RecircuitError(
            f"{self.where}: {value!r} cannot be saved. A file holds numbers, arrays, quantities, equations, and connectivities "
            "and output circuits that are registered; it holds no Python functions."
        )

    def _array(self, array: np.ndarray) -> Any:
        if array.ndim == 0 and array.dtype.kind in "uifb":
            return array.item()
        if array.dtype.kind not in "uifb":
            raise RecircuitError(f"{self.where}: an array of {array.dtype} cannot be saved; expected numbers.")
        name = f"array {len(self.arrays)}"
        self.arrays[name] = array
        return {"array": name}


class Reader:
    """A reader that turns data into values again; everything passes the checks that it passed when it was declared.

    Parameters
    ----------
    arrays : mapping of str to array
        The arrays of the file, by name.
    where : str
        The file, for error messages.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], where: str) -> None:
        self.arrays, self.where = arrays, where

    def value(self, data: Any) -> Any:
        """Return the value that data stands for.

        Raises
        ------
        RecircuitError
            If the data are of no known kind, or a check refuses the value.
        """
        if not isinstance(data, dict):
            return data
        try:
            (kind,) = [k for k in data if k != "with"]
            return self._readers[kind](self, data)
        except RAW as problem:
            raise RecircuitError(
                f"{self.where}: its description of the circuit cannot be read ({type(problem).__name__}: {problem}). The "
                "file is damaged, or of another version of recircuit."
            ) from None

    def _quantity(self, data: Any) -> Quantity:
        number, dimensions = data["quantity"]
        return Quantity(self.value(number), dim=get_or_create_dimension([float(d) for d in dimensions]))

    def _neuron(self, data: Any) -> Neuron:
        text, method, parameters = data["neuron"]
        return Neuron(text, method=str(method), **self.value(parameters))

    def _equation(self, data: Any) -> SynapticEquation:
        return proved(self.value(data["equation"]))

    def _made(self, data: Any) -> Any:
        name = data["is"]
        kind = KINDS.get(name) or CONNECTIVITIES.find(name)
        given = self.value(data["with"])
        check_fits(kind.__init__, given)
        return kind(**given)

    def _output(self, data: Any) -> OutputCircuit:
        return OUTPUTS.find(data["output"])(**self.value(data["with"]))

    _readers: ClassVar[dict[str, Callable[[Reader, Any], Any]]] = {
        "array": lambda reader, data: reader.arrays[data["array"]],
        "map": lambda reader, data: {reader.value(k): reader.value(v) for k, v in data["map"]},
        "list": lambda reader, data: [reader.value(v) for v in data["list"]],
        "tuple": lambda reader, data: tuple(reader.value(v) for v in data["tuple"]),
        "quantity": _quantity,
        "neuron": _neuron,
        "equation": _equation,
        "is": _made,
        "output": _output,
    }


def _equation_data(equation: SynapticEquation, writer: Writer) -> Any:
    """Return an equation as data: its text and its other fields, without the state of delays, which is added when read."""
    same = {f.name: getattr(equation, f.name) for f in fields(equation)} | {"statements": str(equation)}
    same["state"] = Values({name: value for name, value in equation.state.items() if name != LATE})
    return writer.data(same if equation.plastic else same | {"statements": ""})


def proved(contents: dict[str, Any]) -> SynapticEquation:
    """Return an equation from data, read and proved again as a part of a rule."""
    name, direction, text = contents.pop("rule"), contents.pop("direction"), contents.pop("statements")
    if not text:
        return SynapticEquation(
            name, direction, local=bool(contents["local"]), transpose_of=str(contents["transpose_of"])
        )
    contents.pop("transpose_of")
    rule = Rule(name, source="a file", **{direction: text}, **contents)
    return rule.forward if direction == "forward" else rule.feedback
