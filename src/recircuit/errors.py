"""The errors of recircuit. A message is one paragraph: it names the object, what it got, what was expected, and what to do."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["Interruption", "RecircuitError", "UsageError"]

#: Of a longer message the middle is left out: it quotes a long value, and its beginning and end say what is wrong with it.
LONGEST, LEFT_OUT = 4000, " [...] "


class RecircuitError(Exception):
    """An error that says, in words that a user can act on, what cannot be done.

    The message is made one paragraph, so that it may be written over several lines where it is raised. Where it quotes a value
    of many thousand characters, its middle is left out.
    The command line prints it on stderr, without a traceback, and ends with `exit_code`.

    Parameters
    ----------
    message : str
        The object, what it got, what it expected, what to do.
    """

    exit_code: ClassVar[int] = 1
    """1: a check fails or the run failed."""

    def __init__(self, message: str) -> None:
        text = " ".join(str(message).split())
        half = LONGEST // 2 - len(LEFT_OUT)
        super().__init__(text if len(text) <= LONGEST else text[:half] + LEFT_OUT + text[-half:])


class UsageError(RecircuitError):
    """The call itself is wrong: an unknown name, an option that does not fit, a file that is not there."""

    exit_code: ClassVar[int] = 2
    """2: the call is wrong."""


class Interruption(KeyboardInterrupt):
    """Ctrl-C was pressed. Jupyter shows one line, which says what was stopped, in place of the calls that led there.

    Parameters
    ----------
    message : str
        What was stopped, and in which state the circuit is.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows."""
        return [f"{type(self).__name__}: {self}"]
