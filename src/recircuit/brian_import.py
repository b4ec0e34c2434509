"""The import of Brian2, which sets a handler of Ctrl-C that calls the handler from before.

That fails where Ctrl-C is ignored, as in ``python script.py &`` of a shell script: the handler from before is set again. And
no thread but the main one may set a handler, so that Brian2 could not be imported in others: there it sets none.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def _no_handlers_from_here() -> Iterator[None]:
    """Have ``signal.signal`` do nothing in this thread, in a ``with`` block."""
    usual, here = signal.signal, threading.get_ident()

    def set_elsewhere(number: int, handler: Any) -> Any:
        return signal.getsignal(number) if threading.get_ident() == here else usual(number, handler)

    signal.signal = set_elsewhere
    try:
        yield
    finally:
        signal.signal = usual


def _set_what_was_there() -> None:
    """Set the handler from before, if Brian2's handler would call what is no function: SIG_IGN or SIG_DFL."""
    handler = signal.getsignal(signal.SIGINT)
    before = getattr(handler, "previous_handler", signal.default_int_handler)
    if type(handler).__module__.partition(".")[0] == "brian2" and not callable(before):
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)


if threading.current_thread() is threading.main_thread():
    import brian2 as _brian2

    _set_what_was_there()
else:
    with _no_handlers_from_here():
        import brian2 as _brian2  # noqa: F401
