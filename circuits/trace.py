"""Recordings: what chosen variables did, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.codegen.generators.numpy_generator import NumpyNodeRenderer
from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from brian2.core.namespace import DEFAULT_UNITS
from brian2.utils.stringtools import get_identifiers

from ..errors import RecircuitError
from .lowering.populations import incoming_fields, stored_in

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .circuit import Circuit


_CONSTANTS = {n: c.value for n, c in DEFAULT_CONSTANTS.items()} | {n: float(u) for n, u in DEFAULT_UNITS.items()}


def record_keys(circuit: Circuit, names: Iterable[str]) -> list[str]:
    """The stored variables that a recording of ``names`` needs."""
    keys: list[str] = []
    for name in [names] if isinstance(names, str) else names:
        owner, _, variable = name.partition(".")
        if not variable:
            raise RecircuitError(f"record: expected the name of a variable, such as 'h.rate'; got {name!r}.")
        population = circuit.populations.get(owner)
        if population is None or name in circuit.program().assembly.arrays:
            keys.append(circuit._known(name))
            continue
        needed = sorted(stored_in({variable}, population))
        if "t" in needed:
            raise RecircuitError(
                f"record: {name!r} reads the time t, and is computed wherever it is read. Store it, as in "
                f"'{variable} = ... : 1 (during <phases>)', and record that."
            )
        if not needed and variable not in population.variables():
            raise RecircuitError(f"record: {owner!r} has no {variable!r}; it has {population.variables()}.")
        if any(f"{owner}.{v}" not in circuit.program().assembly.arrays for v in needed):
            raise RecircuitError(f"record: nothing in {owner!r} reads {needed}, so that it is not stored there.")
        keys += [f"{owner}.{v}" for v in needed]
    return list(dict.fromkeys(keys))


class Trace:
    """What was recorded in a run.

    ``trace["h.rate"]`` is an array (steps, units) of column 0; ``trace.t`` the times in milliseconds at the end of
    each step; ``trace.plot()`` draws everything.
    """

    def __init__(self, circuit: Circuit, names: Iterable[str], stored: dict[str, np.ndarray], rows: np.ndarray) -> None:
        self.names = [names] if isinstance(names, str) else list(names)
        self.rows = rows
        self.schedule = circuit.schedule
        self.dt = circuit.dt
        self._values = {name: _evaluate(circuit, name, stored) for name in self.names}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._values:
            raise RecircuitError(f"trace: {name!r} was not recorded; there are {self.names}.")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def steps(self) -> int:
        """How many steps were recorded."""
        return max((len(v) for v in self._values.values()), default=0)

    @property
    def t(self) -> np.ndarray:
        """Time at the end of each step, in milliseconds."""
        return (np.arange(self.steps) + 1) * float(self.dt) * 1e3

    def plot(self, names: Sequence[str] | None = None, **options: Any) -> Figure:
        """One panel per variable, one line per unit, phases shaded (``circuits/plotting.py`` has the options)."""
        from .plotting import plot_trace

        return plot_trace(self, names, **options)

    def __repr__(self) -> str:
        return f"<Trace of {', '.join(self.names) or 'nothing'}: {len(self.rows)} presentations, {self.steps} steps>"


def _evaluate(circuit: Circuit, name: str, stored: dict[str, np.ndarray]) -> np.ndarray:
    """A stored variable, or an expression computed from stored ones as they were."""
    owner, _, variable = name.partition(".")
    population = circuit.populations.get(owner)
    if population is None or name in stored:
        return stored[circuit._known(name)]
    variable = population.stored_name(variable)
    if f"{owner}.{variable}" in stored:
        return stored[f"{owner}.{variable}"]
    fields = incoming_fields(circuit, population)
    formula = " + ".join(fields[variable]) or "0.0" if variable in fields else population.neuron.expressions[variable]
    namespace: dict[str, Any] = {
        n: f.implementations[_numpy_class()].get_code(None)
        for n, f in DEFAULT_FUNCTIONS.items()
        if n in get_identifiers(formula)
    }
    namespace |= {n: v for n, v in _CONSTANTS.items() if n in get_identifiers(formula)} | {"dt": float(circuit.dt)}
    for inner in get_identifiers(formula) - set(namespace):
        namespace[inner] = _evaluate(circuit, f"{owner}.{inner}", stored)
    namespace["logical_not"] = np.logical_not
    result = eval(NumpyNodeRenderer().render_expr(formula), {"__builtins__": {}, "_numpy": np, **namespace})
    steps = max(len(v) for v in stored.values()) if stored else 0
    return np.broadcast_to(np.asarray(result, dtype=float), (steps, population.size)).copy()


def _numpy_class() -> type:
    from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

    return NumpyCodeObject
