"""Errors that nobody catches: those that end a program, and those that Python ignores.

Brian2 asks to be told of all that end a program, which is not needed for recircuit's own. Python ignores what is raised within
a destructor or when a weak reference ends, also the KeyboardInterrupt of a Ctrl-C that comes then: it is sent again.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from types import SimpleNamespace, TracebackType
from typing import Any

import brian2  # noqa: F401  (sets the hook that is passed on to)

from .errors import RecircuitError

__all__ = ["hook", "ignored"]

_brian2s = sys.excepthook
_pythons = sys.unraisablehook
#: While the main thread takes note of a Ctrl-C that was lost.
_now = SimpleNamespace(noting=False)


def hook(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Call Python's own hook for a RecircuitError, and for others the hook that was there before."""
    (sys.__excepthook__ if issubclass(kind, RecircuitError) else _brian2s)(kind, problem, trace)


def ignored(about: Any) -> None:
    """Send Ctrl-C again where Python would ignore it; call the hook that was there before for all other exceptions."""
    if not issubclass(about.exc_type, KeyboardInterrupt) or threading.current_thread() is not threading.main_thread():
        return _pythons(about)
    _now.noting = True
    try:
        _thread.start_new_thread(_send_again, ())
    except RuntimeError:  # Python is ending, and starts no threads
        _pythons(about)
    finally:
        _now.noting = False  # after which Python runs no handler before this has returned


def _send_again() -> None:
    """Press Ctrl-C when the main thread is back from `ignored`, where the exception would be lost once more."""
    while _now.noting:
        time.sleep(0.001)
    main = threading.main_thread().ident
    if main is not None and callable(signal.getsignal(signal.SIGINT)):
        signal.pthread_kill(main, signal.SIGINT)


sys.excepthook = hook
sys.unraisablehook = ignored
