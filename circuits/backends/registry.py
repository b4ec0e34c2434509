"""The backends by name. ``auto`` means the last one that works, among those that seek speed.

A folder beside this file is a backend if its ``backend.py`` defines ``BACKEND`` and its name is in the list below.
"""

from __future__ import annotations

import os
import threading
import time
import warnings

from ...errors import RecircuitError
from ...registry import Imported, Registry, an_instance_of
from ..lowering.lowered import Lowered
from .base import Backend
from .program import Program

#: The time when this process began to import the backends. It does not run files that were changed later.
IMPORTED = time.time()

#: Brian2's device, its preferences and the names of its objects belong to the whole process, so builds take turns.
_building = threading.RLock()


def _after_fork() -> None:
    global _building
    _building = threading.RLock()  # the thread that held the lock does not exist in the child


os.register_at_fork(after_in_child=_after_fork)

BACKENDS: Registry[Backend] = Registry(
    "backend",
    Imported({name: f"{__package__}.{name}.backend:BACKEND" for name in ("numpy", "interpreter", "cpp", "cuda")}),
    group="recircuit.backends",
    check=an_instance_of(Backend),
    others="Or say auto, which takes the fastest one that works on this machine.",
)
"""The backends by name; ``auto`` tries the last one first."""


def fast_backends() -> list[Backend]:
    """Return the backends that ``auto`` may take, in the order in which it tries them."""
    return [backend for backend in reversed([*BACKENDS.values()]) if backend.seeks_speed]


def choose_backend(name: str, where: str = "backend") -> tuple[str, str]:
    """Return the name of the backend that ``name`` stands for; and, for ``auto``, what faster backends lack, as text."""
    if name != "auto":
        return BACKENDS.find(name, where).name, ""
    lacking: list[str] = []
    for backend in fast_backends():
        missing = backend.missing()
        if not missing:
            return backend.name, "; ".join(lacking)
        lacking.append(f"{backend.name}: {missing}")
    return "numpy", "; ".join(lacking)


def open_program(lowered: Lowered, backend: str) -> Program:
    """Build a circuit for a backend."""
    name, lacking = choose_backend(backend)
    if backend == "auto" and name == "numpy":
        warnings.warn(f"backend auto: numpy is used, which is slower. {lacking}.", stacklevel=2)
    if lowered.network.matmul != "full" and name != "cuda":
        raise RecircuitError(
            f"matmul={lowered.network.matmul!r} exists only on the backend cuda, and the backend is {name!r}. Use "
            "the backend cuda, or matmul='full'."
        )
    with _building:
        return BACKENDS.find(name, "backend").open(lowered)
