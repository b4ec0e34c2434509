"""Latches that are taken once, in the last step of a phase, from the state after that step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import RecircuitError

SHOWN = np.array([[0.9, 0.2], [0.1, 0.7], [0.4, 0.6], [0.3, 0.8]])
LINES = """
    basal : 1 (compartment)
    rate = clip(rate + pace*(basal - rate), 0, 1) : 1 (during free)
    free = rate                                   : 1 (after free)
    twice = free + rate                           : 1 (after free and nudged)
"""


def circuit(**options: Any) -> rc.Circuit:
    net = rc.Circuit(**options)
    x = net.stimulus("x", 2)
    h = net.population("h", 2, rc.Neuron(LINES, pace=0.25))
    net.connect(x, h, weights=np.eye(2))
    net.phases("free", 3 * ms, "nudged", 2 * ms)
    return net


def by_hand() -> dict[str, np.ndarray]:
    """Compute for two elements and two presentations what is latched after each of its phases."""
    rate, free, twice = np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2))
    for shown in (SHOWN[:2], SHOWN[2:]):
        for _ in range(3):
            rate = np.clip(rate + 0.25 * (shown - rate), 0, 1)
        twice = free + rate  # latches of one step read what there was before any of them
        free = rate
        twice = free + rate
    return {"rate": rate, "free": free, "twice": twice}


@pytest.mark.parametrize("optimise", [True, False])
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_a_latch_after_a_phase_reads_the_state_after_its_last_step(backend: str, optimise: bool) -> None:
    net = circuit(batch_size=2, optimise=optimise)
    net.run(SHOWN, backend=backend)
    for variable, value in by_hand().items():
        np.testing.assert_allclose(net[f"h.{variable}"], value, rtol=1e-14)


def test_the_reference_form_takes_the_same_latches() -> None:
    dense, plain = circuit(), circuit(lowering="reference")
    for net in (dense, plain):
        net.run(SHOWN)
    for variable in ("rate", "free", "twice"):
        np.testing.assert_allclose(plain[f"h.{variable}"], dense[f"h.{variable}"], rtol=1e-14)


def test_a_latch_is_taken_in_one_step_and_rules_of_that_step_read_it() -> None:
    rule = rc.Rule("r", source="a test", forward="dw = free_post*x_pre")
    net = circuit(optimise=False)
    y = net.population("y", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1 (during free)"))
    projection = net.connect(net["h"], y, rule=rc.Rule("s", source="a test", forward="dw = free_pre"), learns="free")
    assert rule.local and projection.plastic
    names = net.timetable().names()
    assert [any("free_twice" in n for n in row) for row in names] == [False, False, True, False, False]
    net["h_to_y.w"] = 0.0
    net.run(SHOWN[:1], 1)
    np.testing.assert_allclose(
        net["h_to_y.w"], net["h.free"]
    )  # 0 twice, and the latch in the step in which it is taken


@pytest.mark.parametrize(
    "line, message",
    [
        ("dv/dt = -v/tau : 1 (after free)", "runs during a phase"),
        ("v = rate : 1 (after free, during free)", "at most one"),
        ("v : 1 (after free)", "flags"),
    ],
)
def test_what_cannot_be_a_latch_is_refused(line: str, message: str) -> None:
    with pytest.raises(RecircuitError, match=message):
        rc.Neuron(f"rate : 1\n{line}", tau=1 * ms)


def test_a_phase_that_there_is_not_is_named() -> None:
    net = rc.Circuit()
    net.population("h", 1, rc.Neuron("rate : 1\nv = rate : 1 (after supper)"))
    net.phases("free", 1 * ms)
    with pytest.raises(RecircuitError, match="h.v is open during \\['supper'\\]"):
        net.run(presentations=1)
