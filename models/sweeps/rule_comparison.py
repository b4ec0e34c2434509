"""Rules and circuits side by side: the same task, sizes and seeds, and what each reaches and needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from ...circuits import Circuit
from ...circuits.backends.divergence import Diverged
from ...circuits.description.projections.projection import Transposed
from ..analysis.measures import operations
from ..analysis.update_angle import update_angle
from ..networks.impaired import JITTERED
from ..training.history import History
from ..training.loop import train
from ..training.modes import ModeOptions
from ..training.samples import Samples
from .circuit_specs import Build, Task

__all__ = ["Compared", "compare", "costs", "trained"]


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
    try:
        net.program(task.backend)
        before = update_angle(net, *first, output="o")
        history = trained(net, task)
        if history is None:
            return Compared(
                name, seed, before.loss, math.nan, None, before.angle, math.nan, milliseconds=math.nan, **costs(net)
            )
        reached = [k for k, error in enumerate(history["test_error"], 1) if error <= task.wanted_error]
        taken = float(np.sum(history["seconds"])) / (data.n_train * len(history))
        return Compared(
            name, seed, before.loss, history.test_error, reached[0] * data.n_train if reached else None,
            before.angle, update_angle(net, *first, output="o").angle, milliseconds=1e3 * taken, **costs(net),
        )  # fmt: skip
    finally:
        net.close()


def trained(
    net: Circuit, task: Task, samples: Samples | None = None, **schedule: Unpack[ModeOptions]
) -> History | None:
    """Train a circuit, in all of its modes; None: it diverged. Further modes follow the measurements of an epoch.

    Parameters
    ----------
    net : Circuit
        The circuit.
    task : Task
        What it is trained on, and for how many epochs.
    samples : Samples, optional
        The samples of the task in an order of their own.
    **schedule : Unpack[ModeOptions]
        The modes in which the samples are presented, as in `train`.
    """
    try:
        return train(
            net, samples or task.data, task.epochs, output="o", backend=task.backend, progress=False,
            callbacks=lambda epoch, numbers, net: _go_through_further_modes(net, task), **schedule,
        )  # fmt: skip
    except Diverged:
        return None


def costs(net: Circuit) -> dict[str, Any]:
    """Return what a circuit needs: multiplications, bytes of a synapse, phases and steps, and whether it is local."""
    plastic = [(p, p.equation) for p in net.projections.values() if p.plastic and p.equation is not None]
    schedule = net.schedule
    assert schedule is not None
    return {
        "multiplications": sum(operations(net).values()),
        "local": all(e.local for _, e in plastic)
        and all(p.weights.local for p in net.projections.values() if isinstance(p.weights, Transposed)),
        "bytes_of_synapse": max(
            net.dtype.itemsize * (1 + len(e.state) + len(e.traces) * net.batch_size) for _, e in plastic
        ),
        "phases": len(schedule.windows),
        "steps": schedule.steps,
    }


def _go_through_further_modes(net: Circuit, task: Task) -> None:
    """Present all training samples of a task in each mode of a circuit after the first; the last batch is filled up."""
    for mode in [name for name in list(net.modes)[1:] if not name.startswith(JITTERED)]:
        net.run(task.data, -(-task.data.n_train // net.batch_size), mode=mode)
