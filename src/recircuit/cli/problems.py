"""Messages for users about what went wrong."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

from recircuit.errors import RecircuitError

__all__ = ["explained"]


def explained(problem: Exception) -> tuple[str, int]:
    """Return a paragraph for the user, and the exit code.

    The traceback of an error that is not expected goes into a file.
    """
    if isinstance(problem, RecircuitError):
        return str(problem), problem.exit_code
    if isinstance(problem, MemoryError):
        return "There is not enough memory for this. Use smaller layers, fewer batch elements, or less data.", 1
    if isinstance(problem, OSError) and problem.errno is not None:
        where = f" ({problem.filename})" if problem.filename else ""
        return f"The system refuses{where}: {os.strerror(problem.errno)}.", 1
    if str(problem).startswith("Key backend:") and "MPLBACKEND" in os.environ:
        given = os.environ["MPLBACKEND"]
        return f"MPLBACKEND: {given!r} is not a backend of Matplotlib. Choose one, as in MPLBACKEND=agg.", 1
    message = " ".join(f"{type(problem).__name__}: {problem}".split())
    return f"This is a bug in recircuit: {message[:300]} {_details(problem)}", 1


def _details(problem: Exception) -> str:
    command = " ".join(sys.argv)
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="backslashreplace", prefix="recircuit-bug-", suffix=".txt", delete=False
        ) as file:
            file.write(f"{command}\nPython {sys.version}\n\n")
            file.writelines(traceback.format_exception(problem))
        return f"The details are in {file.name}: please report them, with the command."
    except OSError:
        return f"Please report it, with the command: {command}"
