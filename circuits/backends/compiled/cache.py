"""The cache of compiled circuits. Its keys are hashes of the generated code, so that nothing is compiled twice."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ....errors import RecircuitError
from .build import Compilers, Recipe
from .entry import is_whole, record

#: What to do without a cache, and one of the reasons for having none; both without a full stop.
ADVICE = "Name a folder that can be written in RECIRCUIT_CACHE"
NO_HOME = "the user has no home folder (HOME is not set)"
BUILDING = "building-"
#: Seconds after which a folder that no process has locked counts as left behind, even if the process in its name is running.
LEFT_BEHIND = 60.0


def cache_folder() -> Path:
    """Return the folder of compiled circuits: $RECIRCUIT_CACHE, or ``recircuit`` in the user's cache."""
    if (folder := _folder()) is None:
        raise RecircuitError(f"cache: {NO_HOME}. {ADVICE}.")
    return folder


def _folder() -> Path | None:
    """Return the folder of compiled circuits; None if the user has no home folder that it could be in."""
    if given := os.environ.get("RECIRCUIT_CACHE"):
        return Path(given).absolute()
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return (base / "recircuit").absolute()


def cache_problem() -> str:
    """Return why programs cannot be kept and run on this machine, without a full stop; empty if they can.

    A folder that can only be read is enough, where what is needed may be in it.
    """
    if (root := _folder()) is None:
        return NO_HOME
    try:
        root.mkdir(parents=True, exist_ok=True)
        if os.statvfs(root).f_flag & getattr(os, "ST_NOEXEC", 0):
            return f"the cache {root} is on a file system from which no program may be run (noexec)"
        if not os.access(root, os.W_OK | os.X_OK) and not any(root.iterdir()):
            return f"the cache {root} is empty and cannot be written"
    except OSError as problem:
        return f"cannot write to {problem.filename} ({problem.strerror})"
    return ""


def missing_cache() -> str:
    """Return `cache_problem` and what to do about it, as `Backend.missing` does; empty if there is no problem."""
    problem = cache_problem()
    return f"{problem}. {ADVICE}" if problem else ""


def built(
    backend: str, write: Callable[[Path], Recipe], toolchain: str, compilers: Compilers | None = None
) -> Path:  # fmt: skip
    """Return the folder of the program that is compiled from the sources of ``write``: from the cache, or compiled into it
    now.

    Parameters
    ----------
    backend : str
        The name that begins errors.
    write : Callable[[Path], Recipe]
        Writes the sources into a folder, and returns how they are compiled.
    toolchain : str
        Everything else that the program depends on.
    compilers : Compilers | None
        The compilers of the circuit, so that all of them end when one fails.

    Raises
    ------
    RecircuitError
        The cache cannot be written and does not hold the program, or the compiler reports an error.
    """
    root = cache_folder()
    try:
        with _work_folder(root) as fresh:
            _sweep(root)
            recipe = write(fresh)
            home = root / _fingerprint(fresh, recipe, toolchain, root)
            if not is_whole(home, recipe):
                _check_inside(fresh, root)
                with compilers or Compilers() as compilers:
                    _build(backend, fresh, home, recipe, compilers)
        return home
    except OSError as problem:
        raise RecircuitError(f"cache: writing to {root} failed ({problem.strerror or problem}). {ADVICE}.") from None


def _build(backend: str, fresh: Path, home: Path, recipe: Recipe, compilers: Compilers) -> None:
    with _locked(home.with_name(f"{home.name}.lock"), compilers):
        if not is_whole(home, recipe):  # another process may have made it meanwhile
            compilers.follow(recipe, fresh, backend)
            _remove_objects(fresh, recipe)
            record(fresh, recipe)
            _take_place(fresh, home)


def _fingerprint(folder: Path, recipe: Recipe, toolchain: str, root: Path) -> str:
    """Return the name of an entry. It does not depend on where the cache lies."""
    calls = json.dumps([recipe.compile, recipe.link]).replace(json.dumps(str(root))[1:-1], "")
    digest = hashlib.sha256(f"{toolchain}\0{calls}".encode(errors="surrogateescape"))
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(folder)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


@contextmanager
def _work_folder(root: Path) -> Iterator[Path]:
    """Yield a folder for the sources of this process: in the cache, or in the temp folder if the cache is read-only."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{BUILDING}{os.getpid()}-", dir=root))
    except OSError as problem:
        if not root.is_dir():
            raise RecircuitError(f"cache: cannot write to {root} ({problem.strerror}). {ADVICE}.") from None
        fresh = Path(tempfile.mkdtemp(prefix=f"recircuit-{BUILDING}"))
    handle = os.open(fresh, os.O_RDONLY)
    try:
        with suppress(OSError):  # file systems without locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield fresh
    finally:
        os.close(handle)
        shutil.rmtree(fresh, ignore_errors=True)


def _check_inside(fresh: Path, root: Path) -> None:
    if fresh.parent != root:
        raise RecircuitError(f"cache: cannot write to {root}, which does not hold what is needed yet. {ADVICE}.")


def _sweep(root: Path) -> None:
    """Remove the unfinished folders of processes that were killed."""
    for left in root.glob(f"{BUILDING}*"):
        with suppress(OSError):
            if _is_running(left) and time.time() - left.stat().st_mtime < LEFT_BEHIND:
                continue
            handle = os.open(left, os.O_RDONLY | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)


def _is_running(left: Path) -> bool:
    """Say whether a process with the number in the folder's name is running, which need not be the one that made it."""
    try:
        os.kill(int(left.name.removeprefix(BUILDING).partition("-")[0]), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OverflowError, OSError):
        return True
    return True


def _remove_objects(folder: Path, recipe: Recipe) -> None:
    for leftover in folder.rglob("*.o"):
        if leftover.name not in recipe.makes:
            leftover.unlink()


def _take_place(fresh: Path, home: Path) -> None:
    """Move a whole entry to its place in the cache, where a damaged one, or none, is."""
    if os.path.lexists(home):
        damaged = fresh.with_name(f"{fresh.name}-damaged")
        os.rename(home, damaged)
        if damaged.is_dir() and not damaged.is_symlink():
            shutil.rmtree(damaged, ignore_errors=True)
        else:
            damaged.unlink()
    os.rename(fresh, home)


@contextmanager
def _locked(path: Path, compilers: Compilers) -> Iterator[None]:
    """Let one process build an entry at a time; the others wait, unless they are stopped."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW  # a link that somebody has put there is not followed
    handle = os.open(path, flags, 0o666)
    try:
        while not _try_lock(handle):
            compilers.stopped.wait(0.05)
            compilers.check()
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
