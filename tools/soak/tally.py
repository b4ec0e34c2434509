"""What a part of the soak has tried, and what it has found."""

from __future__ import annotations

import signal
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from recircuit.errors import RecircuitError

#: What can be found. A raw error is one of Python's that a public function raises. What is lost or wrong is not as it was, or
#: not as it should be.
KINDS = ("executed", "lost", "wrong", "left behind", "hangs", "raw errors")


class TakesTooLong(BaseException):
    """Something takes longer than it may. No error, so that nothing that catches errors keeps it."""


@dataclass
class Tally:
    """The counts of one part.

    Parameters
    ----------
    name : str
        What was tried.
    report : function
        A function that is called with each fault at once, in words, with its input.
    tried, refused : int
        How often it was tried, and how many of these were refused in words.
    found : Counter
        How often each kind of fault was found.
    """

    name: str
    report: Callable[[str], object] = print
    tried: int = 0
    refused: int = 0
    seconds: float = 0.0
    found: Counter[str] = field(default_factory=Counter)

    def fault(self, kind: str, details: str) -> None:
        """Count a fault."""
        self.found[kind] += 1
        self.report(f"{self.name}: {kind}: {details}")

    def attempt(self, use: Callable[[Any], object], given: Any, limit: float) -> None:
        """Give something to a function, for at most ``limit`` seconds."""
        self.tried += 1
        try:
            with at_most(limit):
                use(given)
        except RecircuitError:
            self.refused += 1
        except TakesTooLong:
            self.fault("hangs", f"more than {limit} s: {given!r:.2000}")
        except BaseException:
            self.fault("raw errors", f"{given!r:.2000}\n{traceback.format_exc()}")


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TakesTooLong` after a while. Does nothing in a thread, where there are no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hang(*_: object) -> None:
        raise TakesTooLong

    before = signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


#: The head of the table of all parts, in Markdown.
HEAD = f"| what | tried | {' | '.join(KINDS)} | seconds |\n| --- | ---: |{' ---: |' * (len(KINDS) + 1)}"


def row(tally: Tally) -> str:
    """Return a part as a row of the table."""
    counts = " | ".join(str(tally.found[kind]) for kind in KINDS)
    return f"| {tally.name} | {tally.tried:,} | {counts} | {tally.seconds:.0f} |"
