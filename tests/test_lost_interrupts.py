"""A Ctrl-C that comes while Python deletes an object, where Python ignores exceptions, is raised soon afterwards."""

from __future__ import annotations

import gc
import signal
import sys
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

import recircuit as rc
from recircuit import uncaught


@pytest.fixture(autouse=True)
def usual_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the handlers that Python and recircuit have outside of pytest."""
    monkeypatch.setattr(sys, "unraisablehook", uncaught.ignored)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)


class Anything:
    """An object that weak references can refer to."""


class Pressed:
    """An object that presses Ctrl-C while Python deletes it."""

    itself: Pressed

    def __del__(self) -> None:
        press()


def in_a_destructor() -> None:
    Pressed()


def when_a_weak_reference_ends() -> None:
    one = Anything()
    _ = weakref.ref(one, press)
    del one


def in_a_finalizer() -> None:
    weakref.finalize(Anything(), press)


def while_garbage_is_collected() -> None:
    one = Pressed()
    one.itself = one
    del one
    gc.collect()


@pytest.mark.parametrize(
    "lose", [in_a_destructor, when_a_weak_reference_ends, in_a_finalizer, while_garbage_is_collected]
)
def test_a_ctrl_c_that_python_ignores_is_raised_soon(lose: Callable[[], None]) -> None:
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            lose()
            for _ in range(6000):  # a signal that comes just before a sleep begins is seen after it
                time.sleep(0.01)


def test_it_ends_a_run_which_goes_on_afterwards() -> None:
    net = rc.layered([3, 2])
    rows = {"x": [[1.0, 1, 1]], "s": [1]}
    net.run(rows, 1)

    class Epochs:
        def on_epoch_end(self, epoch: int, *_: object) -> None:
            if epoch == 1:  # each press is raised by itself, and one is for this test
                Pressed()

    with pytest.raises(KeyboardInterrupt):
        rc.train(net, ([[1.0, 1, 1]], [1]), epochs=10**4, callbacks=[Epochs()], backend="numpy", progress=False)
    net.run(rows, 1)


def test_other_exceptions_are_reported_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr(uncaught, "_pythons", reported.append)

    class Wrong:
        def __del__(self) -> None:
            raise ValueError("mine")

    Wrong()
    assert len(reported) == 1
