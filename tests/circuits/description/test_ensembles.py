"""Parameters with a value for each batch element, or each unit: a sweep is one run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV

import recircuit as rc
from recircuit.errors import RecircuitError

BATCH_SIZE, UNITS = 100, 3
TAU = np.linspace(2, 50, BATCH_SIZE)[:, None]
OF_UNITS = np.array([3.0, 5.0, 9.0])
LEAK = rc.Neuron("basal : 1 (compartment)\ndrate/dt = (gain*tanh(basal) - rate)/tau : 1", tau=10 * ms, gain=1.0)


def leaky(**options: Any) -> rc.Circuit:
    net = rc.Circuit(batch_size=BATCH_SIZE, seed=1)
    x, h = net.stimulus("x", 1), net.population("h", UNITS, LEAK, **options)
    net.connect(x, h, weights=1.0)
    net.phases("feedforward", 30 * ms)
    return net


def after(steps: int, tau: Any, gain: Any = 1.0) -> np.ndarray:
    """Return the rates after some steps, (batch, units)."""
    return np.broadcast_to(gain * np.tanh(1) * (1 - (1 - 1 / np.asarray(tau)) ** steps), (BATCH_SIZE, UNITS))


@pytest.mark.parametrize("tau", [TAU, TAU * np.array([1, 1.5, 2]), OF_UNITS, OF_UNITS[None]], ids=str)
@pytest.mark.parametrize("how", ["option", "initial", "set"])
def test_values_are_given_where_units_are_declared_or_afterwards(tau: np.ndarray, how: str) -> None:
    given = {"option": {"tau": tau * ms}, "initial": {"initial": {"tau": tau * ms}}}.get(how, {})
    net = leaky(**given)
    if how == "set":
        net["h.tau"] = tau * ms
    trace = net.run(np.ones((1, 1)), 1, record=["h.rate", "h.tau"], elements="all")
    assert np.abs(trace["h.rate"][-1, 0] - after(30, tau)[0]).max() < 1e-12
    net = leaky(**given)
    if how == "set":
        net["h.tau"] = tau * ms
    net.run(np.ones((BATCH_SIZE, 1)))
    assert np.abs(net["h.rate"] - after(30, tau)).max() < 1e-12
    net.reset()
    assert np.allclose(np.asarray(net["h.tau"]), np.broadcast_to(tau, (BATCH_SIZE, UNITS)) / 1e3)


def test_each_unit_draws_its_own() -> None:
    net, again = (leaky(tau=rc.lognormal(10 * ms)) for _ in range(2))
    tau = np.asarray(net["h.tau"])
    assert len(np.unique(tau)) == UNITS and (tau == tau[0]).all() and np.array_equal(tau, np.asarray(again["h.tau"]))


def test_what_is_no_value_of_units_is_refused() -> None:
    with pytest.raises(RecircuitError, match=r"got the shape \(4,\)"):
        leaky(tau=np.ones(4) * ms)
    with pytest.raises(RecircuitError, match="is a quantity like 10. ms"):
        leaky(tau=np.ones(3) * mV)


def test_a_circuit_says_what_is_not_the_same_for_all() -> None:
    text = str(leaky(tau=TAU * ms, gain=OF_UNITS))
    assert "tau is not the same for all: each batch element has its own, from 2. ms to 50. ms" in text
    assert "gain is not the same for all: each unit has its own, from 3.0 to 9.0" in text


def test_time_constants_that_are_too_short_are_found_among_several_parameters() -> None:
    net = leaky(gain=OF_UNITS)
    with pytest.warns(UserWarning, match="time constant 0.02 ms"):
        net["h.tau"] = TAU * ms / 100


def test_each_element_is_drawn_in_its_colour() -> None:
    net = leaky(tau=TAU * ms)
    trace = net.run(np.ones((BATCH_SIZE, 1)), record=["h.rate", "x_to_h.w"], elements="all")
    panel = trace.plot(["h.rate"]).axes[0]
    assert len(panel.lines) == BATCH_SIZE * UNITS
    assert len({line.get_color() for line in panel.lines}) > 80
    legend = panel.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()][::9] == ["element 0", "element 99"]
    some = net.run(np.ones((BATCH_SIZE, 1)), record=["h.rate"], elements=[3, 50]).plot().axes[0].get_legend()
    assert some is not None and [text.get_text() for text in some.get_texts()] == ["element 3", "element 50"]
    assert len(trace.plot(["x_to_h.w"]).axes[0].lines) == UNITS
