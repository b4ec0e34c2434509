"""Rules and circuits side by side, each in a circuit that is made worse in one way after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...circuits import Circuit
from ...circuits.backends.program import Diverged
from ..networks.impaired import JITTERED, Impairment, impair
from ..training.order import epoch_order
from .circuit_specs import Build, Task
from .rule_comparison import further_modes

__all__ = ["AXES", "IDEAL", "Impaired", "impaired_error", "impairments"]

IDEAL = "ideal"
#: What is worse, and how much: each value by itself.
AXES: Mapping[str, tuple[float, ...]] = {
    "jitter": (0.25, 0.75),
    "noise": (0.1, 0.5),
    "grid": (1 / 64, 1 / 8),
    "delay": (1, 3),
}


@dataclass(frozen=True)
class Impaired:
    """What one rule or circuit reached with one seed, in a circuit that is worse in one way.

    Parameters
    ----------
    rule, seed : str, int
        What was trained.
    axis, value : str, float
        What was worse (see `Impairment`), and by how much; `IDEAL` and 0 for a circuit that is as it was made.
    test_error : float
        After the last epoch, a share; NaN if it diverged. The circuit is asked while it is as bad as it was in training,
        but with phases of regular length.
    """

    rule: str
    seed: int
    axis: str
    value: float
    test_error: float


def impairments() -> Iterator[tuple[str, float, Impairment]]:
    """Go through what can be worse: the name, how much, and what is done to the circuit; first of all nothing."""
    yield IDEAL, 0.0, Impairment()
    for axis, values in AXES.items():
        for value in values:
            yield axis, value, replace(Impairment(), **{axis: int(value) if axis == "delay" else value})


def impaired_error(build: Build, by: Impairment, task: Task, seed: int) -> float:
    """Train a circuit that is made worse, and return its test error; NaN if it diverged."""
    net = build(seed)
    impair(net, by)
    try:
        net.program(task.backend)
        for epoch in range(1, task.epochs + 1):
            _epoch(net, task, seed, epoch)
        return net.evaluate(task.data, output="o").error
    except Diverged:
        return math.nan
    finally:
        net.close()


def _epoch(net: Circuit, task: Task, seed: int, epoch: int) -> None:
    """Show all samples, in phases of irregular length where the circuit has these, and go through its other modes."""
    order = epoch_order(task.data.n_train, task.batch_size, seed, epoch)
    jittered = [mode for mode in net.modes if mode.startswith(JITTERED)]
    random = np.random.default_rng([seed, epoch, 5])
    if not jittered:
        net.run(task.data, order=order)
    for rows, mode in zip(np.array_split(order, len(jittered)) if jittered else [], random.permutation(jittered)):
        net.run(task.data, order=rows, mode=str(mode))
    further_modes(net, task.data.n_train)
