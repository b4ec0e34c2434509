"""Paths that a user gives as text."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import UsageError

__all__ = ["path_of", "shown", "unusable_name"]


#: Bytes of the longest path, and of the longest name of a file or folder in it.
LONGEST_PATH, LONGEST_NAME = 4095, 255


def unusable_name(text: str) -> str:
    """Return why a text names no file on any disk, as the end of a sentence; an empty text if it may name one."""
    if "\0" in text:
        return "holds a NUL character, which no name of a file can hold"
    try:
        encoded = os.fsencode(text)
    except UnicodeEncodeError as problem:
        sign = text[problem.start].encode("unicode_escape").decode()
        return (
            f"holds the character {sign}, which names of files cannot hold here (their encoding is {problem.encoding})"
        )
    if len(encoded) > LONGEST_PATH or max(map(len, encoded.split(b"/"))) > LONGEST_NAME:
        return f"is too long: a path has at most {LONGEST_PATH} bytes, and each name in it {LONGEST_NAME}"
    return ""


def shown(path: str | Path) -> str:
    """Return a path, or a word of a command, as text; bytes in it that are no text are written as ``\\udce9``."""
    return str(path).encode(errors="backslashreplace").decode()


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
        If it names the home folder of a user who does not exist, or of one who has none; or if it is the name of no file,
        since it is too long or holds a character that no such name can hold.
    """
    if why := unusable_name(str(text)):
        raise UsageError(f"{where}: {str(text)!r:.80} {why}.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{where}: {str(text)!r:.80} begins with ~, and there is no such home folder.") from None
