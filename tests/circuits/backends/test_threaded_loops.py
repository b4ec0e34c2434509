"""The loops that the cpp backend shares between threads: random numbers, and sums over batch elements that are no products."""

from __future__ import annotations

import os

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.lowering.equations.one_sided import one_sided, vanishing
from recircuit.testing import distance

BATCH_SIZE, INPUTS, HIDDEN, OUTPUTS = 151, 40, 71, 10

RULE = rc.Rule(
    "few levels", source="test",
    forward="dw = rate*sign(x_pre)*error_post*(.5 + int(abs(error_post)*abs(x_pre) > .2)); w += .01*randn()",
    feedback="dw = rate*clip(error_pre*x_post - w, -1, 1)", parameters=dict(rate=0.1),
)  # fmt: skip


def noisy() -> rc.Circuit:
    """Return a circuit of more units than one thread takes, an odd number, with layers that registers do not divide."""
    net = rc.Circuit(BATCH_SIZE)
    x = net.stimulus("x", INPUTS)
    h = net.population("h", HIDDEN, rc.Neuron(
        """
        basal    : 1 (compartment)
        apical   : 1 (compartment)
        jitter   = randn() : 1 (during draw)
        kept     = int(rand() < .5) : 1 (during drop)
        drate/dt = (tanh(basal) + .1*jitter - rate)/tau : 1 (during feedforward)
        error    = kept*apical*(1 - rate**2) : 1 (during feedback)
        """,
        tau=1 * ms,
    ))  # fmt: skip
    output = rc.SoftmaxOutput()
    o = net.population("o", OUTPUTS, output)
    net.population("pair", 60, rc.Neuron("rate = randn() - randn() : 1 (during drop)"))
    net.connect(x, h, rule=RULE)
    net.connect(h, o, rule=RULE)
    net.connect(o, h, into="apical", rule=RULE.feedback)
    error = ("error", output.error_steps * ms)
    net.phases("draw", 1 * ms, "drop", 1 * ms, "feedforward", 2 * ms, *error, "feedback", 1 * ms, "plasticity", 1 * ms)
    return net


@pytest.mark.cpp
def test_noise_has_numpys_bits_and_sums_its_values_whatever_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of the inputs are zero, and half of the errors are."""
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(300, INPUTS)) * (rng.random((300, INPUTS)) < 0.2), "s": rng.integers(0, OUTPUTS, 300)}
    order = np.append(np.arange(300), [-1, -1]).reshape(2, BATCH_SIZE)
    states = {}
    for backend, threads in (("numpy", "1"), ("cpp", "1"), ("cpp", "2")):
        monkeypatch.setitem(os.environ, "RECIRCUIT_THREADS", threads)
        net = noisy()
        net.run(data, order=order, backend=backend)
        states[backend, threads] = net.state()
        net.close()
    numpy, one, two = states.values()
    assert all(np.array_equal(one[k], v) for k, v in two.items())
    assert all(np.array_equal(numpy[k], one[k]) for k in ("h.jitter", "h.kept"))
    assert 0.9 < numpy["h.jitter"].std() < 1.1 and 0.4 < numpy["h.kept"].mean() < 0.6
    assert abs(one.pop("pair.rate").std() - 2**0.5) < 0.1  # NumPy draws all first numbers before all second ones
    assert {k: v for k in one if (v := distance(numpy[k], one[k])) > 1e-12} == {}


@pytest.mark.parametrize(
    "expression, factors",
    [
        ("rate*sign(x_pre)*error_post*(1 + int(x_pre > error_post))", {"pre": "x_pre", "post": "error_post"}),
        ("-x_pre*clip(x_pre*error_post, -1, 1)/rate", {"pre": "-x"}),
        ("x_pre*error_post*abs(x_pre + error_post)**2", {"pre": "x", "post": "error"}),
        ("x_pre*log(x_pre + error_post)", {}),  # 0*infinity
        ("x_pre/(x_pre + error_post)", {}),  # 0/0
        ("x_pre*exp(x_pre*error_post)", {}),
        ("x_pre*(x_pre + error_post)**-1", {}),
        ("x_pre*clip(w*error_post, -1, 1)", {}),  # w is read where it lies
        ("clip(x_pre*error_post, -1, 1)", {}),  # zero too, but no factor says so
        ("x_pre*(error_post + x_pre) + abs(x_pre - error_post)", {}),
    ],
)
def test_the_factors_that_make_an_expression_zero(expression: str, factors: dict[str, str]) -> None:
    remainder, parts = one_sided(expression, ["rate"], [])
    found = {side: parts[name][1] for side, name in vanishing(remainder, parts, ["rate"]).items()}
    assert found.keys() == factors.keys()
    assert all(part.replace("_pre", "").replace("_post", "") in found[side] for side, part in factors.items())


@pytest.mark.cpp
def test_bits_are_the_same_however_many_threads_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker tries other numbers of threads while it runs, some of them more than there are cores."""
    rng = np.random.default_rng(1)
    data = {"x": rng.normal(size=(2 * BATCH_SIZE, INPUTS)), "s": rng.integers(0, OUTPUTS, 2 * BATCH_SIZE)}
    states = []
    for threads in ("1", "5"):
        monkeypatch.setitem(os.environ, "RECIRCUIT_THREADS", threads)
        net = noisy()
        net.run(data, order=np.arange(400 * BATCH_SIZE).reshape(400, BATCH_SIZE) % (2 * BATCH_SIZE), backend="cpp")
        states.append(net.state())
        net.close()
    assert {k: v for k, v in states[0].items() if not np.array_equal(v, states[1][k])} == {}
