"""Ctrl-C during a long presentation: the first one waits for its end, and a later one ends it at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress

__all__ = ["LOST", "InterruptedWait"]

#: What is said of a circuit whose program has ended in the middle of its work.
LOST = "Its state is lost: close the circuit by its close(), and go on from a checkpoint."

#: Seconds after a Ctrl-C in which another one does nothing, so that Ctrl-C that is pressed twice loses nothing.
PATIENT = 2.0


class InterruptedWait:
    """The wait for the end of a presentation, or for an answer of a compiled circuit, after Ctrl-C.

    Parameters
    ----------
    backend : str
        The name of the backend.
    end : callable
        A function that ends the work at once. A Ctrl-C calls it, but only after the user was told that it would.
    """

    def __init__(self, backend: str, end: Callable[[], None]) -> None:
        self._backend, self._end = backend, end
        self._since: float | None = None
        self._announced = False

    def interrupt(self) -> None:
        """Handle a Ctrl-C."""
        if self._announced:
            self._end()
        elif self._since is None:
            self._since = time.monotonic()
        else:
            self.look()

    def look(self) -> None:
        """Tell the user once that the wait continues, and what another Ctrl-C does. The code that waits calls this often."""
        if self._announced or self._since is None or time.monotonic() < self._since + PATIENT:
            return
        self._announced = True
        with suppress(RuntimeError, ValueError, OSError):  # something is being written there, or nobody reads it
            print(
                f"{self._backend}: after Ctrl-C the presentation under way is finished first. Another Ctrl-C ends it at once, "
                "and the state of the circuit is lost.",
                file=sys.stderr, flush=True,
            )  # fmt: skip
