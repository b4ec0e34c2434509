"""Rules and circuits side by side: the same task, sizes and seeds, and what each reaches and needs."""

from __future__ import annotations

import importlib.util
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...circuits import Circuit
from ...circuits.backends.program import Diverged
from ...circuits.description.projection import Transposed
from ...errors import UsageError
from ...plasticity import Rule
from ...plasticity.registry import file_of_rule, find
from ..analysis.measures import operations
from ..analysis.update_angle import update_angle
from ..data import Dataset
from ..networks.registry import network_for
from ..runs.config import RunConfig
from ..training.loop import train

__all__ = ["Compared", "Task", "builder_of", "compare", "costs"]

Build = Callable[[int], Circuit]


@dataclass(frozen=True)
class Task:
    """The task on which all rules are trained.

    Parameters
    ----------
    data : Dataset
        The samples.
    layers : tuple[int, ...]
        Units of each layer, stimulus first.
    epochs, batch_size : int
        How long they are trained, and how many samples they are shown at a time.
    wanted_error : float
        The test error whose first epoch is noted.
    """

    data: Dataset
    layers: tuple[int, ...]
    epochs: int = 10
    batch_size: int = 20
    wanted_error: float = 0.1


@dataclass(frozen=True)
class Compared:
    """One rule or circuit, with one seed.

    Parameters
    ----------
    rule, seed : str, int
        The rule or circuit, and the seed.
    loss : str
        The loss whose gradient the angles are measured from; see `update_angle`.
    test_error : float
        The test error after the last epoch, as a share; NaN if training diverged.
    presentations : int or None
        The number of samples that were presented until the wanted error was reached, in whole epochs; None if it was not
        reached.
    angle_first, angle_last : float
        The angle between the update and minus the gradient of the loss in degrees, before the first and after the last
        epoch, for the first samples.
    multiplications : int
        The number of multiplications in the presentation of one sample.
    milliseconds : float
        The time for learning one sample, in this process.
    local : bool
        Whether all of its rules are local and no weights are the transpose of others.
    bytes_of_synapse : float
        The bytes of the synapse that stores most, with its weight. A trace counts once for each batch element.
    phases, steps : int
        The number of phases and of steps of one presentation.
    """

    rule: str
    seed: int
    loss: str
    test_error: float
    presentations: int | None
    angle_first: float
    angle_last: float
    multiplications: int
    milliseconds: float
    local: bool
    bytes_of_synapse: float
    phases: int
    steps: int


def compare(name: str, build: Build, task: Task, seed: int) -> Compared:
    """Train one circuit, and measure it.

    A circuit with further modes goes through each of them after every epoch, as often as there were presentations in it.
    """
    net, data = build(seed), task.data
    first = data.x_train[: task.batch_size] * data.scale + data.offset, data.y_train[: task.batch_size]
    before = update_angle(net, *first, output="o")
    try:
        history = train(
            net, data, task.epochs, output="o", backend="numpy", progress=False, callbacks=_further_modes(data.n_train)
        )
    except Diverged:
        return Compared(
            name, seed, before.loss, math.nan, None, before.angle, math.nan, milliseconds=math.nan, **costs(net)
        )
    reached = [k for k, error in enumerate(history["test_error"], 1) if error <= task.wanted_error]
    taken = float(np.sum(history["seconds"])) / (data.n_train * len(history))
    return Compared(
        name, seed, before.loss, history.test_error, reached[0] * data.n_train if reached else None,
        before.angle, update_angle(net, *first, output="o").angle, milliseconds=1e3 * taken, **costs(net),
    )  # fmt: skip


def costs(net: Circuit) -> dict[str, Any]:
    """Return what a circuit needs: multiplications, bytes of a synapse, phases and steps, and whether it is local."""
    plastic = [(p, p.equation) for p in net.projections.values() if p.plastic and p.equation is not None]
    schedule = net.schedule
    assert schedule is not None
    return {
        "multiplications": sum(operations(net).values()),
        "local": all(e.local for _, e in plastic)
        and not any(isinstance(p.weights, Transposed) for p in net.projections.values()),
        "bytes_of_synapse": max(
            net.dtype.itemsize * (1 + len(e.state) + len(e.traces) * net.batch_size) for _, e in plastic
        ),
        "phases": len(schedule.windows),
        "steps": schedule.steps,
    }


def builder_of(spec: str, task: Task) -> Build:
    """Return what makes the circuit of a spec for a seed.

    Parameters
    ----------
    spec : str
        A rule, by name or ./file.py:rule, which is trained in the network that `recircuit train` makes for it, with squared
        errors and tanh; or ./file.py:function, a function of (sizes, batch_size=, seed=) that returns a circuit with an
        output `o`, as the files of the gallery have.

    Raises
    ------
    UsageError
        If there is no such rule, file or function, or it makes no circuit.
    """
    path = file_of_rule(spec)
    made = None if path is None else _attribute(path, spec.rpartition(":")[2])
    if made is not None and not isinstance(made, Rule):
        return lambda seed: _made(made, spec, task, seed)
    layers = "-".join(map(str, task.layers))

    def build(seed: int) -> Circuit:
        config = RunConfig.of(
            data=task.data.name, rule=spec, layers=layers, loss="mse", batch_size=task.batch_size, epochs=task.epochs,
            seed=seed, precision="float64", **({} if network_for(find(spec)) != "layered" else {"transfer": "tanh"}),
        )  # fmt: skip
        return config.filled(task.data).circuit(task.data)

    return build


def _further_modes(samples: int) -> Callable[[int, Mapping[str, float], Circuit], None]:
    """Return a callback that runs the other modes of a circuit after each epoch."""

    def after(_: int, __: Mapping[str, float], net: Circuit) -> None:
        for mode in list(net.modes)[1:]:
            net.run(presentations=-(-samples // net.batch_size), mode=mode)

    return after


def _made(function: Any, spec: str, task: Task, seed: int) -> Circuit:
    """Return the circuit that a function of a file makes. Refuse anything else."""
    try:
        inspect.signature(function).bind(task.layers, batch_size=task.batch_size, seed=seed)
        found = function(task.layers, batch_size=task.batch_size, seed=seed)
    except (TypeError, ValueError) as problem:
        raise UsageError(
            f"compare: {spec} cannot be called as network({task.layers}, batch_size=, seed=): {problem}."
        ) from problem
    if not isinstance(found, Circuit):
        raise UsageError(f"compare: {spec} must return a circuit, and returned a {type(found).__name__}.")
    return found


def _attribute(path: Path, name: str) -> Any:
    """Return what a file defines under a name."""
    if not path.is_file():
        raise UsageError(f"compare: there is no file {path}. A circuit in a file is given as ./mine.py:network.")
    found = importlib.util.spec_from_file_location(f"recircuit_circuit_{path.stem}", path)
    if found is None or found.loader is None:
        raise UsageError(f"compare: {path} is not a Python file; its name must end in .py.")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    if not hasattr(module, name):
        raise UsageError(f"compare: there is no {name!r} in {path}; name a rule, or a function that makes a circuit.")
    return getattr(module, name)
