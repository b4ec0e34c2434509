"""The other end of the worker: a process that takes commands and exchanges arrays as files in memory."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ....errors import RecircuitError
from ..interrupts import interruptible


def threads() -> int:
    """How many threads a compiled circuit uses: $RECIRCUIT_THREADS, or the processors that this process may use."""
    given = os.environ.get("RECIRCUIT_THREADS", "")
    return max(1, int(given)) if given.isdigit() else len(os.sched_getaffinity(0))


class Worker:
    """A running program."""

    def __init__(self, folder: Path, backend: str, **environment: str) -> None:
        self.backend = backend
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.exchange = Path(tempfile.mkdtemp(prefix="recircuit-", dir=memory))
        self.process = subprocess.Popen(
            ["./main"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "RECIRCUIT_THREADS": str(threads())} | environment,
        )  # fmt: skip
        self._finalizer = weakref.finalize(self, _end, self.process, self.exchange)
        self._answer()

    def close(self) -> None:
        """End the process and remove its files."""
        self._finalizer()

    def tell(self, command: str, on_progress: Callable[[int], None] | None = None) -> str:
        """Send a command and wait for the answer; Ctrl-C is passed on, and the answer still awaited."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self._died()
        with interruptible(lambda: self.process.send_signal(signal.SIGINT)) as asked_to_stop:
            answer = self._answer(on_progress)
        if asked_to_stop.is_set() and not command.startswith("run "):  # a run says itself that it was stopped
            raise KeyboardInterrupt
        return answer

    def put(self, name: str, values: np.ndarray) -> Path:
        """Write values where the worker can read them."""
        path = self.exchange / name
        values.tofile(path)
        return path

    def _answer(self, on_progress: Callable[[int], None] | None = None) -> str:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "at":
                if on_progress is not None:
                    on_progress(int(rest))
            elif word == "error":
                raise RecircuitError(f"{self.backend}: the compiled circuit says: {rest.rstrip('.')}.")
            else:
                return rest
        return self._died()

    def _died(self) -> str:
        code = self.process.wait()
        raise RecircuitError(
            f"{self.backend}: the compiled circuit ended without being asked to (status {code}"
            f"{', out of memory?' if code == -signal.SIGKILL else ''}). Its state is lost; go on from a checkpoint."
        )


def _end(process: subprocess.Popen[str], exchange: Path) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    shutil.rmtree(exchange, ignore_errors=True)
