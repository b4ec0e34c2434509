"""A worker between Python and a compiled circuit: messages, interrupts, threads, forks, and what it leaves."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.compiled.messages import Kind, Malformed, pack, unpack
from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.interrupts import postponed

pytestmark = pytest.mark.skipif(bool(missing_compiler()), reason="there is no compiler")

ROWS = np.random.default_rng(0).normal(size=(40, 3))


def circuit() -> rc.Circuit:
    """Return a circuit of a stimulus, a layer with noise that learns, and a large layer; it is always the same program."""
    net = rc.Circuit(batch_size=2, seed=3)
    x = net.stimulus("x", 3)
    h = net.population(
        "h", 4, rc.Neuron("basal : 1 (compartment)\ndrate/dt = (tanh(basal) + .1*randn() - rate)/tau : 1", tau=2 * ms)
    )
    net.population("wide", 30_000, rc.Neuron("rate : 1"))
    net.connect(x, h, rule=rc.Rule("r", source="test", forward="dw = .01*rate_post*x_pre", feedback="dw = 0*x_pre"))
    net.phases("feedforward", 3 * ms, "plasticity", 1 * ms)
    return net


@pytest.fixture
def net() -> Iterator[rc.Circuit]:
    made = circuit()
    made.program("cpp")
    yield made
    made.close()


def worker_of(net: rc.Circuit) -> Any:
    return net.program()._worker  # type: ignore[attr-defined]


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


# --- messages ---------------------------------------------------------------------------------------------------------


def test_fields_come_back_as_they_were() -> None:
    arrays = [np.arange(5).astype(t) for t in ("uint8", "int32", "int64", "float32", "float64", "bool")]
    numbers = [0, -1, 2**62, 1e-320, -0.0, math.inf, 1 / 255, "", "h.rate", "Größe"]
    back = unpack(bytearray(pack([*numbers, *arrays])))
    assert back[: len(numbers)] == numbers and [type(v) for v in back[: len(numbers)]] == [type(v) for v in numbers]
    for given, found in zip(arrays, back[len(numbers) :]):
        assert isinstance(found, np.ndarray) and found.dtype == given.dtype and np.array_equal(found, given)


def test_text_that_is_not_utf_8_is_no_message() -> None:
    body = bytearray(pack(["h.rate"]))
    body[16] = 0xFF
    with pytest.raises(Malformed, match="UTF-8"):
        unpack(body)


def test_a_message_that_is_cut_is_none() -> None:
    whole = pack(["h.rate", np.arange(3.0)])
    for cut in (8, 17, len(whole) - 1):
        with pytest.raises(Malformed):
            unpack(bytearray(whole[:cut]))


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        (Kind.GET, ["h.rate", "h.rate"], "longer than its kind allows"),
        (Kind.GET, [1.0], "a field of type 3 in place of 1"),
        (Kind.GET, [], "shorter than its kind asks for"),
        (Kind.GET, ["nobody"], "no variable nobody"),
        (Kind.SET, ["h.rate", np.zeros(7)], "7 values in place of 8"),
        (Kind.SET, ["h.rate", np.zeros(8, dtype="float32")], "a field of type 7 in place of 8"),
        (Kind.LOAD, ["x", 0, "float64", 2, 3, 1.0, 0.0, 1, 1, 0, np.zeros(0, np.int32)], "no file came with the data"),
        (Kind.SEED, [-1], "negative count"),
        (Kind.SEED, [2**32], "below 2\\^32"),
        (Kind.TABLE, ["walk", "h"], "no lines such as walk"),
        (Kind.TABLE, ["keep", "h.rate", 9], "does not have so many values"),
        (Kind.RUN, [3, np.zeros(2, dtype=np.int32)], "2 values in place of 6"),
        (Kind.RUN, [2**62, np.zeros(2, dtype=np.int32)], "more presentations than the order has"),
        (Kind.PROGRESS, [], "no message of kind 66"),
    ],
)
def test_a_message_that_does_not_fit_is_refused_and_changes_nothing(
    net: rc.Circuit, kind: Kind, fields: list[Any], says: str
) -> None:
    before = net.state()
    with pytest.raises(rc.RecircuitError, match=says):
        worker_of(net).ask(kind, *fields)
    assert same(before, net.state())


@pytest.mark.parametrize(
    "packet", [b"", b"set h.rate /dev/null\n", struct.pack("=IIQQQ", 0x31435252, 1, 9, 4, 0) + b"12345678"]
)
def test_what_is_no_message_is_an_error_not_a_default(net: rc.Circuit, packet: bytes) -> None:
    worker = worker_of(net)
    if packet:
        worker._channel.socket.send(packet)
        with pytest.raises(rc.RecircuitError, match="sent a message that cannot be read"):
            net.state()
    else:
        worker._channel.socket.shutdown(2)
        with pytest.raises(rc.RecircuitError, match="ended without being asked to"):
            net.state()


def test_a_recording_and_a_collection_of_one_variable_are_apart() -> None:
    one = rc.Circuit()
    one.population("h", 2, rc.Neuron("drate/dt = (1 - rate)/tau : 1", tau=2 * ms))
    one.phases("a", 3 * ms)
    for backend in ("numpy", "cpp"):
        program = one.program(backend)
        result = program.run(
            one.timetable(keep=("h.rate",)), np.zeros((2, 1), int), collect={"h.rate": 1}, trace=["h.rate"]
        )
        assert result.collected["h.rate"].shape == (2, 1, 2) and result.traces["h.rate"].shape == (6, 2)
        assert np.array_equal(result.collected["h.rate"][:, 0], result.traces["h.rate"][1::3])
    one.close()


# --- interrupts -------------------------------------------------------------------------------------------------------


@contextmanager
def alarm(handler: Callable[..., None], after: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def raised(*_: object) -> None:
    raise KeyboardInterrupt


def sent(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)


def interrupted(net: rc.Circuit, handler: Callable[..., None], count: int, rng: np.random.Generator) -> None:
    """Interrupt so many times, each time at a random moment of a get, a set or a run, and compare every answer."""
    marks = {"h.rate": rng.random((2, 4)), "wide.rate": rng.random((2, 30_000)), "x_to_h.w": rng.random((4, 3))}
    net.set_state(marks)

    def read() -> None:
        for key, value in marks.items():
            assert np.array_equal(net[key], value)

    def write() -> None:
        for key, value in marks.items():
            net[key] = value

    def run() -> None:
        net.run({"x": ROWS}, 20_000, learn=False)

    caught = 0
    while caught < count:
        what = (read, write, run)[caught % 3]
        try:
            with alarm(handler, float(rng.uniform(5e-5, 3e-3))):
                begin = time.monotonic()
                while time.monotonic() < begin + 5:
                    what()
                pytest.fail(f"the interrupt of {what.__name__} was lost")
        except KeyboardInterrupt:
            caught += 1
        if what is run:
            net.set_state(marks)
        read()


@pytest.mark.parametrize("handler", [raised, sent])
def test_interrupts_at_any_moment_never_shift_an_answer(net: rc.Circuit, handler: Callable[..., None]) -> None:
    interrupted(net, handler, 45, np.random.default_rng(1))
    assert worker_of(net).alive


@pytest.mark.slow
@pytest.mark.parametrize("handler", [raised, sent])
def test_hundreds_of_interrupts(net: rc.Circuit, handler: Callable[..., None]) -> None:
    interrupted(net, handler, 501, np.random.default_rng(2))


def test_a_context_that_ends_late_does_not_put_back_the_handler_of_a_context_that_ended_before_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    with postponed():
        inner = postponed()
        inner.__enter__()  # as if the handler of another signal had raised an exception at the end of __enter__
    assert signal.getsignal(signal.SIGINT) is before
    del inner
    assert signal.getsignal(signal.SIGINT) is before

    alone = postponed()
    alone.__enter__()
    assert signal.getsignal(signal.SIGINT) is not before
    del alone
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("backend", ["numpy", "cpp"])
def test_ctrl_c_in_a_run_stops_a_loop_and_keeps_what_was_recorded(net: rc.Circuit, backend: str) -> None:
    net.run({"x": ROWS}, 1, backend=backend)
    runs, before = 0, signal.getsignal(signal.SIGINT)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt) as stopped:
        for _ in range(1000):
            net.run({"x": ROWS}, 2_000, record=["h.rate"])
            runs += 1
    assert runs < 1000
    if (trace := getattr(stopped.value, "trace", None)) is not None:  # else it came between two runs
        assert trace.steps == 4 * len(trace.rows)
        assert np.array_equal(trace["h.rate"][-1], net["h.rate"][0])
    assert signal.getsignal(signal.SIGINT) is before


def test_where_ctrl_c_is_ignored_a_run_goes_on(net: rc.Circuit) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        assert net.run({"x": ROWS}, 60_000, record=["h.rate"]).steps == 240_000
    finally:
        signal.signal(signal.SIGINT, before)


# --- threads and processes --------------------------------------------------------------------------------------------


def test_a_worker_outlives_the_thread_that_started_it() -> None:
    net = circuit()
    thread = threading.Thread(target=net.program, args=("cpp",))
    thread.start()
    thread.join()
    time.sleep(0.05)
    assert net["x.rate"].shape == (2, 3)
    net.close()


def test_threads_take_turns_at_one_circuit(net: rc.Circuit) -> None:
    net["wide.rate"] = np.arange(60_000.0).reshape(2, 30_000)
    wrong: list[Any] = []

    def read() -> None:
        for _ in range(50):
            if net["wide.rate"][1, 5] != 30_005 or net["h.rate"].shape != (2, 4):
                wrong.append(1)

    workers = [threading.Thread(target=read) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert not wrong


def test_a_progress_function_cannot_use_the_circuit_that_runs(net: rc.Circuit) -> None:
    net.run({"x": ROWS}, 1)
    with pytest.raises(rc.RecircuitError, match="the circuit is running already"):
        order = np.zeros((2_000_000, 2), int)
        net.program().run(net.timetable("evaluate"), order, progress=lambda _: net["h.rate"] and None)
    assert net["h.rate"].shape == (2, 4)


shared: list[rc.Circuit] = []


def in_child(presentations: int) -> dict[str, np.ndarray]:
    shared[0].run(None, presentations)
    return shared[0].state()


def test_forked_children_go_on_from_the_parents_state_with_workers_of_their_own(net: rc.Circuit) -> None:
    net.run({"x": ROWS}, 5)
    shared[:] = [net]
    before, process = net.state(), worker_of(net).process
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        children = pool.map(in_child, [7, 7, 11], chunksize=1)
    assert same(before, net.state()) and worker_of(net).process is process, "a child used its parent's worker"
    assert same(children[0], children[1])
    states = {}
    for presentations in (7, 4):  # the parent goes on as the children did, noise included
        states[presentations] = in_child(presentations)
    assert same(children[0], states[7]) and not same(children[2], states[7])


def test_a_child_that_ends_leaves_its_parents_worker(net: rc.Circuit) -> None:
    child = os.fork()
    if child == 0:
        net["h.rate"] = 5.0
        net.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert net["h.rate"].max() == 0 and worker_of(net).alive


LEFT = """
import sys, os, time
sys.path.insert(0, {tests!r})
from test_worker import circuit, ROWS
net = circuit()
net.run({{"x": ROWS}}, 1, backend="cpp")
print(net.program()._worker.process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_process_that_is_killed_leaves_no_worker_and_no_files(net: rc.Circuit, how: signal.Signals) -> None:
    before = set(os.listdir("/dev/shm"))
    code = LEFT.format(tests=str(Path(__file__).parent))
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    process.send_signal(how)
    process.communicate()
    for _ in range(200):
        if not Path(f"/proc/{worker}").exists():
            break
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists(), "the worker is still there"
    assert not {f for f in set(os.listdir("/dev/shm")) - before if "recircuit" in f}


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_of_numpy_arrive_as_they_are(net: rc.Circuit) -> None:
    rows = np.arange(6, dtype=np.uint8).reshape(2, 3)
    net.program().load("x", rows, 1 / np.float64(255), np.float64(-0.25))  # type: ignore[arg-type]
    net.program().run(net.timetable("evaluate"), np.array([[0, 1]]))
    assert np.allclose(net["x.rate"], rows / 255 - 0.25, rtol=1e-15, atol=0)


@pytest.mark.parametrize("backend", ["numpy", "cpp"])
def test_what_backends_would_take_differently_is_refused(net: rc.Circuit, backend: str) -> None:
    program = net.program(backend)
    for scale in (1e-320, 1e400, math.nan):
        with pytest.raises(rc.RecircuitError, match="Rescale the data"):
            program.load("x", ROWS, scale, 0.0)
    for seed in (2**32, -1, True):
        with pytest.raises(rc.RecircuitError, match="from 0 to 2\\^32 - 1"):
            program.seed(seed)
    for row in (2**31, 2**32 + 1, 2**63):
        with pytest.raises(rc.RecircuitError, match=f"row {row}"):
            net.run({"x": ROWS}, order=np.array([[row, 0]], dtype=np.uint64))


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", None])
def test_a_supervisor_is_clamped_to_numbers(value: Any) -> None:
    with pytest.raises(rc.RecircuitError, match="on is a finite number"):
        rc.Circuit().supervisor("s", 3, on=value)


def random_circuit() -> rc.Circuit:
    net = rc.Circuit(seed=1)
    net.population("few", 5, rc.Neuron("rate = poisson(3) : 1 (during a)"))
    net.population("many", 5, rc.Neuron("rate = poisson(30) : 1 (during a)"))
    net.population("two", 5, rc.Neuron("rate = rand() : 1 (during a)\nother = randn() : 1 (during a)"))
    net.phases("a", 2 * ms)
    return net


def test_every_random_function_follows_the_seed() -> None:
    drawn = []
    for _ in range(2):
        net = random_circuit()
        net.run(presentations=3, backend="cpp")
        drawn.append(net.state())
        net.run(presentations=3)
        again = net.state()
        assert all(
            not np.array_equal(again[k], drawn[-1][k]) for k in ("few.rate", "many.rate", "two.rate", "two.other")
        )
        net.close()
    assert same(*drawn)


def test_circuits_in_threads_draw_as_they_do_alone_and_leave_numpys_generator() -> None:
    def drawn(seed: int) -> np.ndarray:
        net = rc.Circuit(seed=seed)
        net.population("h", 4, rc.Neuron("drate/dt = -rate/tau + xi*tau**-.5 : 1", tau=2 * ms))
        net.phases("a", 3 * ms)
        for _ in range(10):
            net.run(presentations=5)
        return net["h.rate"]

    before = np.random.get_state()[1].copy()  # type: ignore[union-attr]
    alone = [drawn(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(drawn, range(4)))
    assert np.array_equal(alone, together)
    assert np.array_equal(before, np.random.get_state()[1])
