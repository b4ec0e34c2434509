"""Rules that read the signal that arrives, and which phase is open, against loops that know nothing of the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import distance

import recircuit as rc
from recircuit.errors import RecircuitError
from recircuit.testing import check_rule

LEAK = """
    basal    : 1 (compartment)
    drate/dt = (tanh(basal) - rate)/tau : 1
    gain     = 1 - rate**2 : 1
    error    = rate - .3 : 1
    """
RFLO = rc.Rule(
    "rflo",
    source="Murray 2019",
    traces=("p",),
    forward="p = p + .2*(gain_post*arriving_pre - p)\ndw = .05*error_post*p",
)
GATED = rc.Rule(
    "told", source="a test", traces=("el",), state=("m",),
    forward="""
    el = (1 - in_start)*el + x_pre*x_post
    g  = in_reward*error_post*el
    m  = .5*m + in_reward*x_post*x_pre
    dw = .1*g - in_rest*.05*w + .01*m
    """,
)  # fmt: skip
#: The plain Brian2 form has one batch element.
WAYS = [
    ({"batch_size": 2}, "numpy"),
    ({"batch_size": 2}, "interpreter"),
    ({"batch_size": 2, "optimise": False}, "numpy"),
    ({"lowering": "reference"}, "numpy"),
]
TIMINGS: list[dict[str, Any]] = [
    {},
    {"delay": 2},
    {"during": "a and b", "closed": "hold"},
    {"during": "b", "closed": "zero", "delay": 1},
]


def data(batch_size: int) -> np.ndarray:
    """Return two presentations of eight steps."""
    return np.random.default_rng(1).normal(size=(2 * batch_size, 8, 2))


def leaky(net: rc.Circuit) -> tuple[Any, Any]:
    """Return a circuit with a series x, and h which follows it slowly."""
    return net.stimulus("x", 2, every=1 * ms), net.population("h", 3, rc.Neuron(LEAK, tau=5 * ms))


@pytest.mark.parametrize("timing", TIMINGS, ids=str)
@pytest.mark.parametrize("options, backend", WAYS)
def test_a_rule_reads_the_signal_that_its_projection_brought_in(
    options: dict[str, Any], backend: str, timing: dict[str, Any]
) -> None:
    """In RFLO a synapse receives the rate of the step before, or of earlier ones, as long as the pathway is open."""
    net = rc.Circuit(seed=2, **options)
    x, h = leaky(net)
    net.connect(x, h)
    given = timing | ({"delay": timing["delay"] * ms} if "delay" in timing else {})
    net.connect(h, h, rule=RFLO, weights=rc.normal(1.0), learns="a and c", **given)
    net.phases("a", 3 * ms, "b", 2 * ms, "c", 3 * ms)
    w0, w, rows, size = net["x_to_h.w"], net["h_to_h.w"], data(net.batch_size), net.batch_size
    net.run({"x": rows}, backend=backend)
    r, p, arrived, field = np.zeros((size, 3)), np.zeros((size, 3, 3)), np.zeros((size, 3)), np.zeros((size, 3))
    sent = [r] * 5
    for sample in rows.reshape(2, size, 8, 2):
        for step, phase in enumerate("aaabbccc"):
            sent.append(r)
            if "during" not in timing or phase in timing["during"].split(" and "):
                arrived = sent[-1 - timing.get("delay", 0)]
                field = arrived @ w.T
            elif timing["closed"] == "zero":
                arrived, field = 0 * arrived, 0 * field
            r = r + (np.tanh(sample[:, step] @ w0.T + field) - r) / 5
            if phase != "b":
                p = p + 0.2 * ((1 - r**2)[:, :, None] * arrived[:, None, :] - p)
                w = w + 0.05 * np.mean((r - 0.3)[:, :, None] * p, axis=0)
    assert distance(net["h_to_h.w"], w) < 1e-12 and distance(net["h_to_h.p"], p) < 1e-12


@pytest.mark.parametrize("synapses", [None, [[1, 0], [1, 1], [0, 1]]], ids=["all", "some"])
@pytest.mark.parametrize("options, backend", WAYS)
def test_a_rule_knows_which_phase_is_open(options: dict[str, Any], backend: str, synapses: Any) -> None:
    """A trace begins again at a phase; a reward is learned from in another; weights decay in a third."""
    net = rc.Circuit(seed=2, **options)
    x, h = leaky(net)
    there = None if synapses is None else np.array(synapses, bool)
    net.connect(x, h, rule=GATED, connectivity=there, learns="start and trial and reward and rest")
    net.phases("start", 1 * ms, "trial", 3 * ms, "reward", 1 * ms, "rest", 2 * ms, "off", 1 * ms)
    w, rows, size = net["x_to_h.w"], data(net.batch_size), net.batch_size
    mask = np.ones((3, 2)) if there is None else there
    net.run({"x": rows}, backend=backend)
    r, el, m = np.zeros((size, 3)), np.zeros((size, 3, 2)), np.zeros((3, 2))
    for sample in rows.reshape(2, size, 8, 2):
        for step, phase in enumerate("start trial trial trial reward rest rest off".split()):
            r = r + (np.tanh(sample[:, step] @ w.T) - r) / 5
            if phase == "off":
                continue
            hebb = mask * r[:, :, None] * sample[:, step, None, :]
            el = hebb if phase == "start" else el + hebb
            m = 0.5 * m + (hebb.mean(axis=0) if phase == "reward" else 0)
            g = np.mean((r - 0.3)[:, :, None] * el, axis=0) if phase == "reward" else 0
            w = w + 0.1 * g - (0.05 * w if phase == "rest" else 0) + 0.01 * m
    for name, value in {"w": w, "el": el, "m": m, "updates": 14}.items():
        assert distance(net[f"x_to_h.{name}"], value) < 1e-12, name


@pytest.mark.parametrize("options, backend", WAYS)
def test_sums_over_synapses_are_kept_apart_in_all_phases(options: dict[str, Any], backend: str) -> None:
    """Each phase sums something else; one sum is read twice in an update, before and after a change."""
    rule = rc.Rule(
        "sums", source="a test",
        forward="""
        s  = in_b*incoming(w*x_pre)*incoming(w)
        dw = .1*s - in_a*.1*w/incoming(w)
        dw = -.01*incoming(w)*incoming(w)
        """,
    )  # fmt: skip
    net = rc.Circuit(seed=2, **options)
    x = net.stimulus("x", 2)
    h = net.population("h", 3, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1 (during a)"))
    net.connect(x, h, rule=rule, learns="a and b and c", weights=rc.uniform(0.2, 0.6))
    net.phases("a", 2 * ms, "b", 1 * ms, "c", 1 * ms)
    w, rows = net["x_to_h.w"], np.ones((2 * net.batch_size, 2))
    net.run(rows, backend=backend)
    for phase in "aabcaabc":
        total = w.sum(axis=1, keepdims=True)
        w = w + (0.1 * total**2 if phase == "b" else 0) - (0.1 * w / total if phase == "a" else 0)
        w = w - 0.01 * w.sum(axis=1, keepdims=True) ** 2
    assert distance(net["x_to_h.w"], w) < 1e-12


def test_what_a_closed_phase_leaves_out_costs_nothing() -> None:
    """In a trial the weights do not change, and in the rest, of which the rule says nothing, neither do traces."""
    net = rc.Circuit()
    x, h = leaky(net)
    rule = rc.Rule("one", source="a test", traces=("el",), forward="el += in_trial*x_pre*x_post\ndw = in_reward*el")
    net.connect(x, h, rule=rule, learns="trial and rest and reward")
    net.phases("trial", 1 * ms, "rest", 1 * ms, "reward", 1 * ms)
    writes = [
        {key for entry in row if not entry.skipped for key in entry.operation.writes if key.startswith("x_to_h")}
        for row in net.timetable().entries
    ]
    count = "x_to_h.updates"
    assert writes == [{"x_to_h.el", count}, {count}, {"x_to_h.w", count}]


def test_such_rules_pass_the_checks_of_rules_and_are_saved(tmp_path: Path) -> None:
    rule = rc.Rule(
        "both", source="a test", traces=("p",),
        forward="p = p + .2*(error_post*arriving_pre - p)\ndw = .05*error_post*p*in_reward",
        feedback="dw = .1*arriving_pre*error_post*incoming(w*arriving_pre)",
    )  # fmt: skip
    assert check_rule(rule).ok
    net = rc.Circuit(batch_size=2)
    x, h = leaky(net)
    net.connect(h, h, rule=rule, learns="reward")
    net.connect(x, h)
    net.phases("trial", 6 * ms, "reward", 2 * ms)
    net.run({"x": data(2)})
    net.save(tmp_path / "saved")
    again = rc.Circuit.load(tmp_path / "saved")
    for one in (net, again):
        one.run({"x": data(2)})
    np.testing.assert_array_equal(net["h_to_h.w"], again["h_to_h.w"])


def test_a_phase_in_which_the_rule_never_learns_is_refused() -> None:
    """Its update would be 0 every time, without a word."""
    net = rc.Circuit()
    x, h = leaky(net)
    net.connect(x, h, rule=rc.Rule("a", source="a test", forward="dw = in_trial*x_pre*x_post"))
    net.phases("trial", 2 * ms, "plasticity", 1 * ms)
    with pytest.raises(RecircuitError, match="in_trial, which is 0 in all steps.*learns='plasticity and trial'"):
        net.lowered()


def _connected(forward: str, lines: str = LEAK, **options: Any) -> rc.Circuit:
    net = rc.Circuit()
    h = net.population("h", 2, rc.Neuron(lines, tau=5 * ms))
    net.connect(h, h, rule=rc.Rule("a", source="a test", forward=forward), **options)
    net.phases("a", 1 * ms)
    return net


@pytest.mark.parametrize(
    "forward, options, message",
    [
        ("dw = arriving_post*x_pre", {}, "read `arriving_pre`"),
        (
            "dw = arriving_pre*x_post",
            {"lines": f"{LEAK}\narriving = rate : 1"},
            "variable of its own called 'arriving'",
        ),
        (
            "dw = in_b*x_pre*x_post",
            {},
            r"reads in_b, which is open during \['b'\], but the circuit's phases are \['a'\]",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(forward: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecircuitError, match=message):
        _connected(forward, **options).lowered()
