"""Data of stimuli whose samples are series: arrays, arrays with a mask, arrays of different lengths, functions of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import TimedArray
from brian2.units import Quantity, second
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from ...callables import check_takes
from ...errors import RecircuitError
from ..backends.series import Series
from ..description.network import Network
from ..description.populations.population import Population
from ..description.populations.shown_values import array_of, refuse_units
from ..description.schedules.modes import shown_for
from ..lowering.memory import check_free

#: The number of values that are checked for NaN at a time.
PIECE = 2**20
#: The types of numbers that programs accept without conversion.
IN_ORDER = (np.uint8, np.float32, np.float64)
#: The advice for more samples than fit into memory.
FEWER = "Give fewer samples at a time."


def series_of(
    network: Network, population: Population, given: Any, begin: float, mode: str | None = None
) -> tuple[np.ndarray, Series]:
    """Return the rows of a stimulus, (samples*rows, units), and how they form samples. Contiguous data are not copied.

    Parameters
    ----------
    network : Network
        The circuit.
    population : Population
        The stimulus.
    given : array, masked array, list of arrays, TimedArray or function
        An array (samples, rows, units), or (rows, units) that all batch elements share; a masked array, whose samples may
        have masked rows at their end; a list of arrays of different lengths; a `TimedArray` or a function of time.
    begin : float
        The time at which the first row of a function is presented, in seconds.
    mode : str, optional
        The mode of the presentation.
    """
    name = f"{population.name!r}"
    if callable(given):
        given = _rows_in_time(network, population, given, begin, mode)
    values, lengths = _one_array(given, population.size, name)
    shared = values.ndim == 2 and (values.shape[1] == population.size or population.size == 1)
    if values.ndim == 1 and population.size == 1:
        values, shared = values[:, None], True
    if shared and values.shape[1] != population.size:  # (samples, rows) of one unit
        values, shared = values[:, :, None], False
    cube = values[None] if shared else values
    if cube.ndim != 3 or cube.shape[2] != population.size or 0 in cube.shape:
        raise RecircuitError(
            f"stimulus {name}: its data are series of {population.size} units, of the shape (samples, rows, "
            f"{population.size}), or (rows, {population.size}) for all batch elements; got {np.shape(values)}."
        )
    samples, rows = cube.shape[:2]
    if not cube.flags.c_contiguous or cube.dtype not in IN_ORDER:
        check_free(cube.size * network.dtype.itemsize, f"stimulus {name}: data of the shape {cube.shape}", FEWER)
    flat = np.ascontiguousarray(_numbers(cube, network.dtype, name)).reshape(samples * rows, population.size)
    _check_finite(flat, network.dtype, name)
    return flat, Series(rows, 0 if shared else rows, lengths)


def check_length(network: Network, population: Population, series: Series, mode: str | None = None) -> None:
    """Refuse series that do not last as long as the window in which they are presented."""
    clamp = population.clamp
    assert clamp is not None
    lasts = shown_for(network.phased(), population, mode)
    if network.phased().stream or not lasts:
        return
    wanted = -(-lasts // clamp.every)
    short = len(series.lengths) > 0 and series.rows <= wanted
    if series.rows != wanted and not short:
        raise RecircuitError(
            f"stimulus {population.name!r}: it is shown for {lasts} steps ({clamp.during}), with a new row every "
            f"{clamp.every} step{'s' * (clamp.every != 1)}, so that a sample has {wanted} rows; "
            f"got {series.rows}. Give {wanted} rows for each sample, or a list or masked array of series of different lengths."
        )


def last_steps(network: Network, population: Population, mode: str | None = None) -> tuple[int, ...]:
    """Return the last step of each row of a series, in a presentation of a mode."""
    clamp = population.clamp
    assert clamp is not None
    steps = _window(network, population, mode)
    count = -(-len(steps) // clamp.every)
    return tuple(steps[min((row + 1) * clamp.every, len(steps)) - 1] for row in range(count))


def _window(network: Network, population: Population, mode: str | None) -> tuple[int, ...]:
    """Return the steps of a presentation in which a series is shown; none in a mode that has none of its phases."""
    clamp, schedule = population.clamp, network.schedule if mode is None else network.modes[mode]
    assert clamp is not None and schedule is not None
    here = tuple(phase for phase in clamp.during.phases if phase in schedule.windows)
    if clamp.during.strict and clamp.during.phases and not here:
        return ()
    return schedule.open_steps(replace(clamp.during, phases=here), f"the stimulus {population.name!r}")


def lengths_in_rows(
    network: Network, shown: Mapping[str, Series | None], read: tuple[int, ...], mode: str | None = None
) -> np.ndarray | None:
    """Return the number of answers after which each sample has ended, or None if all samples have the same length.

    Parameters
    ----------
    network : Network
        The circuit.
    shown : mapping of str to Series
        The series of each stimulus.
    read : tuple of int
        The steps at whose ends the answers are read.
    mode : str, optional
        The mode of the presentation.
    """
    found: np.ndarray | None = None
    for name, series in shown.items():
        clamp = network.populations[name].clamp
        if series is None or not len(series.lengths) or clamp is None or clamp.supervises:
            continue
        if steps := _window(network, network.populations[name], mode):
            ends = np.array([*steps, steps[-1] + 1])[np.minimum(series.lengths * clamp.every, len(steps))]
            ended = np.searchsorted(np.array(read), ends)
            found = ended if found is None else np.maximum(found, ended)
    return found


def _one_array(given: Any, size: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return one array, and the lengths of its samples; no lengths if all are the same."""
    none = np.zeros(0, np.int32)
    refuse_units(given, f"stimulus {name}")
    if isinstance(given, np.ma.MaskedArray) and np.ma.getmaskarray(given).any():
        return _unmasked(given, size, name)
    if isinstance(given, Sequence) and not isinstance(given, str) and len({len(np.atleast_1d(s)) for s in given}) > 1:
        samples = [np.asarray(s, dtype=float).reshape(len(s), -1 if len(s) else size) for s in given]
        if {s.shape[1] for s in samples} != {size}:
            raise RecircuitError(f"stimulus {name}: each sample has the shape (rows, {size}); got {samples[0].shape}.")
        lengths = np.array([len(s) for s in samples], np.int32)
        whole = np.zeros((len(samples), int(lengths.max()), size))
        for sample, values in zip(whole, samples, strict=True):
            sample[: len(values)] = values
        return whole, lengths
    return array_of(given, f"stimulus {name}"), none


def _unmasked(given: np.ma.MaskedArray, size: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    mask = np.ma.getmaskarray(given)
    rows = mask.reshape(*mask.shape[:2], -1)
    ended = rows.all(axis=2)
    lengths = np.asarray((~ended).sum(axis=1), np.int32)
    prefix = np.arange(mask.shape[1]) >= lengths[:, None]
    if given.ndim != 3 or (rows.any(axis=2) != ended).any() or (ended != prefix).any():
        raise RecircuitError(
            f"stimulus {name}: of series (samples, rows, {size}), whole rows at the end of a sample may be masked, which "
            "then show nothing; got another mask. Fill the values that are masked, as in data.filled(0)."
        )
    return given.filled(0), lengths


def _rows_in_time(network: Network, population: Population, given: Any, begin: float, mode: str | None) -> np.ndarray:
    """Return the values of a function of time or a TimedArray, of shape (rows, units), when the rows begin."""
    clamp = population.clamp
    assert clamp is not None
    rows = max(-(-shown_for(network.phased(), population, mode) // clamp.every), 1)
    return sampled(given, population, begin, rows, clamp.every * float(network.dt))


def sampled(given: Any, population: Population, begin: float, rows: int, every: float) -> np.ndarray:
    """Return the values of a function at the times begin, begin + every, ..., of shape (rows, units)."""
    times = begin + every * np.arange(rows)
    if isinstance(given, TimedArray):
        refuse_units(Quantity(given.values, dim=given.dim), f"stimulus {population.name!r}")
        places = np.clip((times / float(given.dt) + 1e-6).astype(int), 0, len(given.values) - 1)
        return np.asarray(given.values, dtype=float).reshape(len(given.values), -1)[places]
    check_takes(given, ("t",), f"stimulus {population.name!r}")
    values = [np.broadcast_to(_values_at_once(given(t * second), population), (population.size,)) for t in times]
    return np.array(values, dtype=float)


def _values_at_once(value: Any, population: Population) -> np.ndarray:
    array = array_of(value, f"stimulus {population.name!r}")
    has_unit = isinstance(value, Quantity) and get_dimensions(value) is not DIMENSIONLESS
    if array.dtype.kind not in "uifb" or array.shape not in ((), (1,), (population.size,)) or has_unit:
        raise RecircuitError(
            f"stimulus {population.name!r}: a function of the time gives one number, or {population.size}; got {value!r}."
        )
    return array.astype(float)


def _numbers(values: np.ndarray, dtype: np.dtype, name: str) -> np.ndarray:
    """Return numbers in a type that a program accepts: truth values (spikes) as bytes, and floats as they are."""
    if values.dtype.kind not in "uifb":
        raise RecircuitError(f"stimulus {name}: expected numbers; got an array of {values.dtype}.")
    if values.dtype == bool:
        return values.view(np.uint8)
    return values if values.dtype in IN_ORDER else values.astype(dtype)


def _check_finite(flat: np.ndarray, dtype: np.dtype, name: str) -> None:
    if flat.dtype.kind != "f":
        return
    line, most = flat.reshape(-1), float(np.finfo(dtype).max)
    for at in range(0, line.size, PIECE):
        if not (np.abs(line[at : at + PIECE]) <= most).all():
            raise RecircuitError(f"stimulus {name}: the data hold NaN, infinity, or more than {dtype} can.")
