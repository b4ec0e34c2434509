"""How sources become a program: compilers are called with lists of arguments, several beside one another, without a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ....errors import RecircuitError
from ....processor import cores

Command = tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """What is called in a folder of sources, and which files it leaves there.

    Parameters
    ----------
    compile : tuple[Command, ...]
        Commands, as lists of words, that may run beside one another.
    makes : tuple[str, ...]
        The names of the files that are needed afterwards.
    link : Command
        The command that runs after the others; empty for none.
    """

    compile: tuple[Command, ...]
    makes: tuple[str, ...]
    link: Command = ()


class Stopped(RecircuitError):
    """A compiler was ended, because what it was part of was given up."""


class Compilers:
    """Compilers that run for one circuit. When its ``with`` block is left by an exception, they are ended with it."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._failed: str = ""
        self.stopped = threading.Event()

    def __enter__(self) -> Compilers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()

    def stop(self) -> None:
        """End those that run, with the programs that they started, and start no others."""
        with self._lock:
            self.stopped.set()
            for process in self._running:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def check(self) -> None:
        """Raise RecircuitError: they were stopped, by what failed first if something did."""
        if self._failed:
            raise RecircuitError(self._failed)
        if self.stopped.is_set():
            raise Stopped("compiling was given up.")

    def follow(self, recipe: Recipe, folder: Path, backend: str) -> None:
        """Compile, then link.

        Raises
        ------
        RecircuitError
            If a compiler reports an error, or cannot be started.
        """
        self._run(recipe.compile, folder, backend)
        if recipe.link:
            self._run([recipe.link], folder, backend)

    def _run(self, commands: Iterable[Command], folder: Path, backend: str) -> None:
        with ThreadPoolExecutor(cores()) as pool, self:
            list(pool.map(lambda command: self._one(command, folder, backend), commands))

    def _one(self, command: Command, folder: Path, backend: str) -> None:
        process = self._start(command, folder, backend)
        try:
            said, _ = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
        self.check()
        if process.returncode:
            self._fail(_refused(backend, command, said))

    def _start(self, command: Command, folder: Path, backend: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, so that what the compiler starts can be ended with it."""
        with self._lock:
            self.check()
            try:
                process = subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True, errors="replace", start_new_session=True,
                )  # fmt: skip
            except OSError as problem:
                why = problem.strerror or problem
                raise RecircuitError(f"{backend}: the compiler {command[0]!r} cannot be started ({why}).") from None
            self._running.add(process)
            return process

    def _fail(self, why: str) -> None:
        self._failed = self._failed or why
        raise RecircuitError(why)


def _refused(backend: str, command: Command, said: str) -> str:
    """Return the message about a compiler that reports an error; all that it said is kept in a file that nobody else
    could guess.
    """
    lines = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines() or ["no output"]
    if "No space left on device" in said:
        return f"{backend}: there is no space left to compile in ({lines[0]}). Make room, or name a folder in RECIRCUIT_CACHE."
    handle, log = tempfile.mkstemp(prefix="recircuit-build-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{list(command)}\n\n{said}")
    return (
        f"{backend}: the compiler refused the generated code: {lines[0]} (all of it is in {log}). "
        "Use backend='numpy', and report this with the circuit."
    )
