"""Recordings: which variables, units and batch elements are kept, how often, and how they are collected."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import Quantity, second

from ...errors import RecircuitError
from ...foreign_text import only_value_errors
from ..description.network import Network
from ..description.schedules.schedule import Schedule
from ..lowering.memory import check_free
from ..lowering.variables import Variable, split_key
from .expressions import keys_of, value_of

#: The bytes of stored variables that a run keeps before it drops the steps that are not wanted.
PIECE = 2**28


#: The possible sources of what a stimulus presents in a run: see `Recording.shown`.
GIVEN, BEFORE, NONE = "the data of this run", "the data of an earlier run", "no data: it keeps its rates"
CLOSED = "nothing: it is closed in all steps of this run"


@dataclass(frozen=True)
class Wanted:
    """One name of a recording, such as ``"h.v[3]"``: the variable, and the indices that are kept."""

    name: str
    variable: str
    places: tuple[Any, ...] = ()

    @classmethod
    def of(cls, name: Any) -> Wanted:
        """Read the name of a variable and the indices in brackets.

        Raises
        ------
        RecircuitError
            If the text is not such a name.
        """
        found = re.fullmatch(r"\s*(\w+\.\w+)\s*(\[.*\])?\s*", name) if isinstance(name, str) else None
        if found is None:
            raise RecircuitError(
                f"record: expected the name of a variable, such as 'h.rate', or 'h.rate[3]' of one unit; got {name!r}."
            )
        return cls(name, found[1], _places(found[2], name) if found[2] else ())


@dataclass
class Recording:
    """The recording of a run: which values are kept, and how.

    Parameters
    ----------
    network : Network
        The circuit.
    wanted : list of Wanted
        The names that were asked for.
    keys : list of str
        The stored variables from which these are computed, in the order in which a backend keeps them.
    variables : mapping of str to Variable
        All stored variables.
    elements : int or list of int
        The batch elements that are kept; a single number keeps that element, without an axis for it.
    steps : int
        The number of steps between two values that are kept.
    start : int
        The number of steps that the clock has counted before the next piece of the run.
    begin : int
        The number of steps before the whole run.
    kept : list of int
        The number of each recorded step.
    found : dict of str to list of array
        For each name, the recorded values of each piece of the run.
    shown : dict of str to str
        For each stimulus, whether it presented the data of this run, those of an earlier one, or none.
    labels : array of int, optional
        The class of each sample of the data.
    schedule : Schedule, optional
        The schedule that the run goes through; None for a circuit without phases.
    """

    network: Network
    wanted: list[Wanted]
    keys: list[str]
    variables: Mapping[str, Variable]
    elements: int | list[int] = 0
    steps: int = 1
    start: int = 0
    begin: int = 0
    kept: list[int] = field(default_factory=list)
    found: dict[str, list[np.ndarray]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    labels: np.ndarray | None = None
    schedule: Schedule | None = None

    @classmethod
    def of(
        cls, network: Network, variables: Mapping[str, Variable], record: Any, elements: Any = 0, every: Any = None
    ) -> Recording:
        """Return the recording that a user asked for.

        Raises
        ------
        RecircuitError
            If a name, an element or a time does not exist.
        """
        names = [record] if isinstance(record, str) else record
        if not isinstance(names, Iterable) or isinstance(names, bytes | Mapping):
            raise RecircuitError(f"record: expected a list of names such as ['h.rate']; got {record!r}.")
        wanted = list({one.name: one for one in map(Wanted.of, names)}.values())
        made = cls(network, wanted, _keys(network, variables, wanted), variables)
        made.elements, made.steps = _elements(elements, network.batch_size), _every(every, network.dt)
        for one in wanted:
            made.check(one)
        return made

    @property
    def batch_elements(self) -> int:
        """The number of batch elements that a backend keeps, beginning with the first."""
        return 1 + max([self.elements] if isinstance(self.elements, int) else self.elements)

    def shape(self, variable: str) -> tuple[int, ...]:
        """Return the shape of a variable at one step, without batch elements."""
        owner, _ = split_key(variable)
        if owner in self.network.populations:
            return (self.network.populations[owner].size,)
        stored = self.variables.get(variable)
        if stored is None:
            return (1,)
        return stored.shape[1:] if stored.by_element else stored.shape or (1,)

    def of_elements(self, variable: str) -> bool:
        """Return whether each batch element has its own values: true for variables of units and traces of synapses."""
        stored = self.variables.get(variable)
        return split_key(variable)[0] in self.network.populations or (stored is not None and stored.by_element)

    def check(self, one: Wanted) -> None:
        """Refuse indices that a variable does not have."""
        shape = self.shape(one.variable)
        try:
            picked(np.empty(shape, dtype=bool), one.places)
        except IndexError:
            raise RecircuitError(
                f"record: {one.name!r} has indices that {one.variable} does not have; its shape is {shape}."
            ) from None

    def check_memory(self, steps: int, free: int | None = None) -> None:
        """Refuse a recording of this number of steps that does not fit into the memory, before it begins.

        Raises
        ------
        RecircuitError
            If it does not fit. The message says how much memory is needed and how much is free.
        """
        count = 1 if isinstance(self.elements, int) else len(self.elements)
        sizes = {}
        for one in self.wanted:
            selected = picked(np.empty(self.shape(one.variable), dtype=bool), one.places).size
            sizes[one.name] = 8 * selected * -(-steps // self.steps) * (count if self.of_elements(one.variable) else 1)
        largest = max(sizes, key=lambda name: sizes[name], default="")
        check_free(
            sum(sizes.values()), f"record: {steps} steps",
            f"Most of it is for {largest}. Record less often (every=...), fewer units (as 'h.rate[:10]'), or fewer "
            "presentations.", free,
        )  # fmt: skip

    def pieces(self, rows: np.ndarray, steps: int) -> list[np.ndarray]:
        """Split the order of a run into pieces, so that unwanted values are dropped before they fill the memory."""
        size = sum(self.variables[key].size for key in self.keys) * 8 * max(steps, 1)
        each = max(PIECE // max(size, 1), 1)
        if not self.keys or len(rows) <= each or self.network.schedule is None:  # rows of a stream are one run
            return [rows]
        return [rows[k : k + each] for k in range(0, len(rows), each)]

    def take(self, traces: Mapping[str, np.ndarray]) -> None:
        """Keep the wanted values of the steps that a backend has recorded."""
        count = max((len(v) for v in traces.values()), default=0)
        at = self.start + 1 + np.arange(count)
        chosen = np.flatnonzero(at % self.steps == 0)
        self.kept += at[chosen].tolist()
        self.start += count
        stored = {key: self._shaped(key, values[chosen]) for key, values in traces.items()}
        for one in self.wanted:
            self.found.setdefault(one.name, []).append(self._value(one, stored, len(chosen)))

    def values(self) -> dict[str, np.ndarray]:
        """Return the recorded values by name."""
        return {name: np.concatenate(pieces) for name, pieces in self.found.items()}

    def _value(self, one: Wanted, stored: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        if not self.of_elements(one.variable):
            return picked(stored[one.variable], one.places, 1)
        shape = (count, self.batch_elements, *self.shape(one.variable))
        owner, _ = split_key(one.variable)
        of_units = owner in self.network.populations
        found = value_of(self.network, one.variable, stored, shape) if of_units else stored[one.variable]
        whole = np.broadcast_to(found, shape)[:, self.elements]
        return np.array(picked(whole, one.places, 1 if isinstance(self.elements, int) else 2))

    def _shaped(self, key: str, values: np.ndarray) -> np.ndarray:
        """Return values in the shape (steps, elements, units); for weights, in the shape (steps, ...) of the weights."""
        variable = self.variables[key]
        if variable.by_element:
            return values.reshape(len(values), self.batch_elements, *variable.shape[1:])
        if variable.owner in self.network.populations:  # a value for each unit, or one for all of them
            return values.reshape(len(values), 1, variable.size)
        return values.reshape(len(values), *(variable.shape or (1,)))


def picked(values: np.ndarray, places: tuple[Any, ...], axis: int = 0) -> np.ndarray:
    """Return the chosen indices of an array, one axis after the other from ``axis`` on, so that two lists choose a block."""
    if len(places) > values.ndim - axis:
        raise IndexError
    for k in reversed(range(len(places))):
        values = values[(*(slice(None),) * (axis + k), places[k])]
    return values


def _keys(network: Network, variables: Collection[str], wanted: Iterable[Wanted]) -> list[str]:
    """Return the stored variables that are kept; if all names are constant, the clock, which counts the steps."""
    names = [one.variable for one in wanted]
    keys = list(dict.fromkeys(key for name in names for key in keys_of(network, variables, name)))
    return keys if keys or not names else ["clock.timestep"]


def _places(text: str, name: str) -> tuple[Any, ...]:
    """Return the indices in brackets: numbers, ranges and lists."""
    try:
        with only_value_errors():
            node = ast.parse(f"_{text}", mode="eval").body
            index = node.slice if isinstance(node, ast.Subscript) else None
            parts = index.elts if isinstance(index, ast.Tuple) else [index]
            return tuple(_place(part) for part in parts)
    except ValueError:
        raise RecircuitError(
            f"record: {name!r} picks units by numbers, as in 'h.rate[3]', 'h.rate[:10]' or 'h.rate[[0, 4]]'."
        ) from None


def _place(part: ast.expr | None) -> Any:
    if isinstance(part, ast.Slice):
        return slice(*(None if p is None else _whole_number(p) for p in (part.lower, part.upper, part.step)))
    if isinstance(part, ast.List):
        return [_whole_number(p) for p in part.elts]
    return _whole_number(part)


def _whole_number(node: ast.expr | None) -> int:
    value = ast.literal_eval(node) if node is not None else None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**31:
        raise ValueError
    return value


def _elements(elements: Any, batch_size: int) -> int | list[int]:
    """Return the batch elements: a number, a list, or all of them."""
    if isinstance(elements, str) and elements == "all":
        return list(range(batch_size))
    given: Any = elements if isinstance(elements, list | tuple | range) else np.asarray(elements)
    one = isinstance(given, np.ndarray) and given.ndim == 0
    some: list[Any] = (
        [given.item()] if one else list(given) if not isinstance(given, np.ndarray) or given.ndim == 1 else []
    )
    whole = all(isinstance(e, int | np.integer) and not isinstance(e, bool) and 0 <= e < batch_size for e in some)
    if not some or not whole:
        raise RecircuitError(
            f"record: elements is the number of a batch element, from 0 to {batch_size - 1}, a list of them, or 'all'; got "
            f"{elements!r}."
        )
    return int(some[0]) if one else [int(e) for e in some]


def _every(every: Any, dt: Quantity) -> int:
    """Return the number of steps between two values that are kept."""
    if every is None:
        return 1
    if isinstance(every, Quantity) and every.dim is second.dim and every.ndim == 0:
        steps = float(every) / float(dt)
        if steps >= 0.5 and np.isfinite(steps) and abs(steps - round(steps)) < 1e-6 * max(steps, 1):
            return round(steps)
    raise RecircuitError(f"record: every is a time of whole steps of {dt}, such as {10 * dt}; got {every!r}.")
