"""Models of the literature that live in time, each against a loop over its steps that knows nothing of the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms
from networks import distance

import recircuit as rc

LEAK = "basal : 1 (compartment)\ndrate/dt = (tanh(basal) - rate)/tau : 1"
BACKENDS = pytest.mark.parametrize("backend", ["numpy", "interpreter"])


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape)


@BACKENDS
def test_short_term_plasticity(backend: str) -> None:
    """The model is Tsodyks and Markram 1997 for rates: facilitation u and resources r of a unit whose rate is a series."""
    unit = rc.Neuron(
        """
        rate : 1
        du/dt = (U - u)/facilitation + U*(1 - u)*rate*peak : 1
        dr/dt = (1 - r)/recovery - u*r*rate*peak           : 1
        sent = u*r*rate                                    : 1
        """,
        U=0.2, facilitation=500 * ms, recovery=100 * ms, peak=20 * Hz,
    )  # fmt: skip
    net = rc.Circuit()
    s = net.stimulus("s", 2, unit, every=5 * ms)
    net.connect(s, net.population("h", 3, rc.Neuron(LEAK, tau=10 * ms)), sends="sent")
    net["s.r"], net["s.u"] = 1, 0.2
    shown, w = np.abs(normal(20, 2)), net["s_to_h.w"]
    trace = net.run({"s": shown}, 100 * ms, record=["h.rate"], backend=backend)
    u, r, h, rates = np.full(2, 0.2), np.ones(2), np.zeros(3), []
    for step in range(100):
        x = shown[step // 5]
        h = h + 0.1 * (np.tanh(w @ (u * r * x)) - h)
        more = u + 1e-3 * ((0.2 - u) / 0.5 + 0.2 * (1 - u) * x * 20)
        r, u = r + 1e-3 * ((1 - r) / 0.1 - u * r * x * 20), more
        rates.append(h)
    assert distance(trace["h.rate"], rates) < 1e-12 and distance(net["s.r"][0], r) < 1e-12


@BACKENDS
def test_an_attractor_network_whose_coupling_is_delayed(backend: str) -> None:
    """The model is Hopfield 1984, with a delay of each synapse; the cue is shown at the beginning of each presentation."""
    patterns = np.sign(normal(2, 12))
    coupling = patterns.T @ patterns / 12 * (1 - np.eye(12))
    delays = np.random.default_rng(1).integers(0, 6, (12, 12))
    lines = "basal : 1 (compartment)\ncue : 1 (compartment)\ndrate/dt = (tanh(2*(basal + cue)) - rate)/tau : 1"
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 12, during="cue", closed="zero")
    h = net.population("h", 12, rc.Neuron(lines, tau=4 * ms))
    net.connect(x, h, into="cue", weights=1.0, connectivity=rc.OneToOne())
    net.connect(h, h, weights=coupling, delay=delays * ms, autapses=False)
    net.phases("cue", 5 * ms, "recall", 20 * ms)
    cues = np.sign(normal(4, 12))
    trace = net.run(cues, record=["h.rate"], elements="all", backend=backend)
    rate, sent, rates = np.zeros((2, 12)), [np.zeros((2, 12))] * 6, []
    for cue in cues.reshape(2, 2, 12):
        for step in range(25):
            sent.append(rate)
            arrives = np.array(sent)[-1 - delays, :, np.arange(12)]  # (post, pre, batch)
            field = np.einsum("ij,ijb->bi", coupling, arrives)
            rate = rate + (np.tanh(2 * (field + cue * (step < 5))) - rate) / 4
            rates.append(rate)
    assert distance(trace["h.rate"], rates) < 1e-12


@BACKENDS
def test_scaling_towards_a_mean_rate(backend: str) -> None:
    """As in Turrigiano 2008, a unit's mean rate scales its weights; what is above a sum of 2 is taken from all of them."""
    rule = rc.Rule(
        "scaling", source="Turrigiano 2008", parameters=dict(rate=0.02, pull=0.05, goal=0.6),
        forward="""
        dw = rate*(x_pre - incoming(w*x_pre)/6)*x_post + pull*(goal - mean_post)*w
        w  = clip(w, 0, 10)
        dw = -.02*(incoming(w) - 2)*w/incoming(w)
        """,
    )  # fmt: skip
    lines = f"{LEAK.replace('tanh', 'relu')}\nmean = mean + .05*(rate - mean) : 1 (shared, during show)"
    net = rc.Circuit(batch_size=3)
    net.connect(
        net.stimulus("x", 6),
        net.population("h", 4, rc.Neuron(lines, tau=3 * ms)),
        rule=rule,
        weights=0.3,
        learns="show",
    )
    net.phases("show", 4 * ms, "gap", 2 * ms)
    shown, w = np.abs(normal(7, 6)), net["x_to_h.w"]
    net.run(shown, backend=backend)
    h, mean = np.zeros((3, 4)), np.zeros(4)
    for active, x in zip((3, 3, 1), np.concatenate([shown, np.zeros((2, 6))]).reshape(3, 3, 6), strict=True):
        for step in range(6):
            before, h = h, h + (np.maximum(x @ w.T, 0) - h) / 3
            if step < 4:
                mean = (mean + 0.05 * (before - mean))[:active].mean(axis=0)
                drive = (x[:, None, :] - (x @ w.T)[:, :, None] / 6) * h[:, :, None]
                w = np.clip(w + 0.02 * drive[:active].mean(axis=0) + 0.05 * (0.6 - mean)[:, None] * w, 0, 10)
                total = w.sum(axis=1, keepdims=True)
                w = w - 0.02 * (total - 2) * w / total
    assert distance(net["x_to_h.w"], w) < 1e-12 and distance(net["h.mean"], mean) < 1e-12


@BACKENDS
def test_timing_by_two_traces_in_the_synapse_or_in_the_units(backend: str) -> None:
    """In rates, dw/dt = eta (pre-trace * post - post-trace * pre / 2) is spike timing; both forms run side by side."""
    synapse = rc.Rule(
        "synapse", source="a test", traces=("before", "after"),
        parameters=dict(eta=20 * Hz, fast=8 * ms, slow=25 * ms),
        forward="""
        dbefore/dt = (x_pre - before)/fast
        dafter/dt  = (x_post - after)/slow
        dw/dt      = eta*(before*x_post - .5*after*x_pre)
        """,
    )  # fmt: skip
    units = rc.Rule(
        "units", source="a test", parameters=dict(eta=20 * Hz),
        forward="dw/dt = eta*(kept_pre*x_post - .5*kept_post*x_pre)",
    )  # fmt: skip
    keeps = "dkept/dt = (rate - kept)/memory : 1"
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 3, rc.Neuron(f"rate : 1\n{keeps}", memory=8 * ms), every=1 * ms)
    h = net.population("h", 2, rc.Neuron(f"{LEAK}\n{keeps}", tau=3 * ms, memory=25 * ms))
    net.connect(x, h, rule=synapse, name="one")
    net.connect(x, h, rule=units, name="two", weights=0.1)
    shown, w, v = normal(2, 50, 3), net["one.w"], net["two.w"]
    net.run({"x": shown}, 50 * ms, backend=backend)
    h, before, after = np.zeros((2, 2)), np.zeros((2, 3)), np.zeros((2, 2))
    unit_before, unit_after = np.zeros((2, 3)), np.zeros((2, 2))
    for step in range(50):
        r = shown[:, step]
        unit_before, unit_after = unit_before + (r - unit_before) / 8, unit_after + (h - unit_after) / 25
        h = h + (np.tanh(r @ (w + v).T) - h) / 3
        before, after = before + (r - before) / 8, after + (h - after) / 25  # the rule reads the rates after the step
        w = w + 0.02 * (h.T @ before - 0.5 * after.T @ r) / 2
        v = v + 0.02 * (h.T @ unit_before - 0.5 * unit_after.T @ r) / 2
    assert distance(net["one.w"], w) < 1e-12 and distance(net["two.w"], v) < 1e-12


def competition(**options: Any) -> rc.Circuit:
    """Return a circuit of units that inhibit each other a millisecond later, and count how long they were low.

    In the end they hold whether they have won.
    """
    net = rc.Circuit(batch_size=4, dt=0.5 * ms, **options)
    lines = """
        basal   : 1 (compartment)
        others  : 1 (compartment)
        noise   : 1 (compartment)
        gain    : 1
        drate/dt = (clip(gain*(basal - others) + .1*noise, 0, 1) - rate)/tau : 1
        won     = int(rate > .5)                    : 1 (after compete)
        low     = low + dt/ms*int(rate < .5)        : 1 (during compete)
        """
    h = net.population("h", 3, rc.Neuron(lines, tau=4 * ms), initial={"gain": 1})
    same: dict[str, Any] = dict(weights=1.0, connectivity=rc.OneToOne())
    net.connect(net.stimulus("x", 3), h, **same)
    net.connect(net.stimulus("n", 3, every=0.5 * ms), h, into="noise", **same)
    net.connect(h, h, into="others", weights=1.2, autapses=False, delay=1 * ms)
    return net


@BACKENDS
def test_a_competition_in_four_elements_with_gains_of_their_own(backend: str) -> None:
    net, gain = competition(), np.linspace(0.5, 2, 4)[:, None]
    net.phases("compete", 20 * ms, "read", 1 * ms)
    net["h.gain"] = gain
    x, noise, w = np.abs(normal(4, 3)), normal(4, 42, 3), 1.2 * (1 - np.eye(3))
    net.run({"x": x, "n": noise}, backend=backend)
    rate, low, won = np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((4, 3))
    sent = [rate] * 3
    for step in range(42):
        sent.append(rate)
        before, drive = rate, gain * (x - sent[-3] @ w.T) + 0.1 * noise[:, step]
        rate = rate + (np.clip(drive, 0, 1) - rate) / 8
        low = low + 0.5 * (before < 0.5) * (step < 40)
        won = (rate > 0.5) if step == 39 else won
    for name, value in {"rate": rate, "low": low, "won": won}.items():
        assert distance(net[f"h.{name}"], value) < 1e-12, name


def test_a_value_that_is_set_before_the_phases_are_declared_is_refused_in_words() -> None:
    with pytest.raises(rc.RecircuitError, match=r"no phases \(yet\).*before you run the circuit, or read or set"):
        competition()["h.gain"] = 2
