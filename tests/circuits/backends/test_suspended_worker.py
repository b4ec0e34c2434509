"""A worker that somebody has suspended, or that hangs, with a program in Python in the place of a compiled circuit."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import recircuit as rc
from recircuit.circuits.backends import interrupted_wait
from recircuit.circuits.backends.compiled.messages import Kind
from recircuit.circuits.backends.compiled.worker import Worker

#: It answers the questions of some kinds at once.
MAIN = f"""#!{sys.executable} -S
import socket, struct
its, header = socket.socket(fileno=0), struct.Struct("=IIQQQ")
def answer(number):
    its.send(header.pack(0x31435252, {Kind.ANSWER.value}, number, 0, 0))
answer(1)
while packet := its.recv(100_000):
    _, kind, number, _, _ = header.unpack(packet[: header.size])
    if kind in ANSWERED:
        answer(number)
"""


@contextmanager
def started(folder: Path, *kinds: Kind) -> Iterator[Worker]:
    """A worker that answers these kinds of question; Ctrl-C is pressed after a while."""
    (folder / "main").write_text(MAIN.replace("ANSWERED", str([kind.value for kind in kinds])))
    (folder / "main").chmod(0o755)
    made = Worker(folder, "cpp")
    ctrl_c = threading.Timer(0.3, press_ctrl_c)
    ctrl_c.start()
    yield made
    ctrl_c.join()
    made.close()


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class PressesCtrlC(io.StringIO):
    """A terminal at which Ctrl-C is pressed when something is said."""

    def write(self, text: str) -> int:
        if not self.getvalue():
            press_ctrl_c()
        return super().write(text)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """A worker that is suspended, and stops a run when it is asked to."""
    with started(tmp_path, Kind.STOP, Kind.PING) as made:
        made.process.send_signal(signal.SIGSTOP)
        yield made


def test_a_suspended_run_ends_after_ctrl_c(worker: Worker) -> None:
    assert worker.run() == ([], True)
    assert worker.alive and worker.ask(Kind.PING) == []


def test_a_suspended_worker_answers_after_ctrl_c_and_has_lost_nothing(worker: Worker) -> None:
    with pytest.raises(KeyboardInterrupt):
        worker.ask(Kind.PING)
    assert worker.alive and worker.ask(Kind.PING) == []


@pytest.mark.parametrize("use", [Worker.run, lambda worker: worker.ask(Kind.PING)], ids=["run", "ask"])
def test_a_hung_worker_is_ended_by_another_ctrl_c(
    use: Callable[[Worker], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupted_wait, "PATIENT", 0.1)
    monkeypatch.setattr(sys, "stderr", said := PressesCtrlC())
    with started(tmp_path) as worker, pytest.raises(KeyboardInterrupt):
        use(worker)
    assert not worker.alive and "Another Ctrl-C ends it at once, and the state" in said.getvalue()
    with pytest.raises(rc.RecircuitError, match="cpp: the compiled circuit was ended by Ctrl-C. Its state is lost"):
        worker.ask(Kind.PING)


def test_ctrl_c_that_is_pressed_twice_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    ended: list[bool] = []
    waiting = interrupted_wait.InterruptedWait("cpp", lambda: ended.append(True))
    for _ in range(2):
        waiting.interrupt()
        waiting.look()
    assert (ended, capsys.readouterr().err) == ([], "")
