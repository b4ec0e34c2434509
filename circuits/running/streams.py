"""Runs of circuits without phases: how long they last, and what each batch element presents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.allunits import second

from ...errors import RecircuitError
from ..description.network import Network
from ..description.populations.population import Population
from ..description.schedules.schedule import steps_in
from ..inputs.rows import Inputs, Rows, as_inputs, as_mapping
from ..inputs.series import sampled


def is_time(value: Any) -> bool:
    """Return whether a value is a duration."""
    return isinstance(value, Quantity) and value.dim is second.dim and value.ndim == 0


def stream_of(network: Network, given: Any, duration: Any, begin: float) -> tuple[Inputs, np.ndarray]:
    """Return the data of a run of a circuit without phases, and the sample that each batch element presents in each step.

    Parameters
    ----------
    network : Network
        The circuit.
    given : array, mapping or Dataset
        The data that a user gave. Functions of time are evaluated from ``begin`` on.
    duration : Quantity or None
        The duration of the run; None stands for as long as there are rows of series.
    begin : float
        The time at which the run begins, in seconds.
    """
    by_name = as_mapping(network, given)
    steps = None if duration is None else _steps(network, duration)
    if isinstance(by_name, Mapping):
        by_name = {k: _sampled(network, network.populations[k], v, begin, steps) for k, v in by_name.items()}
    data = as_inputs(network, by_name)
    data = Inputs({name: _of_elements(name, rows, network.batch_size) for name, rows in data.rows.items()})
    lasting = {n: r.series.rows * _every(network, n) for n, r in data.rows.items() if r.series is not None}
    if steps is None:
        steps = min(lasting.values(), default=0)
    if not steps:
        raise RecircuitError(
            "run: say for how long the circuit runs, as in circuit.run(10*second) or circuit.run(data, 10*second): it has no "
            "phases yet, and no series are given that end. With circuit.phases(...) it has presentations."
        )
    for name, last in lasting.items():
        if last < steps:
            raise RecircuitError(
                f"run: the data of {name!r} last for {last} steps, and the run for {steps}. Give more rows, or run for "
                f"{last * float(network.dt):g}*second."
            )
    return data, np.broadcast_to(np.arange(network.batch_size, dtype=np.int32), (steps, network.batch_size))


def _steps(network: Network, duration: Any) -> int:
    if not is_time(duration):
        raise RecircuitError(
            f"run: the circuit has no phases yet, so that it runs for a time such as 10*second; got {duration!r}. With "
            "circuit.phases(...) it has presentations, which can be counted."
        )
    return steps_in("circuit", duration, network.dt, "run: the duration of the run of the")


def _every(network: Network, name: str) -> int:
    clamp = network.populations[name].clamp
    return 0 if clamp is None else clamp.every


def _sampled(network: Network, population: Population, values: Any, begin: float, steps: int | None) -> Any:
    """Return the values of a function of time during a run; anything else is returned as it is."""
    clamp = population.clamp
    if not callable(values) or clamp is None or not clamp.every:
        return values
    if steps is None:
        raise RecircuitError(f"run: say for how long the circuit runs; {population.name!r} is a function of the time.")
    return sampled(values, population, begin, -(-steps // clamp.every), clamp.every * float(network.dt))


def _of_elements(name: str, rows: Rows, batch_size: int) -> Rows:
    """Return one sample for each batch element: the samples that were given, or the same one for all."""
    if rows.shared or rows.count == batch_size:
        return rows
    if rows.count == 1 and rows.series is None:
        return replace(rows, values=np.repeat(rows.values, batch_size, axis=0))
    raise RecircuitError(
        f"run: without phases each batch element shows one sample of {name!r} for the whole run, or all show the same one: 1 "
        f"or {batch_size} of them; got {rows.count}. Rows that follow one another are a series: declare "
        f"circuit.stimulus({name!r}, ..., every=...)."
    )
