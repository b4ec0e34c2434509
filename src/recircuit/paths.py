"""Paths that a user gives as text."""

from __future__ import annotations

from pathlib import Path

from .errors import UsageError

__all__ = ["names_no_file", "path_of"]


def names_no_file(text: str) -> bool:
    """Return whether a text holds a NUL character, which no name of a file can hold."""
    return "\0" in text


def path_of(text: str | Path, where: str) -> Path:
    """Return a path in which ``~`` stands for a home folder.

    Parameters
    ----------
    text : str or Path
        What the user gave.
    where : str
        The words with which a message begins.

    Raises
    ------
    UsageError
        If it names the home folder of a user who does not exist, or of one who has none; or if it holds a NUL character,
        which no name of a file can hold.
    """
    if names_no_file(str(text)):
        raise UsageError(f"{where}: {str(text)!r:.80} holds a NUL character, which no name of a file can hold.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{where}: {str(text)!r:.80} begins with ~, and there is no such home folder.") from None
