"""One run at a time in a folder. The lock is the system's, on the folder itself, and ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from .atomic_files import make_folder
from .errors import RecircuitError

__all__ = ["FolderLock", "locked"]

#: The folders that this call holds already, so that what it calls may lock them too.
_HELD: ContextVar[frozenset[tuple[int, int]]] = ContextVar("held", default=frozenset())


class FolderLock:
    """A folder that no other run uses meanwhile; it is made when it is needed, not before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.was_there = _is_there(folder)
        self._handle: int | None = None
        self._process = os.getpid()

    def make(self) -> None:
        """Make the folder, and hold it.

        Raises
        ------
        RecircuitError
            If the folder cannot be made, or if another run holds it or has begun in it since this call.
        """
        make_folder(self.folder)
        if self._handle is None:
            self.hold()
        if not self.was_there and any(self.folder.iterdir()):
            raise RecircuitError(
                f"{self.folder}: another run has begun there while this one was made ready. Choose another folder (--out)."
            )
        self.was_there = True

    def hold(self) -> None:
        """Hold the folder, which is there.

        Raises
        ------
        RecircuitError
            If another run holds the folder.
        """
        try:
            handle = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as problem:
            raise _unusable(self.folder, problem) from problem
        about = os.fstat(handle)
        held = _HELD.get()
        try:
            if (about.st_dev, about.st_ino) not in held:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise RecircuitError(
                f"{self.folder} is in use: another run is writing there. Wait until it has ended, or choose another folder "
                "(--out)."
            ) from None
        except OSError:  # a file system without locks
            pass
        self._handle = handle
        _HELD.set(held | {(about.st_dev, about.st_ino)})

    def release(self) -> None:
        """Let go of it, also where a process that was forked meanwhile has a copy of the handle."""
        if self._handle is not None:
            if os.getpid() == self._process:
                with suppress(OSError):  # a file system without locks
                    fcntl.flock(self._handle, fcntl.LOCK_UN)
            os.close(self._handle)
            self._handle = None


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except (OSError, ValueError) as problem:
        raise _unusable(folder, problem) from problem


def _unusable(folder: Path, problem: OSError | ValueError) -> RecircuitError:
    why = getattr(problem, "strerror", None) or problem
    return RecircuitError(f"Cannot use the folder {str(folder)!r:.100}: {why}. Choose another folder (--out).")


@contextmanager
def locked(folder: Path) -> Iterator[FolderLock]:
    """Hold a folder, if it is there, until the end of a ``with`` block; `FolderLock.make` makes one that is not.

    Raises
    ------
    RecircuitError
        If another run holds the folder.
    """
    lock, before = FolderLock(folder), _HELD.get()
    try:
        if lock.was_there:
            lock.hold()
        yield lock
    finally:
        lock.release()
        _HELD.set(before)
