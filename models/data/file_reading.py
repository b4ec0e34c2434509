"""Finding and reading files, with the operating system's refusals in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from errno import EINVAL
from pathlib import Path

from ...atomic_files import read_file
from ...errors import RecircuitError, UsageError


def read_bytes(path: Path) -> bytes:
    """Return everything the file holds.

    Raises
    ------
    UsageError
        If the file is missing or is a directory.
    RecircuitError
        If the file may not be read.
    """
    try:
        return read_file(path)
    except OSError as error:
        raise _kind(error)(
            f"Cannot read {path}: {error.strerror or error}. Expected a readable data file: check the path "
            "and its permissions."
        ) from error


def find(directory: Path, folders: Sequence[str], names: Sequence[str]) -> Path:
    """Return the first of `names` that lies in the directory or else in one of its `folders`.

    Raises
    ------
    UsageError
        If the directory is missing, is no directory, or holds none of the names.
    RecircuitError
        If the file may not be read.
    """
    places = [directory, *(directory / folder for folder in folders if os.path.isdir(directory / folder))]
    for place in places:
        listing = _names_in(place)
        for name in names:
            if name in listing:
                return place / name
    searched = " or ".join(str(place) for place in places)
    raise UsageError(
        f"No {' or '.join(names)} in {searched}. Expected one of these files: check the directory given as "
        "--data, and that the data set was unpacked there."
    )


def _names_in(directory: Path) -> set[str]:
    """Return names of what lies in a directory."""
    try:
        return set(os.listdir(directory))
    except OSError as error:
        raise _kind(error)(
            f"Cannot read the data directory {directory}: {error.strerror or error}. Expected a directory "
            "that holds the files of the data set: give it as --data DIR."
        ) from error


def _kind(error: OSError) -> type[RecircuitError]:
    """Return the class of the error: a wrong path is a wrong call, and whatever else the system refuses makes the run fail."""
    wrong_path = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError) or error.errno == EINVAL
    return UsageError if wrong_path else RecircuitError
