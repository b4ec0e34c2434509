"""Reading files that are files, and writing a file whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .errors import RecircuitError

#: Errors of a disk that is full, or full for this user.
FULL = (errno.ENOSPC, errno.EDQUOT)

__all__ = ["check_places", "make_folder", "read_file", "write_together", "write_whole"]


def read_file(path: Path) -> bytes:
    """Return everything that a regular file holds. A FIFO or a device, which may never end, is refused at once.

    Raises
    ------
    OSError
        If the path is no regular file, or cannot be read.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a regular file but a pipe, a socket or a device", str(path))
        return file.read()


def _advice(folder: Path, problem: OSError) -> str:
    """Return what a person can do about a file that cannot be written."""
    if not os.path.isdir(folder):
        return f"Make the folder {folder} first, or choose another."
    return "Make room, or choose another folder." if problem.errno in FULL else "Choose another file or folder."


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file, flush to the disk, then take its place: at any moment the old or the new is there.

    Raises
    ------
    RecircuitError
        If the disk is full, the folder cannot be written, or what is there is no file. It is then as it was.
    """
    beside = None
    try:
        _check_place(path)
        beside = _beside(path)
        _flushed(beside, content)
        os.replace(beside, path)
        _flush_folder(path.parent)
    except OSError as problem:
        kept = "what was there before is intact" if os.path.lexists(path) else "nothing was there before"
        raise RecircuitError(
            f"Cannot write {path}: {problem.strerror or problem}; {kept}. {_advice(path.parent, problem)}"
        ) from problem
    finally:
        if beside is not None:
            _remove(beside)


def write_together(folder: Path, contents: Mapping[str, bytes], last: str, without: Sequence[str] = ()) -> None:
    """Write several files in the place of older ones, so that the new `last` is there only with all the others.

    All are written beside before anything is changed. Then the old `last` goes, the others take their places, and the new
    `last` comes: a process that finds it finds all files that belong to it, whenever this process is killed.

    Parameters
    ----------
    folder : Path
        Where they are.
    contents : Mapping[str, bytes]
        The contents by name.
    last : str
        The name of the one without which the others count for nothing.
    without : Sequence[str]
        Names of files that belong to the older ones, and are removed.

    Raises
    ------
    RecircuitError
        If the disk is full, or the folder cannot be written. All files are then as they were.
    """
    staged = {name: _beside(folder / name) for name in contents}
    try:
        for name in (*contents, *without):
            _check_place(folder / name)
        for name, beside in staged.items():
            _flushed(beside, contents[name])
        for name in (last, *without):
            (folder / name).unlink(missing_ok=True)
        for name in sorted(staged, key=lambda name: name == last):
            os.replace(staged[name], folder / name)
        _flush_folder(folder)
    except OSError as problem:
        raise RecircuitError(
            f"Cannot write {folder}: {problem.strerror or problem}. {_advice(folder, problem)}"
        ) from problem
    finally:
        for beside in staged.values():
            _remove(beside)


def check_places(folder: Path, names: Sequence[str]) -> None:
    """Refuse to begin what could not be finished, since something that is no file has the name of one of several files.

    Raises
    ------
    RecircuitError
        If there is a folder, a pipe, a socket, a device or a link to one of these in the place of a file.
    """
    for name in names:
        try:
            _check_place(folder / name)
        except OSError as problem:
            raise RecircuitError(
                f"Cannot write {folder / name}: {problem.strerror or problem}. Remove it, or choose another folder."
            ) from problem


def _check_place(path: Path) -> None:
    """Refuse to take the place of a folder, a pipe, a socket or a device, such as /dev/null."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "a folder is in its place", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "a pipe, a socket or a device is in its place", str(path))


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _flushed(path: Path, content: bytes) -> None:
    """Write a new file. What has its name already goes: a link that somebody has put there is never written through."""
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises
    ------
    RecircuitError
        If the folder cannot be made, or a file is in its place.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise RecircuitError(
            f"Cannot make the folder {path}: {problem.strerror or problem}. Choose another with --out."
        ) from problem


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
