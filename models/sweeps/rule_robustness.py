"""Rules and circuits side by side, each in a circuit that is made worse in one way after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..networks.impaired import JITTERED, Impairment, impair
from ..training.order import EpochOrder
from ..training.samples import Samples
from .circuit_specs import Build, Task
from .rule_comparison import trained

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
        first, irregular = next(iter(net.modes)), [mode for mode in net.modes if mode.startswith(JITTERED)]
        whole = Samples.of(net, task.data)
        samples = replace(whole, parts={"train": whole.parts["train"]}, order=_IrregularOrder(tuple(irregular)))
        if trained(net, task, samples, mode=[first, *irregular]) is None:
            return math.nan
        return net.evaluate(task.data, output="o").error
    finally:
        net.close()


@dataclass(frozen=True)
class _IrregularOrder(EpochOrder):
    """An order for phases of irregular length, each of which shows a part of the samples; noise goes on between epochs."""

    modes: tuple[str, ...]

    def noise(self, seed: int, number: int) -> None:
        return None

    def passes(
        self, order: NDArray[np.int32], modes: Sequence[str | None], seed: int, number: int
    ) -> list[tuple[str | None, NDArray[np.int32]]]:
        if not self.modes:
            return super().passes(order, modes, seed, number)
        shuffled = np.random.default_rng([seed, number, 5]).permutation(self.modes)
        return list(zip(map(str, shuffled), np.array_split(order, len(self.modes))))
