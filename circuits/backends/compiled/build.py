"""Compilation of sources to a program: several compilers run at the same time, and are called without a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ....errors import RecircuitError
from ....processes import Process, Processes
from ....processor import cores
from ....terminal import is_terminal
from ....waiting import as_completed

Command = tuple[str, ...]

_OLDER = "Install an older g++ and name it in NVCC_CCBIN, or a newer CUDA toolkit."
_OTHER = f"nvcc does not work with this C++ compiler ({{}}). {_OLDER}"
#: What a compiler says if something else than the generated code is at fault, and the message about it, with its first line.
NOT_THE_CODE = {
    "No space left on device": "there is no space left to compile in ({}). Make room, or name a folder in RECIRCUIT_CACHE.",
    "unsupported GNU version": _OTHER,
    "unsupported clang version": _OTHER,
}


@dataclass(frozen=True)
class Recipe:
    """The commands that are called in a folder of sources, and the files that they make there.

    Parameters
    ----------
    compile : tuple[Command, ...]
        Commands, as lists of words, that may run at the same time.
    makes : tuple[str, ...]
        The names of the files that are needed afterwards.
    link : Command
        The command that runs after the others; empty for none.
    """

    compile: tuple[Command, ...]
    makes: tuple[str, ...]
    link: Command = ()


class Stopped(RecircuitError):
    """A compiler was ended, because the compilation that it belonged to was given up."""


class Compilers(Processes):
    """Compilers that run for one circuit."""

    def __init__(self) -> None:
        super().__init__()
        self._failed: str = ""

    def end(self, running: Collection[Process]) -> None:
        """End running compilers and the programs that they started."""
        for process in running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def check(self) -> None:
        """Raise the error of the compiler that failed first, or `Stopped` if compiling was given up."""
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
        with _progress(backend, len(recipe.compile) + bool(recipe.link)) as done:
            self._run(recipe.compile, folder, backend, done)
            if recipe.link:
                self._run([recipe.link], folder, backend, done)

    def _run(self, commands: Iterable[Command], folder: Path, backend: str, done: Callable[[], object]) -> None:
        def follow(command: Command) -> None:
            self._run_one(command, folder, backend)
            done()

        with ThreadPoolExecutor(cores()) as pool, self:
            for future in as_completed([pool.submit(follow, command) for command in commands]):
                future.result()

    def _run_one(self, command: Command, folder: Path, backend: str) -> None:
        process = self._start(command, folder, backend)
        try:
            said, _ = process.communicate()
        finally:
            self.ended(process)
        self.check()
        if process.returncode:
            self._fail(_refusal(backend, command, said))

    def _start(self, command: Command, folder: Path, backend: str) -> Process:
        """Start a compiler. If it is killed, its unfinished files are in the folder, which is removed."""
        try:
            return self.start(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                errors="replace", env=os.environ | {"TMPDIR": str(folder)},
            )  # fmt: skip
        except OSError as problem:
            why = problem.strerror or problem
            raise RecircuitError(f"{backend}: the compiler {command[0]!r} cannot be started ({why}).") from None

    def _fail(self, why: str) -> None:
        self._failed = self._failed or why
        raise RecircuitError(why)


@contextmanager
def _progress(backend: str, commands: int) -> Iterator[Callable[[], object]]:
    """Show a line of progress on a terminal or in Jupyter; yield the function that is called after each command."""
    from tqdm.auto import tqdm  # only here, since it takes a while

    shown = is_terminal(sys.stderr) or "ipykernel" in sys.modules
    with tqdm(total=commands, desc=f"{backend}: compiling", unit=" files", leave=False, disable=not shown) as line:
        yield line.update


def _refusal(backend: str, command: Command, said: str) -> str:
    """Return the message about a compiler that reports an error; its whole output is kept in a file that nobody else
    could guess.
    """
    lines = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines() or ["no output"]
    for words, why in NOT_THE_CODE.items():
        if words in said:
            return f"{backend}: {why.format(lines[0])}"
    handle, log = tempfile.mkstemp(prefix="recircuit-build-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{list(command)}\n\n{said}")
    return (
        f"{backend}: the compiler refused the generated code: {lines[0]} (all of it is in {log}). "
        "Use backend='numpy', and report this with the circuit."
    )
