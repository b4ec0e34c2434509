"""Compiled circuits, kept by what was generated, so that nothing is compiled twice."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ....errors import RecircuitError


def cache_folder() -> Path:
    """Where compiled circuits lie: $RECIRCUIT_CACHE, or ``recircuit`` in the user's cache."""
    given = os.environ.get("RECIRCUIT_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else base / "recircuit"


def built(backend: str, write: Callable[[Path], None], toolchain: str, what: str = "main") -> Path:
    """The folder of what ``make`` builds of the sources that ``write`` writes: from the cache, or compiled into it now.

    ``toolchain`` names everything but the sources that it depends on, and ``what`` the file that is built.
    """
    root = cache_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="building-", dir=root))
    except OSError as problem:
        raise RecircuitError(
            f"cache: cannot write to {root} ({problem.strerror}). Name a folder that can be written in RECIRCUIT_CACHE."
        ) from None
    try:
        write(fresh)
        home = root / _fingerprint(fresh, toolchain)
        with _lock(root / f"{home.name}.lock"):
            if not (home / what).exists():
                _make(fresh, backend)
                shutil.rmtree(home, ignore_errors=True)
                os.replace(fresh, home)
        return home
    except OSError as problem:
        raise RecircuitError(f"cache: writing to {root} failed: {problem.strerror or problem}.") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _fingerprint(folder: Path, toolchain: str) -> str:
    digest = hashlib.sha256(toolchain.encode())
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(folder)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _make(folder: Path, backend: str) -> None:
    jobs = str(os.cpu_count() or 1)
    command = ["make", "-j", jobs, "DEPS="]  # no list of dependencies, which Brian2's makefile asks for: all is new
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "error" in line.lower()] or done.stdout.splitlines()
        log = Path(tempfile.gettempdir()) / f"recircuit-build-{os.getpid()}.log"
        log.write_text(done.stdout)
        raise RecircuitError(
            f"{backend}: the compiler refused the generated code: {lines[0] if lines else 'no output'} (all of it in {log}). "
            "Use backend='numpy', and report this with the circuit."
        )
    for leftover in folder.rglob("*.o"):
        leftover.unlink()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
