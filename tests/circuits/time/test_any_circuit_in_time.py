"""Random circuits with series, delays, traces, shared variables, latches, broadcasts and modes, against a loop over steps.

The loop, `reference.step_loop`, is written from docs/time.md and shares nothing with the simulator. Between two runs a
circuit may be saved and loaded, stored and restored, measured, moved to another backend, or go on as a closed loop.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import distance
from planned_circuits import circuit, data, noise_of, presented
from plans import plan
from reference.step_loop import Loop

import recircuit as rc

Then = Callable[[rc.Circuit, Path, dict[str, Any]], rc.Circuit]


def start(seed: int, batch: int | None = None, *, noisy: bool = False, **options: Any) -> tuple[rc.Circuit, Loop]:
    """Return the circuit of a seed and the loop, with the same weights."""
    planned = plan(seed, batch, noisy=noisy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rules that learn in every phase, and autapses
        net = circuit(planned, **options)
    return net, Loop(planned, {p.name: net[f"{p.name}.w"] for p in planned.paths if not p.mirrors})


def shown(net: rc.Circuit, loop: Loop, seed: int, mode: str, backend: str | None = None) -> dict[str, Any]:
    """Present some samples in both; some samples end early, and the last batch may not be full."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 2 * loop.plan.batch + 1))
    rows = data(loop.plan, mode, count, seed, ragged=bool(rng.random() < 0.5))
    noise = noise_of(loop.plan)
    trace = net.run(rows, mode=mode, backend=backend, record=noise, elements="all")
    presented(loop, rows, count, mode, {key: trace[key] for key in noise})
    return rows


def assert_same(net: rc.Circuit, loop: Loop, within: float = 1e-11) -> None:
    """Check every variable that both know."""
    found = {key: value for key, value in net.state().items() if key in loop.v}
    assert len(found) > 10
    differences = {
        key: distance(value, loop.v[key] if value.shape == loop.v[key].shape else loop.v[key][0])
        for key, value in found.items()
    }
    assert {key: d for key, d in differences.items() if not d < within} == {}


@pytest.mark.parametrize("seed", range(16))
def test_a_random_circuit_is_a_loop_over_steps(seed: int) -> None:
    net, loop = start(seed, optimise=seed % 4 != 0)
    for k, mode in enumerate(["day", "night", "day"]):
        shown(net, loop, seed + k, mode, "interpreter" if seed % 3 == 0 else "numpy")
    assert_same(net, loop)


def assert_normal(numbers: list[np.ndarray]) -> None:
    """Check that numbers have mean 0 and variance 1, within five standard deviations, if no two sets of them are the same."""
    drawn = np.concatenate([n[np.isfinite(n)] for n in numbers])
    assert len(drawn) > 100 and np.abs(drawn).max() < 6
    assert abs(drawn.mean()) < 5 / np.sqrt(len(drawn)) and abs(np.mean(drawn**2) - 1) < 5 * np.sqrt(2 / len(drawn))


@pytest.mark.parametrize("seed, options", [(51, {}), (52, {"optimise": False}), (53, {"lowering": "reference"})])
def test_a_random_circuit_with_noise_is_a_loop_with_the_same_noise(seed: int, options: dict[str, Any]) -> None:
    """What is not noise is as in a circuit without noise; what was drawn is normal, and independent where it should be."""
    net, loop = start(seed, batch=1 if options.get("lowering") else 3, noisy=True, **options)
    for k, mode in enumerate(["day", "night", "day"]):
        shown(net, loop, seed + k, mode, "interpreter" if seed == 51 else "numpy")
    assert_same(net, loop)
    both = {u.name: any("xi_both" in line for line in u.lines) for u in loop.plan.units}
    once = [n for key, n in loop.drawn.items() if not (key.endswith(".q") and both[key.split(".")[0]])]
    assert_normal([row for numbers in once for row in numbers.values()])
    for unit in (u for u, same in both.items() if same):
        q, r = loop.drawn[f"{unit}.q"], loop.drawn[f"{unit}.r"]
        assert q and all(np.allclose(q[t], r[t], atol=1e-6) for t in q)


@pytest.mark.parametrize("seed", [60, 61])
def test_a_random_circuit_in_single_precision(seed: int) -> None:
    """Both agree within two hundred roundings, each of 6e-8 of the largest value: there are fewer than a hundred steps."""
    net, loop = start(seed, precision="float32")
    for k, mode in enumerate(["day", "night", "day"]):
        shown(net, loop, seed + k, mode)
    assert_same(net, loop, within=1e-5)


@pytest.mark.parametrize("seed", range(30, 34))
def test_the_plain_form_of_a_random_circuit_too(seed: int) -> None:
    net, loop = start(seed, batch=1, lowering="reference")
    for k, mode in enumerate(["day", "night"]):
        shown(net, loop, seed + k, mode)
    assert_same(net, loop)


def is_saved(net: rc.Circuit, path: Path, rows: dict[str, Any]) -> rc.Circuit:
    net.save(path / "saved")
    return rc.Circuit.load(path / "saved")


def is_restored(net: rc.Circuit, path: Path, rows: dict[str, Any]) -> rc.Circuit:
    net.store()
    net.run(rows, mode="day")
    net.restore()
    return net


def is_measured(net: rc.Circuit, path: Path, rows: dict[str, Any]) -> rc.Circuit:
    net.outputs(rows, read="h0.rate", rows="last", mode="day")
    assert net.explain() and str(net) and net["h0.gain"].size
    return net


def moves(net: rc.Circuit, path: Path, rows: dict[str, Any]) -> rc.Circuit:
    net.program("interpreter")
    return net


@pytest.mark.parametrize("then", [is_saved, is_restored, is_measured, moves])
@pytest.mark.parametrize("seed", [42])
def test_nothing_is_lost_in_the_middle(seed: int, then: Then, tmp_path: Path) -> None:
    net, loop = start(seed)
    net = then(net, tmp_path, shown(net, loop, seed, "day"))
    live = data(loop.plan, "night", loop.plan.batch, seed, arrays=True)
    with net.live(mode="night") as loops:
        for _ in range(2):
            loops.present(live, read=["h0.rate"])
            presented(loop, live, loop.plan.batch, "night")
    shown(net, loop, seed + 1, "day")
    assert_same(net, loop)


@pytest.mark.cpp
@pytest.mark.parametrize("seed", [3])
def test_cpp_does_the_same(seed: int) -> None:
    net, loop = start(seed)
    for k, mode in enumerate(["day", "night", "day"]):
        shown(net, loop, seed + k, mode, "cpp")
    assert_same(net, loop)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["graph", "persistent"])
@pytest.mark.parametrize("seed, noisy", [(4, False), (4, True), (70, False), (71, True)])
def test_the_stand_in_for_cuda_does_the_same(
    on_cpu: None, monkeypatch: pytest.MonkeyPatch, seed: int, noisy: bool, way: str
) -> None:
    """The generated program is a loop over steps launch by launch, and with stretches of a presentation as one launch."""
    monkeypatch.setenv("RECIRCUIT_CUDA_PRESENTATION", way)
    net, loop = start(seed, noisy=noisy)
    for k, mode in enumerate(["day", "night", "day"]):
        shown(net, loop, seed + k, mode, "cuda")
    assert_same(net, loop)
