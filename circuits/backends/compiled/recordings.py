"""The part of a timetable that a worker receives, and the recordings that it has kept of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ....errors import RecircuitError
from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.timetable import Timetable
from ..program import RunResult
from .messages import Field


def lines_of(
    table: Timetable, lowered: Lowered, collect: Mapping[str, int], trace: Sequence[str], elements: int = 1
) -> list[Field]:
    """Return the lines of a presentation, as source/worker.cpp reads them; traces are of the first ``elements`` elements."""
    fields: list[Field] = []
    if table.stream:
        fields += ["stream"]
    for place, (step, row) in enumerate(zip(table.steps, table.entries, strict=True)):
        if (times := table.repeats.get(place, 1)) > 1:
            fields += ["repeat", times]
        for number, operation in enumerate(entry.operation for entry in row if not entry.skipped):
            if number in table.independent[place]:
                fields += ["together", table.independent[place][number]]
            kernel = operation.kernel
            if isinstance(kernel, Clamp):
                shown, every = table.shown.get(kernel.population, {}), kernel.every
                fields += ["clamp", kernel.population, f"{kernel.population}.{kernel.variable}", every]
                fields += [shown.get(place, 0)]
            else:
                fields += ["run", operation.name]
        for key in (k for k, s in collect.items() if s == step):
            fields += ["keep", key, _count(lowered, key, lowered.network.batch_size)]
        for key in trace:
            fields += ["trace", key, _count(lowered, key, elements)]
        fields += ["tick"]
    return fields


def recorded(
    answer: list[Field], table: Timetable, lowered: Lowered, collect: Mapping[str, int], trace: Sequence[str]
) -> RunResult:
    """Return the result of a run, from the worker's answer."""
    done, stopped, diverged, *rest = answer
    assert isinstance(done, int) and isinstance(diverged, str)
    kept = {(what, key): values for what, key, values in zip(rest[::3], rest[1::3], rest[2::3], strict=True)}
    result = RunResult(done, interrupted=bool(stopped), diverged=diverged)
    for key in collect:
        values = _values(kept, "keep", key)
        result.collected[key] = _in_user_shape(lowered, key, values, done).reshape(done, *lowered.variables[key].shape)
    for key in trace:
        result.traces[key] = _in_user_shape(lowered, key, _values(kept, "trace", key), done * table.length)
    return result


def _values(kept: Mapping[Any, Field], what: str, key: str) -> np.ndarray:
    values = kept.get((what, key))
    if not isinstance(values, np.ndarray):
        raise RecircuitError(f"run: the compiled circuit has not recorded {key!r}. This is a fault of recircuit.")
    return values


def _count(lowered: Lowered, key: str, elements: int) -> int:
    """Return how many values of a variable are kept at a time: all, or those of the first batch elements."""
    variable = lowered.variables[key]
    if variable.places is not None:
        return len(variable.places)
    return variable.size // lowered.network.batch_size * elements if variable.by_element else variable.size


def _in_user_shape(lowered: Lowered, key: str, values: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` rows of values in the shape that a user sees, with 0 where no synapse is stored."""
    variable = lowered.variables[key]
    if variable.places is None:
        return values.reshape(count, -1 if count else 0)
    whole = np.zeros((count, variable.size), dtype=values.dtype)
    whole[:, variable.places] = values.reshape(count, len(variable.places))
    return whole
