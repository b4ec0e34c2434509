"""A worker that somebody has suspended, with a program in Python in the place of a compiled circuit."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from recircuit.circuits.backends.compiled.messages import Kind
from recircuit.circuits.backends.compiled.worker import Worker

#: It answers a question at once, and a run when it is asked to stop.
MAIN = f"""#!{sys.executable} -S
import socket, struct
its, header = socket.socket(fileno=0), struct.Struct("=IIQQQ")
def answer(number):
    its.send(header.pack(0x31435252, {Kind.ANSWER.value}, number, 0, 0))
answer(1)
while packet := its.recv(100_000):
    _, kind, number, _, _ = header.unpack(packet[: header.size])
    if kind in ({Kind.STOP.value}, {Kind.PING.value}):
        answer(number)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    (tmp_path / "main").write_text(MAIN)
    (tmp_path / "main").chmod(0o755)
    made = Worker(tmp_path, "cpp")
    made.process.send_signal(signal.SIGSTOP)
    ctrl_c = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    ctrl_c.start()
    yield made
    ctrl_c.join()
    made.close()


def test_a_suspended_run_ends_after_ctrl_c(worker: Worker) -> None:
    assert worker.run() == ([], True)
    assert worker.alive and worker.ask(Kind.PING) == []


def test_a_suspended_worker_answers_after_ctrl_c_and_has_lost_nothing(worker: Worker) -> None:
    with pytest.raises(KeyboardInterrupt):
        worker.ask(Kind.PING)
    assert worker.alive and worker.ask(Kind.PING) == []
