"""Ctrl-C at random moments of reading, setting, running and building."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc

from .tally import Tally

NOISY = "basal : 1 (compartment)\nrate = tanh(basal) + .1*randn() : 1 (during p)\nerror = basal : 1"
ROWS = np.random.default_rng(0).random((4, 3))


def circuit(size: int = 4) -> rc.Circuit:
    """Return a circuit of two populations, one of them large enough for an answer of many packets, with noise."""
    net = rc.Circuit(batch_size=2, seed=3)
    h = net.population("h", size, rc.Neuron(NOISY))
    net.connect(net.stimulus("x", 3), h, rule=rc.urfb.forward)
    net.population("wide", 30_000, rc.pyramidal())
    net.phases("p", 2 * ms, "plasticity", 1 * ms)
    return net


def interrupted(what: Callable[[], object], after: float) -> bool:
    """Do something again and again until a Ctrl-C comes after a while; whether it was raised."""

    def send(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, send)
    signal.setitimer(signal.ITIMER_REAL, after)
    begin = time.monotonic()
    try:
        while time.monotonic() < begin + after + 20:
            what()
    except KeyboardInterrupt:
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return False


def at_work(tally: Tally, backend: str, count: int, number: int) -> None:
    """Interrupt reading, setting and running; every value is compared afterwards, and runs go on to the same bits.

    What is set is one of two states, and all of it is of the same one afterwards.
    """
    rng, net, twin = np.random.default_rng(number), circuit(), circuit()
    net.run({"x": ROWS}, 1, backend=backend)
    twin.run({"x": ROWS}, 1, backend=backend)
    states = [{key: rng.random(net[key].shape) for key in ("h.rate", "wide.rate", "x_to_h.w")} for _ in "ab"]

    def write() -> None:
        for values in states:
            net.set_state(values)

    def run() -> None:
        net.run({"x": ROWS}, 50)

    for k in range(count):
        net.set_state(states[0])
        what = (net.state, write, run)[k % 3]
        tally.tried += 1
        if not interrupted(what, float(rng.uniform(1e-4, 0.02))):
            tally.fault("lost", f"a Ctrl-C in {what} on {backend}")
        state = net.state()
        if what is not run and not any(all(np.array_equal(state[k], v) for k, v in one.items()) for one in states):
            tally.fault("wrong", f"values after a Ctrl-C in {what} on {backend}")
    same_from_now_on(tally, net, twin, backend)
    net.close()
    twin.close()


def same_from_now_on(tally: Tally, net: rc.Circuit, twin: rc.Circuit, backend: str) -> None:
    """Check that a circuit that was interrupted goes on as one that was not, from the same moment."""
    twin.go_on_from(net.moment())
    for one in (net, twin):
        one.run({"x": ROWS}, 5)
    first, second = net.state(), twin.state()
    if any(not np.array_equal(first[key], second[key]) for key in first):
        tally.fault("wrong", f"a circuit that was interrupted goes on otherwise, on {backend}")


def building(tally: Tally, backend: str, count: int, number: int, folder: Path) -> None:
    """Interrupt builds; nothing half made stays in the cache, no compiler runs on, and the next build is right."""
    rng = np.random.default_rng(number)
    seconds = 0.3 if backend == "numpy" else 4.0
    for k in range(count):
        cache = Path(tempfile.mkdtemp(dir=folder))
        before, os.environ["RECIRCUIT_CACHE"] = os.environ.get("RECIRCUIT_CACHE", ""), str(cache)
        tally.tried += 1
        try:
            if not interrupted(lambda k=k: circuit(4 + k % 50).program(backend), float(rng.uniform(0.01, seconds))):
                tally.fault("lost", f"a Ctrl-C in a build on {backend}")
            left = [p.name for p in cache.rglob("building-*")]
            if left:
                tally.fault("left behind", f"in the cache: {left}")
        finally:
            os.environ["RECIRCUIT_CACHE"] = before
    net = circuit()
    net.run({"x": ROWS}, 3, backend=backend)
    twin = circuit()
    twin.run({"x": ROWS}, 3, backend=backend)
    same_from_now_on(tally, net, twin, backend)


def interrupts(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Send a tenth of the interrupts into builds of numpy, a fiftieth into builds of cpp, and the others into work on both."""
    building(tally, "numpy", count // 10, number, folder)
    building(tally, "cpp", count // 50, number, folder)
    left: Any = count - count // 10 - count // 50
    at_work(tally, "numpy", left // 2, number)
    at_work(tally, "cpp", left - left // 2, number)
