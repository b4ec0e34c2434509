"""The machine that a run was made on, and the backend that suits it."""

from __future__ import annotations

import platform
from importlib.metadata import version

import numpy as np

from ...circuits import Circuit
from ...circuits.backends import BACKENDS, choose_backend, fast_backends
from ...errors import RecircuitError

__all__ = ["choose", "threads", "versions"]

#: What the numpy backend takes on one core: seconds per operation, and per multiplication.
OVERHEAD, MULTIPLICATION = 10e-6, 2e-11


def choose(circuit: Circuit, backend: str, presentations: int) -> tuple[str, str]:
    """Return the backend to take, and the reason.

    ``auto`` takes cuda where there is a GPU, and cpp where there is a compiler, but for runs that are over before they
    would be compiled.

    Parameters
    ----------
    circuit : Circuit
        The circuit that is to run.
    backend : str
        ``"numpy"``, ``"cpp"``, ``"cuda"``, ``"interpreter"`` or ``"auto"``.
    presentations : int
        How many presentations there will be.

    Raises
    ------
    UsageError
        If there is no backend of this name.
    RecircuitError
        If something is missing that the backend cuda needs.
    """
    if backend != "auto":
        name, _ = choose_backend(backend)
        if lacks := BACKENDS[name].missing():
            raise RecircuitError(f"backend {name}: {lacks}.")
        return name, "asked for"
    seconds, missing, short = _seconds(circuit, presentations), [], False
    for found in fast_backends():
        lacks = found.missing()
        if not lacks and seconds >= found.build_seconds:
            long_enough = f"{found.needs} is there, and the run is long enough to make up for compiling"
            return found.name, "; ".join([long_enough, *missing])
        short |= not lacks
        if lacks:
            missing.append(f"{found.name}: {lacks.partition('. ')[0]}")
    return "numpy", "the run is too short to make up for compiling" if short else "; ".join(missing)


def threads(backend: str) -> int:
    """Return how many threads a backend's matrix products use. On numpy, the same run has other bits with another number."""
    return BACKENDS.find(backend).threads()


def versions(backend: str = "numpy") -> dict[str, str]:
    """Return the versions of everything that decides the numbers."""
    names = ["recircuit", "brian2", "numpy", "scipy", "scipy-openblas32"]
    found = {"python": platform.python_version(), "machine": platform.machine()} | {n: version(n) for n in names}
    return found | BACKENDS.find(backend).versions()


def _seconds(circuit: Circuit, presentations: int) -> float:
    """Return about how long the numpy backend takes, in seconds."""
    synapses = sum(float(np.prod(p.shape)) for p in circuit.projections.values())
    steps = circuit.schedule.steps if circuit.schedule else 1
    operations = steps * 2 + 3 * len(circuit.projections)
    return presentations * (OVERHEAD * operations + MULTIPLICATION * 3 * synapses * circuit.batch_size)
