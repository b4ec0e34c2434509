"""Recordings as tables of xarray and pandas, which are imported when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS, get_unit

from ...optional import optional
from ..description.reads import dimension_in
from ..lowering.variables import split_key
from .recording import Recording, Wanted, picked

if TYPE_CHECKING:
    import pandas
    import xarray


class Recorded(Protocol):
    """The attributes of a recording from which tables are made; `recircuit.Trace` describes them."""

    recording: Recording

    def __getitem__(self, name: str) -> np.ndarray: ...

    @property
    def steps(self) -> int: ...

    @property
    def t(self) -> np.ndarray: ...


def to_xarray(trace: Recorded) -> xarray.Dataset:
    """Return a recording as a data set of xarray; see `Trace.to_xarray`."""
    library = optional("xarray", "tables", "trace")
    arrays = {}
    for one in trace.recording.wanted:
        dimensions, coordinates = _axes(trace, one)
        attributes = {"units": _unit(trace, one)}
        arrays[one.name] = library.DataArray(trace[one.name], dims=dimensions, coords=coordinates, attrs=attributes)
    found = library.Dataset(arrays, coords={"time": ("time", trace.t, {"units": "ms"})})
    return found


def to_dataframe(trace: Recorded) -> pandas.DataFrame:
    """Return a recording as a data frame of pandas; see `Trace.to_dataframe`."""
    library = optional("pandas", "tables", "trace")
    columns = [column for one in trace.recording.wanted for column in _columns(trace, one)]
    values = [trace[one.name].reshape(trace.steps, -1) for one in trace.recording.wanted]
    return library.DataFrame(
        np.concatenate(values, axis=1) if values else np.zeros((trace.steps, 0)),
        index=library.Index(trace.t, name="time (ms)"),
        columns=library.MultiIndex.from_tuples(columns, names=["variable", "element", "unit"]),
    )


def _axes(trace: Recorded, one: Wanted) -> tuple[list[str], dict[str, Any]]:
    """Return the names of the axes of a recorded array, and their coordinates."""
    recording = trace.recording
    owner, _ = split_key(one.variable)
    shape = recording.shape(one.variable)
    of_units = owner in recording.network.populations
    names = ["unit"] if of_units else ["post", "pre"] if len(shape) == 2 else [f"weight_{k}" for k in range(len(shape))]
    if not of_units:
        names = [f"{owner}_{name}" for name in names]
    alone = len({split_key(w.variable)[0] for w in recording.wanted} & set(recording.network.populations)) == 1
    left = [(n if n != "unit" or alone else f"{owner}_unit", size) for n, size in zip(names, shape, strict=True)]
    dimensions, coordinates = ["time"], {}
    if recording.of_elements(one.variable) and not isinstance(recording.elements, int):
        dimensions.append("element")
        coordinates["element"] = recording.elements
    for k, (name, size) in enumerate(left):
        chosen = np.arange(size)[one.places[k]] if k < len(one.places) else np.arange(size)
        if np.ndim(chosen):
            name = name if len(chosen) == size else f"{name}_of_{one.name}"
            dimensions.append(name)
            coordinates[name] = chosen
    return dimensions, coordinates


def _columns(trace: Recorded, one: Wanted) -> Iterator[tuple[str, int, Any]]:
    """Yield the variable, element and unit of each column; for weights, the unit is the index in their shape."""
    recording = trace.recording
    shape = recording.shape(one.variable)
    places = picked(np.indices(shape), one.places, 1).reshape(len(shape), -1)
    units = [int(p[0]) if len(p) == 1 else tuple(int(i) for i in p) for p in places.T]
    elements = [recording.elements] if isinstance(recording.elements, int) else recording.elements
    for element in elements if recording.of_elements(one.variable) else [0]:
        for unit in units:
            yield one.variable, element, unit


def _unit(trace: Recorded, one: Wanted) -> str:
    """Return the unit of the numbers as text; 1 if they have none."""
    owner, variable = split_key(one.variable)
    dimension = dimension_in(trace.recording.network, owner, variable)
    return "1" if dimension is DIMENSIONLESS else str(get_unit(dimension))
