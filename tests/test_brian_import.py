"""Brian2 beside recircuit: in which thread it is imported, how Ctrl-C is handled, and the device that a program has set."""

from __future__ import annotations

import signal
import subprocess
import sys

import brian2
import numpy as np
import pytest
from brian2.devices.device import get_device, reset_device, set_device

import recircuit as rc
from recircuit import brian_import

IN_A_THREAD = """
import signal, threading
before = signal.signal, signal.getsignal(signal.SIGINT)
def use():
    import recircuit.circuits as circuits
    print(circuits.Circuit(batch_size=3).batch_size)
thread = threading.Thread(target=use)
thread.start()
thread.join()
print(before == (signal.signal, signal.getsignal(signal.SIGINT)))
"""


@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.SIG_DFL])
def test_ctrl_c_that_nobody_handled_before_brian2_is_as_it_was(before: signal.Handlers) -> None:
    usual = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, brian2._InterruptHandler(before))
        brian_import._set_what_was_there()
        assert signal.getsignal(signal.SIGINT) == before
    finally:
        signal.signal(signal.SIGINT, usual)


def test_a_handler_that_brian2_calls_stays() -> None:
    usual = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, ours := brian2._InterruptHandler(signal.default_int_handler))
        brian_import._set_what_was_there()
        assert signal.getsignal(signal.SIGINT) is ours
    finally:
        signal.signal(signal.SIGINT, usual)


def test_recircuit_is_imported_in_a_thread_that_may_set_no_handler() -> None:
    done = subprocess.run([sys.executable, "-c", IN_A_THREAD], capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["3", "True"], "")


def test_a_circuit_runs_on_numpy_whatever_device_brian2_uses() -> None:
    expected = rc.layered([3, 2], seed=1)
    expected.run({"x": np.ones((1, 3)), "s": [1]})
    set_device("cpp_standalone", build_on_run=False)
    try:
        device, net = get_device(), rc.layered([3, 2], seed=1)
        net.run({"x": np.ones((1, 3)), "s": [1]})
        assert get_device() is device
        assert np.array_equal(net["x_to_o.w"], expected["x_to_o.w"])
    finally:
        reset_device()
