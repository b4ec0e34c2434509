"""Names that become the same when they are joined: each operation and each array is found by a name of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import distance

import recircuit as rc

EL = rc.Rule("el", source="a test", traces=("el",), forward="el = .5*el + x_pre*x_post\ndw = .1*el")
#: In this process; cpp is marked, since it compiles.
BACKENDS = ["numpy", "interpreter", pytest.param("cpp", marks=pytest.mark.cpp)]


def unit(*states: str) -> rc.Neuron:
    """Return a neuron each of whose states is a multiple of its input; the first is the rate."""
    lines = [f"{name} = {factor} : 1 (during p)" for name, factor in (state.split("=") for state in states)]
    first = states[0].split("=")[0]
    return rc.Neuron("\n".join(["basal : 1 (compartment)", *lines, f"rate = {first} : 1"]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_populations_and_variables_whose_names_join_to_the_same(backend: str) -> None:
    """They are the states v and x1 of h, the state v_x1 of h, and the state x1 of h_v."""
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 1)
    for name, neuron in {"h": unit("v=basal", "x1=2*v", "v_x1=5*basal"), "h_v": unit("x1=10*basal")}.items():
        net.connect(x, net.population(name, 1, neuron), weights=1.0, rule=EL)
    net.phases("p", 3 * ms, "plasticity", 1 * ms)
    net.run(np.array([[1.0], [3.0]]), backend=backend)
    found = {key: net[key].ravel().tolist() for key in ("h.v", "h.x1", "h.v_x1", "h_v.x1", "x_to_h.el", "x_to_h_v.el")}
    assert found == {
        "h.v": [1, 3], "h.x1": [2, 6], "h.v_x1": [5, 15], "h_v.x1": [10, 30],
        "x_to_h.el": [1, 9], "x_to_h_v.el": [10, 90],
    }  # fmt: skip
    assert net["x_to_h.w"] == 1.5 and distance(net["x_to_h_v.w"], 6.0) < 1e-12


def test_factors_of_populations_whose_names_end_in_numbers() -> None:
    """Signals of h and of h_0 are computed side by side, several of each."""
    rule = rc.Rule("r", source="a test", forward="dw = .1*tanh(x_pre)*tanh(2*x_pre)*x_post + .01*cos(x_post)*x_pre")
    net = rc.Circuit(batch_size=2, seed=1)
    x = net.stimulus("x", 2)
    populations = [net.population(name, 2, unit("v=basal")) for name in ("h", "h_0", "h_1", "h_0_1")]
    for population in populations:
        net.connect(x, population, rule=rule)
    net.phases("p", 1 * ms, "plasticity", 1 * ms)
    w = {population.name: net[f"x_to_{population.name}.w"] for population in populations}
    shown = np.array([[1.0, -0.5], [0.3, 2.0]])
    net.run(shown)
    for name, before in w.items():
        post, pre = (shown @ before.T)[:, :, None], shown[:, None, :]
        change = 0.1 * np.tanh(pre) * np.tanh(2 * pre) * post + 0.01 * np.cos(post) * pre
        assert distance(net[f"x_to_{name}.w"], before + change.mean(axis=0)) < 1e-12


@pytest.mark.parametrize("options, backend", [({}, "numpy"), ({}, "interpreter"), ({"optimise": False}, "numpy")])
def test_a_shared_variable_beside_states_of_other_phases(options: dict[str, Any], backend: str) -> None:
    """It is updated with other states in each phase, and in each it is the mean over the elements that show something."""
    lines = """
        basal : 1 (compartment)
        rate  = basal                   : 1 (during a and c)
        mean  = mean + .5*(basal - mean) : 1 (shared, during a and b)
        other = basal                   : 1 (during b)
        """
    net = rc.Circuit(batch_size=2, **options)
    net.connect(net.stimulus("x", 1), net.population("h", 1, rc.Neuron(lines)), weights=1.0)
    net.phases("a", 1 * ms, "b", 2 * ms, "c", 1 * ms)
    net.run(np.array([[1.0], [3.0], [5.0]]), backend=backend)
    mean = 0.0
    for shown in (2.0, 5.0):
        for _ in range(3):
            mean += 0.5 * (shown - mean)
    assert net["h.mean"].tolist() == [mean]


TAUGHT = rc.Rule("taught", source="a test", forward="dw = .1*tanh(x_pre)*tanh(x_post)")


@pytest.mark.parametrize(
    "name", ["factor_0", "delayed_0", "delayed_0_by_2", "total_of_x_to_h", "element_index", "shared_index"]
)
@pytest.mark.parametrize("how", ["{} = 7*basal : 1 (stored)", "{} = 7*basal : 1"])
def test_a_variable_with_the_name_of_one_that_the_circuit_keeps_is_refused(name: str, how: str) -> None:
    lines = f"""
        basal : 1 (compartment)
        total : 1 (weights into basal)
        rate  = basal                    : 1 (stored)
        mean  = mean + .5*(basal - mean) : 1 (shared, stored)
        {how.format(name)}
        count = count + total : 1 (stored)
        """
    net = rc.Circuit(batch_size=2)
    h, g = net.population("h", 2, rc.Neuron(lines)), net.population("g", 2, rc.pyramidal())
    net.connect(net.stimulus("x", 2), h, rule=TAUGHT)
    net.connect(h, g, delay=2 * ms)
    net.phases("feedforward", 3 * ms, "plasticity", 1 * ms)
    with pytest.raises(rc.RecircuitError, match=f"'h.{name}' would be the name of two variables"):
        net.lowered()


def test_a_state_of_a_rule_with_the_name_of_the_mask_is_refused() -> None:
    rule = rc.Rule("r", source="a test", state=("mask",), forward="mask = mask + x_pre\ndw = .1*mask*x_post")
    net = rc.Circuit()
    h = net.population("h", 2, rc.pyramidal())
    net.connect(net.stimulus("x", 2), h, rule=rule, connectivity=rc.Masked(0.5))
    with pytest.raises(rc.RecircuitError, match="'x_to_h.mask' would be the name of two variables"):
        net.lowered()


@pytest.mark.parametrize("lowering", ["dense", "reference"])
def test_sums_of_weights_of_which_one_name_ends_in_the_other(lowering: str) -> None:
    lines = "basal : 1 (compartment)\nb_a : 1 (weights into basal)\na : 1 (weights into basal)\nrate = a : 1 (stored)"
    net = rc.Circuit(lowering=lowering)
    net.connect(net.stimulus("x", 2), net.population("h", 1, rc.Neuron(lines)), weights=0.5)
    net.phases("p", 2 * ms)
    net.run(np.ones((1, 2)))
    assert net["h.rate"] == 1.0 and net["h.b_a"] == 1.0
