"""Talks to a peer's process (peers/server.py)."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.environments import FOLDER, python_of
from benchmarks.roster import Entrant

ROOT = Path(__file__).parents[1]


class Failed(Exception):
    """A peer that cannot do what it was asked; the message says why."""


class Client:
    """A running peer, with variables of the environment beside ours. Its log lies beside the environments."""

    def __init__(self, entrant: Entrant, threads: int, **variables: str) -> None:
        self.entrant = entrant
        python = python_of(entrant.environment) if entrant.environment else Path(sys.executable)
        self.log = FOLDER / "logs" / f"{entrant.name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [str(python), "-m", f"benchmarks.peers.{entrant.module}", *filter(None, [entrant.argument])]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=_environment(python, threads, own=bool(entrant.environment)) | variables, start_new_session=True,
            )  # fmt: skip
        self.pending = b""
        self._answer(120)

    def ask(self, do: str, timeout: float = 600, **details: Any) -> Any:
        """Send a command and wait for the answer.

        Raises Failed: the peer says so, it ended, or it did not answer in time (then it is ended).
        """
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": do} | details).encode() + b"\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise Failed(f"it has ended; see {self.log}") from None
        return self._answer(timeout)

    def close(self) -> None:
        """End the process, and what it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _answer(self, timeout: float) -> Any:
        """Return the next line that is an answer: some tools greet before they can be told not to."""
        deadline = time.monotonic() + timeout
        while True:
            line = self._line(deadline)
            if line.startswith(b'{"error"'):
                raise Failed(json.loads(line)["error"])
            if line.startswith(b'{"ok"'):
                return json.loads(line)["ok"]

    def _line(self, deadline: float) -> bytes:
        assert self.process.stdout is not None
        file = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            ready, _, _ = select.select([file], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self.close()
                raise Failed("no answer in time")
            more = os.read(file, 1 << 16)
            if not more:
                raise Failed(f"it ended; see {self.log}")
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return line


def _environment(python: Path, threads: int, *, own: bool) -> dict[str, str]:
    """Run as in the activated environment, with this many threads for everyone.

    PYTHONPATH is for the interpreter of this process: one with an environment of its own does not see it.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RECIRCUIT_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads))
    environment |= {
        "VIRTUAL_ENV": str(python.parents[1]),
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    environment["TORCHINDUCTOR_CACHE_DIR"] = str(FOLDER / "inductor")
    if own:
        environment.pop("PYTHONPATH", None)
    return environment


def use_processors(count: int) -> list[int]:
    """Keep this process and all that it starts on the first processors; returns which."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    mine = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, mine)
    return mine
