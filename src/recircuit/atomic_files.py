"""Reading files that are files, and writing a file whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from .errors import RecircuitError

__all__ = ["make_folder", "read_file", "write_whole"]


def read_file(path: Path) -> bytes:
    """Everything that a regular file holds. A FIFO or a device, which may never end, is refused at once.

    Raises OSError: it is no regular file, or it cannot be read.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a regular file but a pipe, a socket or a device", str(path))
        return file.read()


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file, flush to the disk, then take its place: at any moment the old or the new is there.

    Raises RecircuitError: the disk is full or the folder cannot be written; the old file is as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        _flush_folder(path.parent)
    except OSError as problem:
        kept = "what was there before is intact" if path.exists() else "nothing was there before"
        raise RecircuitError(
            f"Cannot write {path}: {problem.strerror or problem}; {kept}. Make room, or choose another folder."
        ) from problem
    finally:
        _remove(beside)


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises RecircuitError: it cannot be made, or a file is in its place.
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
