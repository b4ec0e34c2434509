"""A run in a process of its own, which ends when this process does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from ...errors import RecircuitError
from ...processes import Process, Processes
from .gpus import gpus_here
from .jobs import Result, perform

__all__ = ["Runs", "perform_in_own_process"]

_THREADS = ("RECIRCUIT_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_CHILD = "from recircuit.models.sweeps.separate_process import _serve; _serve()"
#: The seconds that a run has to clean up after it was stopped.
PATIENCE = 5.0


class Runs(Processes):
    """The processes of several runs."""

    def end(self, running: Collection[Process]) -> None:
        """Tell the running processes that nobody waits for them, and kill those that do not end."""
        for child in running:
            _close_input(child)
        until = time.monotonic() + 2 * PATIENCE
        for child in running:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, until - time.monotonic()))
            child.kill()

    def check(self) -> None:
        """Refuse to go on after the processes were stopped.

        Raises
        ------
        RuntimeError
            If they were stopped.
        """
        if self.stopped.is_set():
            raise RuntimeError("the runs were stopped")

    def perform(self, payload: Mapping[str, Any]) -> Result:
        """Run a job in a process of its own, with one thread, and where there are several GPUs with one of them.

        Returns
        -------
        dict
            The result of `recircuit.models.sweeps.jobs.perform`, or an entry ``failed`` with the reason.

        Raises
        ------
        RuntimeError
            If the process died.
        """
        with (
            tempfile.TemporaryFile("w+", errors="replace") as errors,  # what a user's rule prints may be no text
            gpus_here().environment(payload) as variables,
            self._start(errors, variables) as child,
        ):
            assert child.stdin is not None and child.stdout is not None
            try:
                child.stdin.write(json.dumps(payload) + "\n")
                child.stdin.flush()  # and it stays open: its end says to the child that nobody waits any more
                answer = child.stdout.read()
            except BaseException:
                child.kill()
                raise
            finally:
                self.ended(child)
            errors.seek(0)
            last = errors.read().strip().splitlines()[-1:]
        try:
            return json.loads(answer)
        except ValueError:  # it died before it had answered; after a whole answer it may end in any way
            reason = f": {last[0]}" if last else ""
            raise RuntimeError(f"the process of a run ended with {child.returncode}{reason}") from None

    def _start(self, errors: Any, variables: dict[str, str]) -> Process:
        return self.start(
            [sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            env=os.environ | dict.fromkeys(_THREADS, "1") | variables,
        )  # fmt: skip


def perform_in_own_process(payload: Mapping[str, Any]) -> Result:
    """Run one job in a process of its own: see `Runs.perform`."""
    with Runs() as runs:
        return runs.perform(payload)


def _close_input(child: Process) -> None:
    if child.stdin is not None:
        with suppress(OSError, ValueError):
            child.stdin.close()


def _serve() -> None:
    """Read a job, run it, and write its result: what the process of a run does."""
    answer = os.dup(1)
    os.dup2(2, 1)  # what a user's rule prints does not go between
    signal.signal(signal.SIGINT, signal.default_int_handler)
    payload = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        result = perform(payload)
    except (RecircuitError, MemoryError) as problem:
        result = {"failed": str(problem) or "there is not enough memory"}
    with os.fdopen(answer, "w") as pipe:
        json.dump(result, pipe, allow_nan=False)


def _end_with_parent() -> None:
    """End the process as Ctrl-C would, so that no compiler is left running; end it at once if that does not help."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(PATIENCE)
    os._exit(1)
