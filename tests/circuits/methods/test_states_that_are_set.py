"""States that are set: synapses that do not exist stay so, and nothing is compiled while Ctrl-C waits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits import circuit as module

THERE = np.array([[1, 0, 1], [0, 1, 0]], dtype=bool)
UNIT = rc.Neuron("basal : 1 (compartment)\ndrate/dt = (gain*basal - rate)/tau : 1\ngain : 1", tau=2 * ms)


def circuit(**options: Any) -> rc.Circuit:
    net = rc.Circuit(seed=1)
    x, h = net.stimulus("x", 3), net.population("h", 2, UNIT, gain=1)
    net.connect(x, h, connectivity=THERE, **options)
    net.phases("p", 4 * ms)
    return net


@pytest.mark.parametrize("change", [{}, {"h.tau": 1e-3}])
def test_synapses_that_do_not_exist_keep_no_weight(change: dict[str, Any]) -> None:
    """This is so whether the circuit is built again or not."""
    net = circuit()
    net.set_state({"x_to_h.w": np.full((2, 3), 2.0), **change})
    net.run(np.ones((1, 3)))
    assert np.array_equal(net["x_to_h.w"], 2.0 * THERE) and np.array_equal(net["h.basal"], [[4.0, 2]])


def test_all_values_are_set_and_then_the_circuit_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time constant that becomes the time step changes the code."""
    net, built = circuit(), []
    net.run(np.ones((1, 3)))
    state = {
        "h.rate": np.array([[0.5, -1]]), "h.tau": np.array(1e-3), "x_to_h.w": 3.0 * THERE, "h.gain": np.array([2.0, 3]),
    }  # fmt: skip
    open_program = module.open_program
    monkeypatch.setattr(module, "open_program", lambda *given: built.append(given[1]) or open_program(*given))
    net.set_state(state)
    assert built == []
    for key, value in state.items():
        assert np.array_equal(np.broadcast_to(value, net[key].shape), net[key]), key
    assert built == ["numpy"] and net["clock.timestep"] == 4
    net.reset()
    assert np.array_equal(net["h.gain"], [[2.0, 3]]) and net["h.tau"] == 1e-3


def test_traces_of_synapses_that_do_not_exist_are_zero() -> None:
    """Projections may transmit by them."""
    net = circuit(rule=rc.Rule("fast", source="this test", traces=("fast",), forward="fast = .9*fast + x_post*x_pre"))
    net["x_to_h.fast"] = 2.0
    assert np.array_equal(net["x_to_h.fast"], [2.0 * THERE])
    net.set_state({"x_to_h.fast": np.full((1, 2, 3), 3.0)})
    assert np.array_equal(net["x_to_h.fast"], [3.0 * THERE])


def test_a_moment_with_other_code_is_built_later(monkeypatch: pytest.MonkeyPatch) -> None:
    net, built = circuit(), []
    net.run(np.ones((1, 3)))
    moment = net.moment()
    net["h.tau"] = 1 * ms
    net.program().seed(7)
    open_program = module.open_program
    monkeypatch.setattr(module, "open_program", lambda *given: built.append(given[1]) or open_program(*given))
    net.go_on_from(moment)
    assert built == []
    now = net.moment()
    assert built == ["numpy"] and now.noise is not None and moment.noise is not None
    assert now.noise.seed() == moment.noise.seed()
    assert all(np.array_equal(now.state[key], value) for key, value in moment.state.items())
