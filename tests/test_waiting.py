"""A signal that another thread takes does not wake the main thread, like one that comes just before it falls asleep."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from recircuit.circuits.backends.compiled.messages import Channel
from recircuit.waiting import as_completed


@pytest.fixture
def taken_elsewhere() -> Iterator[threading.Event]:
    """Let a second thread take a Ctrl-C while the main thread sleeps. The event says that this has not woken it in 30 s."""
    over, too_late = threading.Event(), threading.Event()

    def take() -> None:
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        if not over.wait(30):
            too_late.set()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield too_late
    finally:
        over.set()
        thread.join()
        signal.signal(signal.SIGINT, before)


def _endless_future() -> None:
    for _ in as_completed([Future[None]()]):
        pass


def _silent_worker() -> None:
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, its:
        Channel(ours).receive(1)


@pytest.mark.parametrize("wait", [_endless_future, _silent_worker])
def test_a_signal_that_wakes_nobody_ends_the_wait(wait: Callable[[], None], taken_elsewhere: threading.Event) -> None:
    with pytest.raises(KeyboardInterrupt):
        wait()
    assert not taken_elsewhere.is_set()


def test_futures_come_as_they_are_completed() -> None:
    first, second = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(lambda: second.wait(30) and "slow")
        quick = pool.submit(lambda: first.wait(30) and "quick")
        first.set()
        came = []
        for future in as_completed([slow, quick]):
            came.append(future.result())
            second.set()
    assert came == ["quick", "slow"]
