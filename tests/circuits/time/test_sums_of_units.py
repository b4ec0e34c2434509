"""Sums over the synapses of a unit, of the post unit and of the pre unit, in one rule, against a loop over synapses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms
from networks import distance
from test_scopes import CONNECTIVITIES, UNITS

import recircuit as rc
from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.testing import RuleFails, check_rule

SHAPED = [kind for kind in CONNECTIVITIES if kind != "tied"]
BOTH = rc.Rule(
    "both", source="a test", parameters=dict(rate=0.1, goal=0.5), traces=("el",),
    forward="""
    el += .2*(x_pre*outgoing(w*x_post) - el)
    dw = rate*x_pre*x_post*outgoing(w) - rate*el
    w  = w*(1 + rate*(goal - outgoing(w**2)))
    dw = -rate*outgoing(w*x_post)*x_post + .01*incoming(w*x_pre)*outgoing(w)*x_pre
    w  = w/(2 + outgoing(abs(w)) + incoming(abs(w)))
    """,
)  # fmt: skip
UNIT = rc.Neuron("basal : 1 (compartment)\nback : 1 (compartment)\nrate = basal : 1 (during show)")
X = np.random.default_rng(5).normal(size=(5, 16))


def circuit(kind: str, batch_size: int = 3, **options: Any) -> rc.Circuit:
    """Return a circuit with a projection from a stimulus, and one from a population to itself with delays."""
    net = rc.Circuit(batch_size=batch_size, seed=2, **options)
    x, h = net.stimulus("x", 16), net.population("h", UNITS[kind], UNIT)
    net.connect(x, h, rule=BOTH, connectivity=CONNECTIVITIES[kind], weights=rc.uniform(-0.5, 1), name="p")
    net.connect(h, h, into="back", rule=BOTH, weights=rc.uniform(-0.2, 0.2), delay=2 * ms, name="r")
    net.phases("show", 1 * ms, "plasticity", 1 * ms)
    return net


def step(w: np.ndarray, el: np.ndarray, x: np.ndarray, y: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, ...]:
    """Make one update, in the order of the statements; each sum is of the weights as they are at that time."""
    active = len(x)
    out_y = y @ w  # each pre unit's sum of w*y, in each batch element
    el[:active] += 0.2 * ((x * out_y)[:, None, :] * there - el[:active])
    w = w + 0.1 * (y.T @ x / active) * there * w.sum(axis=0) - 0.1 * el[:active].mean(axis=0)
    w = w * (1 + 0.1 * (0.5 - (w**2).sum(axis=0)))
    down, up = y.T @ (y @ w), (x @ w.T).T @ x * w.sum(axis=0)
    w = w + (0.01 * up - 0.1 * down) / active * there
    return w / (2 + abs(w).sum(axis=0) + abs(w).sum(axis=1)[:, None]), el


def expected(net: rc.Circuit, kind: str, batch_size: int) -> dict[str, np.ndarray]:
    dense = [net["p.w"], net["r.w"]]
    y = np.zeros((batch_size, UNITS[kind]))
    pre, post, place = net.projections["p"].connectivity.indices(16, UNITS[kind])
    full = np.zeros((UNITS[kind], 16))
    full[post, pre] = dense[0].ravel()[place]
    there = np.zeros_like(full)
    there[post, pre] = dense[0].ravel()[place] != 0
    w, r = full, dense[1]
    kept = [np.zeros((batch_size, *w.shape)), np.zeros((batch_size, *r.shape))]
    for first in range(0, len(X), batch_size):
        x = X[first : first + batch_size]
        y = x @ w.T
        w, kept[0] = step(w, kept[0], x, y, there)
        r, kept[1] = step(r, kept[1], y, y, np.ones_like(r))
    p = np.zeros(dense[0].size)
    p[place] = w[post, pre]
    return {"p.w": p.reshape(dense[0].shape), "r.w": r, "r.el": kept[1]}


@pytest.mark.parametrize("kind", SHAPED)
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_sums_of_both_units_are_as_in_a_loop(backend: str, kind: str) -> None:
    """The last batch is not full: there are 5 rows in batches of 3."""
    compare(backend, kind)


@pytest.mark.parametrize("kind", SHAPED)
def test_the_reference_form_sums_the_same(kind: str) -> None:
    compare("numpy", kind, 1)
    compare("numpy", kind, 1, lowering="reference")


@pytest.mark.skipif(bool(missing_compiler()), reason="no compiler")
@pytest.mark.parametrize("kind", ["sparse", "local"])
def test_cpp_sums_the_same(kind: str) -> None:
    compare("cpp", kind)


@pytest.mark.parametrize("kind", ["masked", "local"])
def test_cuda_sums_the_same(kind: str, on_cpu: None) -> None:
    pytest.importorskip("brian2cuda")
    compare("cuda", kind)


def compare(backend: str, kind: str, batch_size: int = 3, **options: Any) -> None:
    net = circuit(kind, batch_size, **options)
    wanted = expected(net, kind, batch_size)
    net.run(X, backend=backend)
    for key, value in wanted.items():
        assert distance(net[key], value) < 1e-12, key


@pytest.mark.parametrize("dt", [1.0, 0.5])
def test_sums_in_continuous_time(dt: float) -> None:
    """Weights are pulled to sums of 1, with a rate in Hz and a time constant."""
    rule = rc.Rule(
        "pull", source="a test", parameters=dict(eta=20 * Hz, tau=30 * ms),
        forward="dw/dt = eta*(1 - incoming(w))*x_pre + (1 - outgoing(w))/tau",
    )  # fmt: skip
    net = rc.Circuit(dt=dt * ms)
    net.connect(net.stimulus("x", 3), net.population("h", 2, rc.pyramidal()), rule=rule, weights=0.2, learns="show")
    net.phases("show", 10 * ms)
    w, x = net["x_to_h.w"].copy(), np.array([0.5, 1.0, 2.0])
    net.run(x[None])
    for _ in range(round(10 / dt)):
        w = w + 1e-3 * dt * (20 * (1 - w.sum(axis=1, keepdims=True)) * x + (1 - w.sum(axis=0)) / 0.03)
    assert distance(net["x_to_h.w"], w) < 1e-12
    with pytest.raises(rc.RecircuitError, match=r"the right-hand side has the unit 1; it should have Hz"):
        rc.Rule("pull", source="a test", forward="dw/dt = outgoing(w)*x_pre")


@pytest.mark.parametrize("call", ["sum(basal)", "softmax(basal)", "argmax(basal)", "incoming(w)", "outgoing(w)"])
def test_a_sum_over_units_in_a_neuron_is_refused_with_the_way_to_make_it(call: str) -> None:
    with pytest.raises(
        rc.RecircuitError, match="is a function of many units or synapses.*as a broadcast.*MaxPool.of_all"
    ):
        rc.Neuron(f"basal : 1 (compartment)\nrate = {call} : 1")


def test_check_rule_certifies_a_sum_of_the_pre_unit() -> None:
    forward = "dw = rate*(x_pre*x_post - outgoing(w*x_post)*x_post)"
    assert check_rule(rc.Rule("out", source="a test", forward=forward, parameters=dict(rate=0.05))).ok
    paired = rc.Rule("pair", source="a test", forward="s += outgoing(w*x_post); dw = x_pre*s", state=("s",))
    with pytest.raises(RuleFails, match="would not be the mean of 3 circuits"):
        check_rule(paired)


@pytest.mark.parametrize(
    ("forward", "says"),
    [
        ("dw = outgoing(w*x_pre)", r"sums over the synapses of the pre unit.*NAME_post; got x_pre"),
        ("dw = outgoing(tanh(w*x_post))", r"one of the post unit \(as x_post\)"),
        ("dw = outgoing(w, 2)", r"as in outgoing\(w\) or outgoing\(w\*x_post\)"),
        ("outgoing = w; dw = outgoing", "sums over the synapses of a unit"),
        ("dw = outgoing(incoming(w))", "a function that it may not call"),
    ],
)
def test_what_is_no_such_sum_is_refused(forward: str, says: str) -> None:
    with pytest.raises(rc.RecircuitError, match=says):
        rc.Rule("r", source="a test", forward=forward)
