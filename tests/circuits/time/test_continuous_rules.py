"""Rules in continuous time, ``dNAME/dt = E``: against loops of NumPy, in every form, and with the time step."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from brian2 import Hz, ms, mV

import recircuit as rc
from recircuit.circuits import Convolution
from recircuit.errors import RecircuitError
from recircuit.testing import check_rule

RNG = np.random.default_rng(3)
SHOWN = RNG.random((4, 3))
BEGIN = RNG.random((2, 3))

OJA = rc.Rule(
    "oja", source="Oja 1982", forward="dw/dt = eta*(x_pre*x_post - w*x_post**2)", parameters=dict(eta=20 * Hz)
)
TRACED = rc.Rule(
    "traced",
    source="a test",
    forward="dm/dt = (x_pre*x_post - m)/tau\ndw/dt = eta*m",
    state=("m",),
    parameters=dict(eta=4 * Hz, tau=10 * ms),
)


def circuit(rule: rc.Rule, dt: float, span: float = 50, **options: object) -> rc.Circuit:
    """Return a circuit of three inputs and two linear units that follow them, for so many ms; the rule learns all the time."""
    net = rc.Circuit(dt=dt * ms, **options)  # type: ignore[arg-type]
    x = net.stimulus("x", 3)
    h = net.population("h", 2, rc.Neuron("basal : 1 (compartment)\ndrate/dt = (basal - rate)/tau : 1", tau=5 * ms))
    net.connect(x, h, rule=rule, weights=BEGIN, during="shown", learns="shown")
    net.phases("shown", span * ms)
    return net


def by_hand(rule: rc.Rule, dt: float, shown: np.ndarray, span: float = 50) -> np.ndarray:
    """Compute the same by hand: rates from the field of the step, then the rule's statements, averaged over elements."""
    w, m, rate = BEGIN.copy(), np.zeros((2, 3)), np.zeros((len(shown), 2))
    for _ in range(round(span / dt)):
        field = shown @ w.T
        rate = rate + dt / 5 * (field - rate)
        hebb = np.mean(rate[:, :, None] * shown[:, None, :], axis=0)
        if rule is OJA:
            w = w + dt * 1e-3 * 20 * (hebb - w * np.mean(rate**2, axis=0)[:, None])
        else:
            m = m + dt / 10 * (hebb - m)
            w = w + dt * 1e-3 * 4 * m
    return w


@pytest.mark.parametrize("rule", [OJA, TRACED], ids=["oja", "traced"])
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_a_loop_by_hand_gives_the_same(rule: rc.Rule, backend: str) -> None:
    net = circuit(rule, 1, batch_size=4)
    net.run(SHOWN, backend=backend)
    np.testing.assert_allclose(net["x_to_h.w"], by_hand(rule, 1, SHOWN), rtol=1e-12)


@pytest.mark.parametrize("rule", [OJA, TRACED], ids=["oja", "traced"])
def test_the_reference_form_gives_the_same(rule: rc.Rule) -> None:
    net = circuit(rule, 1, lowering="reference")
    net.run(SHOWN[:1])
    np.testing.assert_allclose(net["x_to_h.w"], by_hand(rule, 1, SHOWN[:1]), rtol=1e-12)


def test_shared_weights_learn_continuously_in_both_forms() -> None:
    """Ten times the rate and a tenth of the time are the same update."""

    def learned(rule: rc.Rule, lowering: str) -> np.ndarray:
        net = rc.Circuit(lowering=lowering, seed=4)
        x = net.stimulus("x", 16)
        h = net.population("h", 16, rc.pyramidal())
        net.connect(x, h, rule=rule, connectivity=Convolution((1, 4, 4), 1, 2))
        net.phases("feedforward", 1 * ms, "plasticity", 2 * ms)
        net.run(np.linspace(0, 1, 16)[None])
        return net["x_to_h.w"]

    text = "eta*(x_pre*x_post - w)"
    continuous = rc.Rule("a", source="a test", forward=f"dw/dt = {text}", parameters=dict(eta=5 * Hz))
    stepwise = rc.Rule("b", source="a test", forward=f"dw = {text}", parameters=dict(eta=0.005))
    for lowering in ("dense", "reference"):
        np.testing.assert_allclose(learned(continuous, lowering), learned(stepwise, "dense"), rtol=1e-12)


@pytest.mark.parametrize("rule", [OJA, TRACED], ids=["oja", "traced"])
def test_a_shorter_time_step_changes_weights_by_its_length(rule: rc.Rule) -> None:
    """Over 50 ms the error is of the first order in dt: each halving halves it."""
    ends = []
    for dt in (1, 0.5, 0.25, 0.1):
        net = circuit(rule, dt, batch_size=4)
        net.run(SHOWN)
        ends.append(net["x_to_h.w"])
    first, second = np.abs(ends[0] - ends[1]).max(), np.abs(ends[1] - ends[2]).max()
    assert 1.7 < first / second < 2.3
    assert np.abs(ends[0] - ends[3]).max() < 0.06 * np.abs(ends[3] - BEGIN).max()


def test_units_are_printed_kept_and_can_be_set() -> None:
    assert "eta = 20. Hz" in str(OJA) and "dw/dt = eta*" in str(OJA)
    again = pickle.loads(pickle.dumps(OJA))
    assert again == OJA and str(again) == str(OJA)
    slower = OJA.with_parameters(eta=2 * Hz).with_weight_limit(0.5)
    assert "eta = 2. Hz" in str(slower)
    net = circuit(slower, 1)
    net["x_to_h.eta"] = 3 * Hz
    assert net["x_to_h.eta"] == 3
    with pytest.raises(RecircuitError, match="has the dimension"):
        net["x_to_h.eta"] = 3.0


REFUSED = {
    "a rate without unit": (dict(forward="dw/dt = .1*x_pre"), "has the unit 1; it should have Hz"),
    "an update per second": (dict(forward="dw = r*x_pre", parameters=dict(r=1 * Hz)), "write `dw/dt = ...`"),
    "volts": (dict(forward="dw/dt = r*x_pre", parameters=dict(r=1 * mV)), "should have Hz"),
    "a sum of both": (dict(forward="dw/dt = r*x_pre + x_post", parameters=dict(r=1 * Hz)), "inconsistent units"),
    "noise": (dict(forward="dw/dt = r*randn()", parameters=dict(r=1 * Hz)), "depend on the time step"),
    "white noise per update": (
        dict(forward="dw = r*xi", parameters=dict(r=1 * Hz)),
        r"drawn once per update is `randn\(\)`",
    ),
    "white noise in a function": (
        dict(forward="dw/dt = r*clip(xi, 0, 1)", parameters=dict(r=1 * Hz)),
        "in no function",
    ),
    "white noise in a power": (dict(forward="dw/dt = x_pre*xi**2"), "in no function, power or divisor"),
    "a divisor with white noise": (dict(forward="dw/dt = r/xi", parameters=dict(r=1 * Hz)), "power or divisor"),
    "white noise twice": (
        dict(forward="dw/dt = s*(x_pre*xi + xi)", parameters=dict(s=1 * Hz**0.5)),
        "draws noise twice; write `xi` once",
    ),
    "white noise times a rate": (dict(forward="dw/dt = r*xi", parameters=dict(r=1 * Hz)), "it should have Hz"),
    "what is not kept": (dict(forward="dm/dt = r*x_pre\ndw = m", parameters=dict(r=1 * Hz)), "declare it as state"),
    "added": (dict(forward="dw/dt += x_pre"), "cannot be read as an equation"),
    "a unit in the equation": (dict(forward="dw/dt = x_pre/ms"), r"tau=10\*ms"),
    "another unit": (dict(forward="dx_pre/dt = x_post"), "belongs to a unit"),
}


@pytest.mark.parametrize("given, message", REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_when_the_rule_is_made(given: dict[str, object], message: str) -> None:
    with pytest.raises(RecircuitError, match=message):
        rc.Rule("r", source="a test", **given)  # type: ignore[arg-type]


def test_modifiers_that_count_updates_are_refused() -> None:
    for change in (lambda: OJA.with_momentum(0.9),):
        with pytest.raises(RecircuitError, match="goes by updates"):
            change()
    assert "g*(" in str(OJA.with_gate("g"))


def test_a_rule_in_continuous_time_passes_the_checks_of_rules() -> None:
    assert check_rule(OJA).ok


SAMPLING = rc.Rule(
    "sampling",
    source="Kappel et al. 2015, synaptic sampling",
    forward="dtheta/dt = b*(mu - theta + gain*x_post*(x_pre - .5)) + sqrt(2*b)*xi\nw = int(theta > 0)*exp(theta - 3)",
    state=("theta",),
    parameters=dict(b=0.5 * Hz, mu=0.5, gain=10),
)


def test_a_rule_with_white_noise_passes_the_checks_of_rules() -> None:
    assert "sqrt(2*b)*xi" in str(SAMPLING) and SAMPLING.forward.random
    assert check_rule(SAMPLING).ok


def test_white_noise_has_the_same_variance_in_every_time_step() -> None:
    """dw = sigma dB has the variance sigma^2 t: the numbers of 3,000 synapses are within five of their standard deviations."""
    walk = rc.Rule("walk", source="Wiener 1923", forward="dw/dt = sigma*xi", parameters=dict(sigma=2 * Hz**0.5))
    found = {}
    for dt, lowering in ((1, "dense"), (0.25, "dense"), (1, "reference")):
        net = rc.Circuit(dt=dt * ms, seed=1, lowering=lowering)
        net.connect(
            net.stimulus("x", 100), net.population("h", 30, rc.pyramidal()), rule=walk, weights=0.0, learns="shown"
        )
        net.phases("shown", 50 * ms)
        net.run(np.ones((1, 100)))
        found[dt, lowering] = net["x_to_h.w"] / np.sqrt(4 * 0.05)
        assert abs(np.mean(found[dt, lowering] ** 2) - 1) < 5 * np.sqrt(2 / 3000)
    np.testing.assert_allclose(found[1, "reference"], found[1, "dense"], rtol=1e-12)
