"""Series, modes, delays, closed pathways, traces, shared variables, latches and sums in one circuit, against a loop over steps.

Half way through, the circuit is saved and loaded, or stored, disturbed and restored, or goes on as a closed loop.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import distance

import recircuit as rc
from recircuit.circuits.backends.cpp.compiler import missing_compiler

B, H = 3, 4
LINES = """
    basal : 1 (compartment)
    back  : 1 (compartment)
    bonus : 1 (compartment)
    dv/dt  = (tanh(basal + back) - v)/tau : 1
    rate   = v : 1
    gain   = 1 - v**2 : 1
    mean   = mean + .1*(bonus - mean) : 1 (shared, after reward)
    reward = bonus - mean             : 1 (during reward)
    trials = trials + 1               : 1 (after trial)
    """
RULE = rc.Rule(
    "all", source="a test", traces=("el",), state=("m",),
    forward="""
    el = (1 - in_start)*el*.9 + arriving_pre*gain_post
    m  = .5*m + in_reward*reward_post*el
    dw = .1*in_reward*m + .02*in_trial*(x_post*x_pre - incoming(w)*.1)
    """,
)  # fmt: skip
SOME = np.random.default_rng(9).random((H, H)) < 0.6
SYNAPSES: dict[str, dict[str, Any]] = {"dense": {}, "some": {"connectivity": SOME}, "no autapses": {"autapses": False}}
RNG = np.random.default_rng(3)
#: Five samples in three elements: the last presentation is not full.
X, R = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(5, 1))
FULL = {"x": X[:B], "r": R[:B]}


def circuit(synapses: str = "dense", delay: int = 2, closed: Any = "zero", **options: Any) -> rc.Circuit:
    net = rc.Circuit(batch_size=B, seed=4, **options)
    x = net.stimulus("x", 3, every=2 * ms, during="trial", closed=closed)
    r = net.stimulus("r", 1, during="reward", closed="zero")
    h = net.population("h", H, rc.Neuron(LINES, tau=4 * ms))
    net.connect(x, h, during="start and trial and sleep", closed=closed)
    net.connect(r, h, into="bonus", weights=1.0)
    net.connect(
        h, h, into="back", rule=RULE, delay=delay * ms, learns="start and trial and reward",
        during="trial and sleep", closed="zero", weights=rc.normal(0.7), **SYNAPSES[synapses],
    )  # fmt: skip
    net.phases("start", 1 * ms, "trial", 4 * ms, "reward", 2 * ms, mode="wake")
    net.phases("sleep", 3 * ms, mode="sleep")
    return net


class Loop:
    """The same circuit, step by step."""

    def __init__(self, net: rc.Circuit, delay: int, closed: str) -> None:
        self.delay, self.closed = delay, closed
        self.inward, self.w = net["x_to_h.w"], net["h_to_h.w"]
        self.mask = (self.w != 0).astype(float)
        self.v, self.reward, self.field = np.zeros((B, H)), np.zeros((B, H)), np.zeros((B, H))
        self.x, self.r, self.trials, self.mean = np.zeros((B, 3)), np.zeros((B, 1)), np.zeros((B, H)), np.zeros(H)
        self.el, self.m, self.sent = np.zeros((B, H, H)), np.zeros((H, H)), [np.zeros((B, H))] * 9

    def wake(self, x: np.ndarray, r: np.ndarray) -> None:
        active, none = len(x), np.zeros((B, 1))
        x, r = (np.concatenate([a, np.zeros((B - active, *a.shape[1:]))]) for a in (x, r))
        for step, phase in enumerate(["start", *["trial"] * 4, *["reward"] * 2]):
            if phase == "trial":
                self.x = x[:, (step - 1) // 2]
            self.r = r if phase == "reward" else none
            arrived = self.integrate(phase)
            if step == 4:
                self.trials[:active] += 1
            if step == 6:
                self.mean = (self.mean + 0.1 * (self.r - self.mean))[:active].mean(axis=0)
            self.learn(phase, active, arrived)

    def sleep(self) -> None:
        self.r = np.zeros((B, 1))
        for _ in range(3):
            self.integrate("sleep")

    def integrate(self, phase: str) -> np.ndarray:
        if self.closed == "zero" and phase != "trial":
            self.x = np.zeros((B, 3))
        self.sent.append(self.v)
        arrived = self.sent[-1 - self.delay] if phase in ("trial", "sleep") else np.zeros((B, H))
        if phase != "reward":
            self.field = self.x @ self.inward.T
        elif self.closed == "zero":
            self.field = np.zeros((B, H))
        if phase == "reward":
            self.reward = self.r - self.mean
        self.v = self.v + (np.tanh(self.field + arrived @ self.w.T) - self.v) / 4
        return arrived

    def learn(self, phase: str, active: int, arrived: np.ndarray) -> None:
        gain, old = 1 - self.v**2, 0 if phase == "start" else 0.9 * self.el
        self.el[:active] = ((old + arrived[:, None, :] * gain[:, :, None]) * self.mask)[:active]
        rewarded = (self.reward[:, :, None] * self.el)[:active].mean(axis=0) if phase == "reward" else 0
        self.m = 0.5 * self.m + rewarded
        if phase == "reward":
            self.w = self.w + 0.1 * self.m
        if phase == "trial":
            hebb = (self.v[:, :, None] * self.v[:, None, :])[:active].mean(axis=0)
            self.w = (self.w + 0.02 * (hebb - 0.1 * self.w.sum(axis=1, keepdims=True))) * self.mask

    def variables(self) -> dict[str, np.ndarray]:
        units = {"h.v": self.v, "h.mean": self.mean, "h.trials": self.trials, "h.reward": self.reward}
        return units | {"h_to_h.w": self.w, "h_to_h.el": self.el, "h_to_h.m": self.m}


def goes_on(net: rc.Circuit, backend: str, path: Path) -> rc.Circuit:
    return net


def is_loaded(net: rc.Circuit, backend: str, path: Path) -> rc.Circuit:
    net.save(path / "saved")
    return rc.Circuit.load(path / "saved")


def is_restored(net: rc.Circuit, backend: str, path: Path) -> rc.Circuit:
    net.store()
    net.run(FULL, 2, mode="sleep")
    net.run(FULL, mode="wake")
    net.restore()
    return net


def loops(net: rc.Circuit, backend: str) -> None:
    with net.live(mode="sleep", backend=backend) as live:
        live.present()
    with net.live(mode="wake", backend=backend) as live:
        live.present(FULL)


def runs(net: rc.Circuit, backend: str) -> None:
    net.run(FULL, 1, mode="sleep", backend=backend)
    net.run(FULL, mode="wake", backend=backend)


def compare(
    backend: str, then: Callable[..., rc.Circuit], end: Callable[..., None], path: Path, *of: Any, **options: Any
) -> None:
    _, delay, closed = of
    net = circuit(*of, **options)
    loop = Loop(net, delay, closed)
    net.run({"x": X, "r": R}, backend=backend, mode="wake")
    net = then(net, backend, path)
    end(net, backend)
    loop.wake(X[:B], R[:B])
    loop.wake(X[B:], R[B:])
    loop.sleep()
    loop.wake(X[:B], R[:B])
    for key, value in loop.variables().items():
        assert distance(net[key], value) < 1e-12, key


@pytest.mark.parametrize("of", [("dense", 2, "zero"), ("some", 2, "hold"), ("no autapses", 0, "zero")], ids=str)
@pytest.mark.parametrize("end", [runs, loops])
@pytest.mark.parametrize("then", [goes_on, is_loaded, is_restored])
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_all_of_it_is_a_loop_over_steps(
    backend: str, then: Callable[..., rc.Circuit], end: Callable[..., None], of: tuple[Any, ...], tmp_path: Path
) -> None:
    compare(backend, then, end, tmp_path, *of)


def test_nothing_depends_on_what_is_left_out(tmp_path: Path) -> None:
    compare("numpy", goes_on, runs, tmp_path, "some", 2, "hold", optimise=False)


@pytest.mark.skipif(bool(missing_compiler()), reason="no compiler")
def test_cpp_does_the_same(tmp_path: Path) -> None:
    compare("cpp", is_restored, loops, tmp_path, "some", 2, "zero")


def test_cuda_does_the_same(tmp_path: Path, on_cpu: None) -> None:
    pytest.importorskip("brian2cuda")
    compare("cuda", goes_on, runs, tmp_path, "some", 2, "zero")
