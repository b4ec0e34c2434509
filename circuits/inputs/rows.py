"""The rows of data that the stimuli of a circuit present."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...annotations import short
from ...errors import RecircuitError
from ..backends.program import Program
from ..backends.run_checks import ORDER
from ..backends.series import Series, count_of
from ..description.network import Network
from ..description.populations.population import Population
from ..description.populations.shown_values import in_order, refuse_bytes
from ..description.populations.starting import check_all_set
from ..lowering.memory import check_free
from .series import FEWER, check_length, series_of

#: What is said of labels that are no whole numbers.
REAL = (
    " Real values, as in a regression, are shown by a target: circuit.target(name, size), or the output circuit "
    "rc.SquaredOutput(real_valued=True)."
)


@dataclass(frozen=True)
class Rows:
    """The rows of one stimulus. Its rates are scale*values + offset; with ``series``, several rows make a sample."""

    values: np.ndarray
    scale: float = 1.0
    offset: float = 0.0
    series: Series | None = None

    @property
    def shared(self) -> bool:
        """Whether all batch elements present the same rows."""
        return self.series is not None and self.series.shared

    @property
    def count(self) -> int:
        """The number of samples."""
        return 1 if self.shared else count_of(self.values, self.series)


@dataclass(frozen=True)
class Inputs:
    """Samples for all clamped populations. Sample k of each of them is presented at the same time."""

    rows: Mapping[str, Rows]

    @property
    def count(self) -> int:
        """The number of samples, without data that all batch elements share."""
        return min((r.count for r in self.rows.values() if not r.shared), default=0)

    def order(self, presentations: int | None, batch_size: int) -> np.ndarray:
        """Return the row numbers in order, ``batch_size`` at a time; after the last row the first one follows again."""
        if presentations is None:
            if not self.rows:
                raise RecircuitError("run: say how many presentations, since there are no data to go through.")
            if not self.count:
                return np.arange(batch_size)[None]
            presentations = -(-self.count // batch_size)
            _check_order_fits(presentations * batch_size)
            flat = np.full(presentations * batch_size, -1)
            flat[: self.count] = np.arange(self.count)
            return flat.reshape(presentations, batch_size)
        whole = isinstance(presentations, int | np.integer) and not isinstance(presentations, bool)
        if not whole or presentations < 0:
            raise RecircuitError(
                f"run: presentations is a whole number; got {short(presentations)}. It is at least 0. A time says how long a "
                "circuit without phases runs."
            )
        if presentations * batch_size >= 2**31:
            raise RecircuitError(f"run: presentations are fewer than 2^31 stimuli at a time; got {presentations}.")
        _check_order_fits(presentations * batch_size)
        flat = np.arange(presentations * batch_size) % max(self.count, 1)
        return flat.reshape(presentations, batch_size)

    def check_lengths(self, network: Network, mode: str | None) -> None:
        """Refuse series that do not last as long as the windows of a mode in which they are shown."""
        for name, rows in self.rows.items():
            if rows.series is not None:
                check_length(network, network.populations[name], rows.series, mode)

    def load(self, program: Program) -> None:
        """Give the program its data."""
        for name, rows in self.rows.items():
            program.load(name, rows.values, rows.scale, rows.offset, rows.series)


def _check_order_fits(places: int) -> None:
    """Refuse a run if the list of its sample numbers does not fit into memory."""
    check_free(ORDER * places, f"run: the numbers of {places:,} samples", FEWER)


def as_inputs(network: Network, given: Any, begin: float = 0.0, mode: str | None = None) -> Inputs:
    """Return a user's data as rows: nothing, an array, a mapping of arrays, or a data set with x_train and y_train.

    ``begin`` is the time at which functions of time begin, in seconds; ``mode`` is the mode of the presentation, if
    there are several.
    """
    check_all_set(network.populations, network.projections, network.given())
    given = as_mapping(network, given)
    if given is None:
        return Inputs({})
    if not isinstance(given, Mapping):
        return dataset_inputs(network, given, "train", mode)
    rows = {
        name: _rows(network, network.populations[name], values, begin=begin, mode=mode)
        for name, values in given.items()
    }
    _check_counts(rows)
    return Inputs(rows)


def rows_for(network: Network, name: str, values: Any, mode: str | None = None) -> Rows:
    """Return the rows of one stimulus or supervisor."""
    return _rows(network, network.populations[name], values, mode=mode)


def as_mapping(network: Network, given: Any) -> Any:
    """Return a user's data by the name of the stimulus; a data set, or None, is returned as it is."""
    clamped = {p.name: p for p in network.populations.values() if p.clamp is not None}
    if given is None:
        return None
    if hasattr(given, "x_train"):
        return given
    if not isinstance(given, Mapping):
        if len(clamped) != 1:
            raise RecircuitError(
                f"run: the circuit has the stimuli {list(clamped)}; give a mapping from name to array, as "
                f"{{{', '.join(f'{name!r}: ...' for name in clamped)}}}."
            )
        given = {next(iter(clamped)): given}
    unknown = sorted(set(given) - set(clamped))
    if unknown:
        raise RecircuitError(f"run: {unknown} are not stimuli of the circuit; those are {list(clamped)}.")
    return given


def dataset_inputs(network: Network, data: Any, part: str, mode: str | None = None) -> Inputs:
    """Return the training or test part of a data set: samples for stimuli of values, labels for supervisors."""
    check_all_set(network.populations, network.projections, network.given())
    rows = {}
    for population in network.populations.values():
        if population.clamp is None:
            continue
        if population.clamp.supervises:
            rows[population.name] = _rows(network, population, getattr(data, f"y_{part}"), mode=mode)
        else:
            rows[population.name] = _rows(
                network, population, getattr(data, f"x_{part}"), data.scale, data.offset, mode=mode
            )  # fmt: skip
    _check_counts(rows)
    return Inputs(rows)


def _rows(
    network: Network, population: Population, values: Any, scale: float | None = None, offset: float = 0.0,
    begin: float = 0.0, mode: str | None = None,
) -> Rows:  # fmt: skip
    """Return the rows of one stimulus; ``scale`` is None if it is not known, and bytes are refused then."""
    if isinstance(values, Rows):
        return values
    name, labels, clamp = population.name, population.presents == "labels", population.clamp
    if scale is None:
        if not labels:
            refuse_bytes(values, f"stimulus {name!r}")
        scale = 1.0
    if clamp is not None and clamp.every:
        flat, series = series_of(network, population, values, begin, mode)
        check_length(network, population, series, mode)
        return Rows(flat, scale, offset, series)
    array = _array(population, values)
    _check_size(name, array, network.dtype)
    if array.ndim == 0 and (population.size == 1 or labels):
        array = array.reshape(1)
    if array.ndim == 0 or len(array) == 0:
        raise RecircuitError(f"stimulus {name!r}: expected one row or more; got an array of shape {array.shape}.")
    if labels:
        return Rows(_labels(name, array, population.size))
    return Rows(_real_values(population, array, network.dtype), scale, offset)


def _array(population: Population, values: Any) -> np.ndarray:
    """Return the data of a stimulus as an array of numbers."""
    name = population.name
    if callable(values):
        raise RecircuitError(
            f"stimulus {name!r}: a function of the time is a series; declare the stimulus so, with every=..., for example "
            f"circuit.stimulus({name!r}, {population.size}, every=1*ms)."
        )
    try:
        array = in_order(values, f"stimulus {name!r}")
    except ValueError:
        raise RecircuitError(f"stimulus {name!r}: the rows of the data have different lengths.") from None
    if array.dtype.kind not in "uifb":
        raise RecircuitError(f"stimulus {name!r}: expected numbers; got {_without_numbers(values, array)}.")
    return array


def _real_values(population: Population, array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the data of a stimulus as rows, (rows, units), of bytes or of the circuit's real numbers."""
    name, given = population.name, array.shape
    if array.ndim == 1:
        array = array[None, :] if population.size == array.size else array[:, None]
    array = array.reshape(len(array), -1)
    if array.shape[1] != population.size:
        raise RecircuitError(
            f"stimulus {name!r}: it has {population.size} units, so that the data have the shape (rows, "
            f"{population.size}); got {given}, whose rows have {array.shape[1]} values."
            f"{_of_labels(array, population.size)}"
        )
    if array.dtype != np.uint8:
        with np.errstate(over="ignore"):
            array = array.astype(dtype)
        if not np.isfinite(array).all():
            raise RecircuitError(f"stimulus {name!r}: the data hold NaN, infinity, or more than {dtype} can.")
    return np.ascontiguousarray(array)


def _check_size(name: str, array: np.ndarray, dtype: np.dtype) -> None:
    """Refuse data if their copies do not fit into memory: the values, whether each is finite, and the order.

    Bytes stay bytes, and are copied only if they are not contiguous in memory.
    """
    if array.dtype != np.uint8:
        copied = array.size * (dtype.itemsize + 1)
    else:
        copied = 0 if array.flags.c_contiguous else array.size
    check_free(copied + ORDER * len(np.atleast_1d(array)), f"stimulus {name!r}: data of the shape {array.shape}", FEWER)


def _without_numbers(values: Any, array: np.ndarray) -> str:
    """Describe values that are not all numbers; for a table of pandas, name the columns without numbers."""
    of_columns: Any = getattr(values, "dtypes", None)
    kinds = of_columns.items() if hasattr(of_columns, "items") else ()
    columns = [name for name, kind in kinds if kind.kind not in "uifb"]
    return f"a table whose columns {columns} hold none" if columns else f"an array of {array.dtype}"


def _of_labels(array: np.ndarray, size: int) -> str:
    """Return advice for data with one whole number in each row, which may be meant as a class; otherwise empty."""
    if array.shape[1] != 1 or not np.isin(array, np.arange(size)).all():
        return ""
    return (
        f" Where these are classes, give np.eye({size})[labels], whose rows have a 1 for the class, or declare a "
        f"circuit.supervisor(name, {size}), which takes labels."
    )


def _labels(name: str, array: np.ndarray, classes: int) -> np.ndarray:
    labels = _of_one_hot(name, array, classes) if array.ndim == 2 and array.shape[1] > 1 else array.reshape(-1)
    if labels.size and (labels.min() < 0 or labels.max() >= classes or (labels != np.floor(labels)).any()):
        raise RecircuitError(
            f"supervisor {name!r}: labels are whole numbers from 0 to {classes - 1}; "
            f"got values from {labels.min()} to {labels.max()}.{REAL if (labels != np.floor(labels)).any() else ''}"
        )
    return np.ascontiguousarray(labels.astype(np.int32)[:, None])


def _of_one_hot(name: str, array: np.ndarray, classes: int) -> np.ndarray:
    """Return labels that are given as rows with a single 1 each."""
    if array.shape[1] == classes and ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all():
        return array.argmax(axis=1)
    raise RecircuitError(
        f"supervisor {name!r}: labels are one whole number from 0 to {classes - 1} for each sample, or rows of {classes} "
        f"values, of which one is 1 and the others are 0; got an array of shape {array.shape}. For other wanted values, "
        "declare a circuit.target(name, size)."
    )


def _check_counts(rows: Mapping[str, Rows]) -> None:
    counts = {name: r.count for name, r in rows.items() if not r.shared}
    if len(set(counts.values())) > 1:
        raise RecircuitError(f"run: the stimuli have different numbers of rows: {counts}.")
