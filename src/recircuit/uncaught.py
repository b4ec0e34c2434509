"""Errors that nobody catches: Brian2 asks to be told of every one of them; of ours it need not be."""

from __future__ import annotations

import sys
from types import TracebackType

import brian2  # noqa: F401  (sets the hook that is passed on to)

from .errors import RecircuitError

_brian2s = sys.excepthook


def hook(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Python's own, for a RecircuitError; else the one that was there."""
    (sys.__excepthook__ if issubclass(kind, RecircuitError) else _brian2s)(kind, problem, trace)


sys.excepthook = hook
