"""Data for the stimuli of a circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import RecircuitError
from .backends.program import Program
from .description.network import Network
from .description.population import Population
from .description.starting import check_parameters


@dataclass(frozen=True)
class Rows:
    """The rows of one stimulus; rates are scale*values + offset."""

    values: np.ndarray
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Inputs:
    """Rows for each clamped population, aligned: row k of all of them is one stimulus."""

    rows: Mapping[str, Rows]

    @property
    def count(self) -> int:
        """The number of rows."""
        return min((len(r.values) for r in self.rows.values()), default=0)

    def order(self, presentations: int | None, batch_size: int) -> np.ndarray:
        """Rows one after the other, ``batch_size`` at a time, from the start again when they end."""
        if presentations is None:
            if not self.rows:
                raise RecircuitError("run: say how many presentations, since there are no data to go through.")
            presentations = -(-self.count // batch_size)
            flat = np.full(presentations * batch_size, -1)
            flat[: self.count] = np.arange(self.count)
            return flat.reshape(presentations, batch_size)
        if not isinstance(presentations, int | np.integer) or presentations < 0:
            raise RecircuitError(f"run: presentations is a whole number; got {presentations!r}.")
        flat = np.arange(presentations * batch_size) % max(self.count, 1)
        return flat.reshape(presentations, batch_size)

    def load(self, program: Program) -> None:
        """Give the program its data."""
        for name, rows in self.rows.items():
            program.load(name, rows.values, rows.scale, rows.offset)


def as_inputs(network: Network, given: Any) -> Inputs:
    """Read what a user gave: nothing, an array, a mapping of arrays, or a data set with x_train and y_train."""
    check_parameters(network.populations, network.projections, network.given())
    clamped = {p.name: p for p in network.populations.values() if p.clamp is not None}
    if given is None:
        return Inputs({})
    if hasattr(given, "x_train"):
        return dataset_inputs(network, given, "train")
    if not isinstance(given, Mapping):
        if len(clamped) != 1:
            raise RecircuitError(
                f"run: the circuit has the stimuli {list(clamped)}; give a mapping from name to array."
            )
        given = {next(iter(clamped)): given}
    unknown = sorted(set(given) - set(clamped))
    if unknown:
        raise RecircuitError(f"run: {unknown} are not stimuli of the circuit; those are {list(clamped)}.")
    rows = {name: _rows(clamped[name], network.dtype, values) for name, values in given.items()}
    _check_counts(rows)
    return Inputs(rows)


def dataset_inputs(network: Network, data: Any, part: str) -> Inputs:
    """The training or test part of a data set: samples to stimuli of values, labels to supervisors."""
    check_parameters(network.populations, network.projections, network.given())
    rows = {}
    for population in network.populations.values():
        if population.clamp is None:
            continue
        if population.clamp.kind == "labels":
            rows[population.name] = _rows(population, network.dtype, getattr(data, f"y_{part}"))
        else:
            rows[population.name] = _rows(
                population, network.dtype, getattr(data, f"x_{part}"), data.scale, data.offset
            )
    _check_counts(rows)
    return Inputs(rows)


def _rows(population: Population, dtype: np.dtype, values: Any, scale: float = 1.0, offset: float = 0.0) -> Rows:
    if isinstance(values, Rows):
        return values
    try:
        array = np.asarray(values)
    except ValueError:
        raise RecircuitError(f"stimulus {population.name!r}: the rows of the data have different lengths.") from None
    name, clamp = population.name, population.clamp
    if array.dtype.kind not in "uifb":
        raise RecircuitError(f"stimulus {name!r}: expected numbers; got an array of {array.dtype}.")
    if array.ndim == 0 or len(array) == 0:
        raise RecircuitError(f"stimulus {name!r}: expected one row or more; got an array of shape {array.shape}.")
    if clamp is not None and clamp.kind == "labels":
        return Rows(_labels(name, array, population.size))
    if array.ndim == 1:
        array = array[None, :] if population.size == array.size else array[:, None]
    array = array.reshape(len(array), -1)
    if array.shape[1] != population.size:
        raise RecircuitError(
            f"stimulus {name!r}: it has {population.size} units, but a row of the data has {array.shape[1]} values."
        )
    if array.dtype != np.uint8:
        array = array.astype(dtype)
        if not np.isfinite(array).all():
            raise RecircuitError(f"stimulus {name!r}: the data hold NaN or infinity.")
    return Rows(np.ascontiguousarray(array), scale, offset)


def _labels(name: str, array: np.ndarray, classes: int) -> np.ndarray:
    labels = array.reshape(-1)
    if labels.size and (labels.min() < 0 or labels.max() >= classes or (labels != np.floor(labels)).any()):
        raise RecircuitError(
            f"supervisor {name!r}: labels are whole numbers from 0 to {classes - 1}; "
            f"got values from {labels.min()} to {labels.max()}."
        )
    return np.ascontiguousarray(labels.astype(np.int32)[:, None])


def _check_counts(rows: Mapping[str, Rows]) -> None:
    counts = {name: len(r.values) for name, r in rows.items()}
    if len(set(counts.values())) > 1:
        raise RecircuitError(f"run: the stimuli have different numbers of rows: {counts}.")
