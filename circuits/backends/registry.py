"""The backends that there are, by name: the last one that works, of those that seek speed, is what ``auto`` means."""

from __future__ import annotations

import os
import threading
import warnings
from importlib import import_module

from ...errors import RecircuitError
from ..lowering.lowered import Lowered
from .base import Backend
from .program import Program

#: Brian2's device, its preferences and the names of its objects are the process's, so builds take turns.
_building = threading.RLock()


def _after_fork() -> None:
    global _building
    _building = threading.RLock()  # the thread that held it is not in the child


os.register_at_fork(after_in_child=_after_fork)

#: Name -> the module whose BACKEND it is; imported when it is asked for.
_MODULES = {name: f"{__package__}.{name}.backend" for name in ("interpreter", "numpy", "cpp", "cuda")}

#: Their names; ``auto`` looks at the last first.
BACKENDS = tuple(_MODULES)


def find_backend(name: str) -> Backend:
    """Return a backend by its name.

    Raises
    ------
    RecircuitError
        If there is no backend of that name.
    """
    if name not in _MODULES:
        raise RecircuitError(f"backend: expected one of {', '.join(BACKENDS)} or auto; got {name!r}.")
    return import_module(_MODULES[name]).BACKEND


def choose_backend(name: str) -> tuple[str, str]:
    """Return the backend that ``name`` stands for, and, for ``auto``, what the better ones lack (empty otherwise)."""
    if name != "auto":
        return find_backend(name).name, ""
    lacking: list[str] = []
    for backend in map(find_backend, reversed(BACKENDS)):
        if not backend.seeks_speed:
            continue
        missing = backend.missing()
        if not missing:
            return backend.name, "; ".join(lacking)
        lacking.append(f"{backend.name}: {missing}")
    return "numpy", "; ".join(lacking)


def missing_for(name: str) -> str:
    """Return what a backend lacks on this machine, and what to do about it; empty if nothing."""
    return find_backend(name).missing()


def open_program(lowered: Lowered, backend: str) -> Program:
    """Build a circuit for a backend."""
    name, lacking = choose_backend(backend)
    if backend == "auto" and name == "numpy":
        warnings.warn(f"backend auto: numpy is used, which is slower. {lacking}.", stacklevel=2)
    if lowered.network.matmul != "full" and name != "cuda":
        raise RecircuitError(f"matmul {lowered.network.matmul}: only the backend cuda has it; the backend is {name}.")
    with _building:
        return find_backend(name).open(lowered)
