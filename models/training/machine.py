"""The machine that a run was made on, and the backend that suits it."""

from __future__ import annotations

import platform
from importlib.metadata import version

import numpy as np

from ...circuits import Circuit
from ...circuits.backends import BACKENDS, find_backend, missing_for
from ...errors import RecircuitError, UsageError

__all__ = ["choose", "threads", "versions"]

#: What the numpy backend takes on one core: seconds per operation, and per multiplication.
OVERHEAD, MULTIPLICATION = 10e-6, 2e-11


def choose(circuit: Circuit, backend: str, presentations: int) -> tuple[str, str]:
    """The backend to take, and why.

    ``auto`` takes cuda where there is a GPU, and cpp where there is a compiler, but for runs that are over before they
    would be compiled.

    Args:
        circuit: what is to run.
        backend: numpy, cpp, cuda or auto.
        presentations: how often all batch elements will be shown something.

    Raises:
        UsageError: for a backend that there is not.
        RecircuitError: for cuda, where something is missing that it needs.
    """
    if backend not in (*BACKENDS, "auto"):
        raise UsageError(f"backend: expected {', '.join(BACKENDS)} or auto; got {backend!r}.")
    if backend == "cuda" and (lacks := missing_for("cuda")):
        raise RecircuitError(f"backend cuda: {lacks}.")
    if backend != "auto":
        return backend, "asked for"
    seconds, missing = _seconds(circuit, presentations), []
    for name, found in ((n, find_backend(n)) for n in reversed(BACKENDS)):
        if not found.seeks_speed:
            continue
        lacks = found.missing()
        if not lacks and seconds >= found.build_seconds:
            long_enough = f"{found.needs} is there, and the run is long enough to make up for compiling"
            return name, "; ".join([long_enough, *missing])
        if not lacks and name == "cpp":
            return "numpy", "so short a run is over before it would be compiled"
        if lacks:
            missing.append(f"{name}: {lacks.partition('. ')[0]}")
    return "numpy", "; ".join(missing)


def threads(backend: str) -> int:
    """How many threads a backend's matrix products use. On numpy, the same run has other bits with another number."""
    return find_backend(backend).threads()


def versions(backend: str = "numpy") -> dict[str, str]:
    """Of what decides the numbers."""
    names = ["recircuit", "brian2", "numpy", "scipy", "scipy-openblas32"]
    found = {"python": platform.python_version(), "machine": platform.machine()} | {n: version(n) for n in names}
    return found | find_backend(backend).versions()


def _seconds(circuit: Circuit, presentations: int) -> float:
    """About how long the numpy backend takes."""
    synapses = sum(float(np.prod(p.shape)) for p in circuit.projections.values())
    steps = circuit.schedule.steps if circuit.schedule else 1
    operations = steps * 2 + 3 * len(circuit.projections)
    return presentations * (OVERHEAD * operations + MULTIPLICATION * 3 * synapses * circuit.batch_size)
