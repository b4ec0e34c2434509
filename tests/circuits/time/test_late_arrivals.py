"""Rules that read what arrives, where each synapse has a delay of its own, against a loop over steps and synapses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import distance

import recircuit as rc
from recircuit.circuits.backends.cpp.compiler import missing_compiler

RULE = rc.Rule(
    "late", source="a test", traces=("el",), state=("m",),
    forward="""
    el = .8*el + arriving_pre*x_post
    m  = .9*m + arriving_pre*x_post**2
    dw = .02*el + .01*m - .03*incoming(w*arriving_pre)*arriving_pre
    dw = .01*tanh(arriving_pre*x_post)*x_pre
    """,
)  # fmt: skip
UNIT = rc.Neuron("basal : 1 (compartment)\nrate = tanh(basal) : 1 (during show and rest)")
RNG = np.random.default_rng(1)
STRUCTURES: dict[str, dict[str, Any]] = {
    "dense": {},
    "some": {"connectivity": RNG.random((4, 9)) < 0.6},
    "local": {"connectivity": rc.Local((1, 3, 3), maps=1, kernel=2, padding=0)},
}
#: Five samples in three elements: the last presentation is not full. Rows change in each step.
X = RNG.normal(size=(5, 4, 9))


def circuit(kind: str, closed: Any, batch_size: int = 3, **options: Any) -> rc.Circuit:
    net = rc.Circuit(batch_size=batch_size, seed=3, **options)
    x, h = net.stimulus("x", 9, every=1 * ms), net.population("h", 4, UNIT)
    shape = (4, 1, 1, 4) if kind == "local" else (4, 9)
    delays = np.random.default_rng(2).integers(0, 4, shape)
    net.connect(
        x, h, rule=RULE, weights=rc.uniform(0.1, 0.5), delay=delays * ms, name="p", during="show", closed=closed,
        learns="show and rest", **STRUCTURES[kind],
    )  # fmt: skip
    net.phases("show", 3 * ms, "rest", 1 * ms)
    return net


def expected(net: rc.Circuit, closed: str, batch_size: int) -> dict[str, np.ndarray]:
    p = net.projections["p"]
    pre, post, place = p.connectivity.indices(9, 4)
    w, late = net["p.w"].ravel()[place], np.asarray(p.delay).ravel()[place]
    here = np.flatnonzero(w)
    pre, post, place, w, late = pre[here], post[here], place[here], w[here], late[here]
    el, m = np.zeros((batch_size, len(w))), np.zeros(len(w))
    before = np.zeros((batch_size, 4))
    sent, arriving = [np.zeros((batch_size, 9))] * 4, np.zeros((batch_size, len(w)))
    for first in range(0, len(X), batch_size):
        rows = X[first : first + batch_size]
        active = len(rows)
        rows = np.concatenate([rows, np.zeros((batch_size - active, *rows.shape[1:]))])
        for step in range(4):
            sent.append(rows[:, step])
            if step < 3:
                arriving = np.stack([sent[-1 - d][:, i] for d, i in zip(late, pre)], axis=1)
            elif closed == "zero":
                arriving = np.zeros_like(arriving)
            field = np.zeros((batch_size, 4))
            for s, unit in enumerate(post):
                field[:, unit] += w[s] * arriving[:, s]
            if step == 3 and closed == "hold":
                field = before
            before, rate = field, np.tanh(field)
            x, y, a = sent[-1][:active, pre], rate[:active, post], arriving[:active]
            el[:active] = 0.8 * el[:active] + a * y
            m = 0.9 * m + (a * y**2).mean(axis=0)
            own = np.stack([(w * a)[:, post == unit].sum(axis=1) for unit in range(4)], axis=1)[:, post]
            w = w + 0.02 * el[:active].mean(axis=0) + 0.01 * m - 0.03 * (own * a).mean(axis=0)
            w = w + 0.01 * (np.tanh(a * y) * x).mean(axis=0)
    found: dict[str, np.ndarray] = {"p.w": np.zeros(p.shape), "p.m": np.zeros(p.shape)}
    found["p.w"].ravel()[place], found["p.m"].ravel()[place] = w, m
    return found


def compare(backend: str, kind: str, closed: str, batch_size: int = 3, **options: Any) -> None:
    net = circuit(kind, closed, batch_size, **options)
    wanted = expected(net, closed, batch_size)
    net.run({"x": X}, backend=backend)
    for key, value in wanted.items():
        assert distance(net[key], value) < 1e-12, key


@pytest.mark.parametrize("kind", STRUCTURES)
@pytest.mark.parametrize("closed", ["hold", "zero"])
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_each_synapse_reads_what_arrives_at_it(backend: str, closed: str, kind: str) -> None:
    compare(backend, kind, closed)


@pytest.mark.parametrize("kind", STRUCTURES)
def test_the_reference_form_does_too(kind: str) -> None:
    compare("numpy", kind, "zero", 1)
    compare("numpy", kind, "zero", 1, lowering="reference")


@pytest.mark.skipif(bool(missing_compiler()), reason="no compiler")
def test_cpp_does_too() -> None:
    compare("cpp", "some", "zero")


def test_cuda_does_too(on_cpu: None) -> None:
    pytest.importorskip("brian2cuda")
    compare("cuda", "local", "hold")


def test_a_saved_circuit_has_the_same_delays(tmp_path: Path) -> None:
    net = circuit("some", "zero")
    net.run({"x": X})
    net.save(tmp_path / "saved")
    loaded = rc.Circuit.load(tmp_path / "saved")
    for each in (net, loaded):
        each.run({"x": X})
    assert np.array_equal(loaded["p.w"], net["p.w"]) and np.array_equal(loaded["p.late_by"], net["p.late_by"])


def test_the_delays_are_a_state_that_is_seen_and_not_set() -> None:
    net = circuit("dense", "hold")
    assert np.array_equal(net["p.late_by"], net.projections["p"].delay)
    with pytest.raises(rc.RecircuitError, match="holds the delays of single synapses"):
        net["p.late_by"] = 0
    own = rc.Rule("own", source="a test", forward="late_by += 1; dw = arriving_pre*late_by", state=("late_by",))
    with pytest.raises(rc.RecircuitError, match="'late_by' of its own"):
        net.connect(net["x"], net["h"], rule=own, delay=np.ones((4, 9)) * ms, name="q")
