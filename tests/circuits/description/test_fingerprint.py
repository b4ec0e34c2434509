"""Descriptions of circuits as text: what differs in code or numbers differs there, and programs are not taken over then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.description.fingerprint import described, fingerprint

RULE = "v = .5*v + .1*x_pre*x_post\ndw = v"


def circuit(forward: str = RULE, tau: Any = 2 * ms, **kept: Any) -> rc.Circuit:
    net = rc.Circuit(batch_size=2)
    x, h = net.stimulus("x", 2), net.population("h", 2, rc.pyramidal("linear"), tau=tau)
    net.connect(x, h, weights=1.0, rule=rc.Rule("kept", source="this test", forward=forward, **kept))
    net.phases("feedforward", 2 * ms, "plasticity", 1 * ms)
    return net


@pytest.mark.parametrize("first, second", [
    ((RULE, dict(state=("v",))), (RULE, dict(traces=("v",)))),
    (("g = x_pre\ndw = g", dict(state=("g",))), ("g = x_pre\ndw = g", {})),
])  # fmt: skip
def test_a_state_a_trace_and_a_name_of_the_equation_are_told_apart(first: Any, second: Any) -> None:
    one, other = (circuit(text, **kept) for text, kept in (first, second))
    assert fingerprint(one) != fingerprint(other) and described(one) != described(other)
    one.program()
    with pytest.raises(rc.RecircuitError, match="differ in more than numbers.*projection x_to_h"):
        other.take_over(one)


def test_initial_values_are_numbers_and_no_code() -> None:
    """A description has the initial values of traces and the values of parameters of single units."""
    for one, other in (
        (circuit(traces={"v": 0.0}), circuit(traces={"v": 1.0})),
        (circuit(state=("v",), tau=[2, 3] * ms), circuit(state=("v",), tau=[2, 4] * ms)),
    ):
        assert fingerprint(one) == fingerprint(other) and described(one) != described(other)


def test_a_program_from_before_a_change_is_not_taken_over() -> None:
    one, other = circuit(state=("v",)), circuit(state=("v",))
    one.program()
    for net in (one, other):
        net.connect(net["x"], net["h"], weights=5.0, name="more")
    with pytest.raises(rc.RecircuitError, match="has not been built since it was last changed"):
        other.take_over(one)
    one.program()
    other.take_over(one)
    assert np.array_equal(other["more.w"], np.full((2, 2), 5.0))
