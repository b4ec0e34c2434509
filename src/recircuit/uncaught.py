"""Errors that nobody catches: those that end a program, and those that Python ignores.

Brian2 asks for a report of every error that ends a program which imports it, also of those that a script raises itself. Here
it asks only for those that its own code raises. Python ignores what is raised within a destructor or when a weak reference
ends, also the KeyboardInterrupt of a Ctrl-C that comes then: it is sent again.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from types import SimpleNamespace, TracebackType
from typing import Any

from brian2.units.fundamentalunits import DimensionMismatchError
from brian2.utils.logger import brian_excepthook

from .errors import RecircuitError

__all__ = ["hook", "ignored"]

_before = sys.excepthook
_pythons = sys.unraisablehook
#: Whether the main thread is taking note of a Ctrl-C that was lost.
_now = SimpleNamespace(noting=False)


def hook(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Call the hook that was there before. That of Brian2 gets only Ctrl-C, of which it says nothing, and errors of Brian2."""
    plain = issubclass(kind, RecircuitError | DimensionMismatchError) or not _raised_by_brian2(trace)
    pythons = _before is brian_excepthook and plain and not issubclass(kind, KeyboardInterrupt)
    (sys.__excepthook__ if pythons else _before)(kind, problem, trace)


def _raised_by_brian2(trace: TracebackType | None) -> bool:
    """Return whether the code that raised an error is in Brian2."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] == "brian2"


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
