"""A million presentations, with the memory watched."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import recircuit as rc

from .tally import Tally

#: Bytes by which memory may grow after the first tenth.
MAY_GROW = 8 << 20


def resident() -> int:
    """Return how many bytes of this process are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def presentations(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Train a small circuit with noise in ten runs; its memory stays as it is, and its weights are finite."""
    del folder
    net = rc.layered([3, 2, 2], seed=number % 2**32)
    rng = np.random.default_rng(number)
    data = {"x": rng.normal(size=(100, 3)), "s": rng.integers(0, 2, 100)}
    first = 0
    for part in range(10):
        net.run(data, count // 10)
        tally.tried += count // 10
        first = first or resident()
        if (grown := resident() - first) > MAY_GROW:
            tally.fault("left behind", f"{grown >> 20} MiB more after {part + 1} of 10 runs")
    if int(net["clock.timestep"]) != tally.tried * net.timetable().length:
        tally.fault("lost", "steps of the clock")
    if not all(np.isfinite(value).all() for value in net.state().values()):
        tally.fault("wrong", "a state is not finite")
