"""Errors that nobody catches. Brian2 asks to be told of all of them, which is not needed for recircuit's own."""

from __future__ import annotations

import sys
from types import TracebackType

import brian2  # noqa: F401  (sets the hook that is passed on to)

from .errors import RecircuitError

_brian2s = sys.excepthook


def hook(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Call Python's own hook for a RecircuitError, and for others the hook that was there before."""
    (sys.__excepthook__ if issubclass(kind, RecircuitError) else _brian2s)(kind, problem, trace)


sys.excepthook = hook
