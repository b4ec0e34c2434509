"""The errors of recircuit. A message is one paragraph: it names the object, what it got, what was expected, and what to do."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["RecircuitError", "UsageError"]


class RecircuitError(Exception):
    """An error that says, in words that a user can act on, what cannot be done.

    The message is made one paragraph, so that it may be written over several lines where it is raised.
    The command line prints it on stderr, without a traceback, and ends with `exit_code`.

    Parameters
    ----------
    message : str
        The object, what it got, what it expected, what to do.
    """

    exit_code: ClassVar[int] = 1
    """1: a check fails or the run failed."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(str(message).split()))


class UsageError(RecircuitError):
    """The call itself is wrong: an unknown name, an option that does not fit, a file that is not there."""

    exit_code: ClassVar[int] = 2
    """2: the call is wrong."""
