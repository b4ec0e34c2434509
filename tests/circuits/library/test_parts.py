"""The parts of circuits in the library."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc


def test_error_units_hold_what_predictions_leave() -> None:
    """They go back to their population where that is asked for, and rules read their rate as the error."""
    net = rc.Circuit(batch_size=2)
    x, y = net.stimulus("x", 3), net.stimulus("y", 2)
    v = net.population(
        "v", 3, rc.Neuron("surprise : 1 (compartment)\nseen = surprise : 1 (during shown)\nrate = 5.0 : 1")
    )
    e = net.population("e", 3, rc.ErrorUnits(x, during=["shown"], precision=0.5))
    back = net.population("back", 3, rc.ErrorUnits(v, into="surprise", during="shown"))
    w = np.arange(6.0).reshape(3, 2)
    net.connect(y, e, weights=w, during="shown")
    net.phases("shown", 3 * ms)
    shown, causes = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([[1.0, 0.5], [2, 1]])
    net.run({"x": shown, "y": causes})
    assert np.array_equal(net["e.rate"], 0.5 * (shown - causes @ w.T)) and np.array_equal(net["e.error"], net["e.rate"])
    assert np.array_equal(net["v.seen"], np.full((2, 3), 5.0)) and back.size == 3


def test_as_many_error_units_as_predicted_units() -> None:
    net = rc.Circuit()
    x = net.stimulus("x", 3)
    with pytest.raises(rc.RecircuitError, match="one error unit for each unit of 'x', which has 3; got 4"):
        net.population("e", 4, rc.ErrorUnits(x))
    assert "e" not in net.populations


def test_a_part_that_computes_no_loss_is_no_output() -> None:
    """Of the populations that parts have made, the output circuit's is the one that answers; the text and saved files agree."""
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 3)
    e = net.population("e", 3, rc.ErrorUnits(x))
    o = net.population("o", 2, rc.SquaredOutput())
    net.connect(e, o, weights=np.ones((2, 3)))
    net.phases("feedforward", 2 * ms, "error", 1 * ms)
    assert net.evaluate((np.ones((4, 3)), np.zeros(4, int))).error == 0
    assert "the output of SquaredOutput" in str(net) and "ErrorUnits" not in str(net)
    assert pickle.loads(pickle.dumps(net)).populations.keys() == net.populations.keys()


def test_a_summing_unit_sends_the_sum_to_all() -> None:
    """Each batch element has a sum of its own; a softmax of fields takes two steps after them."""
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 3)
    unit = rc.Neuron("""
        basal : 1 (compartment)
        total : 1 (broadcast)
        raised = exp(basal)                     : 1
        rate   = raised/(total + int(total == 0)) : 1
    """)
    h = net.population("h", 3, unit)
    net.connect(x, h, weights=1.0, connectivity=rc.OneToOne())
    pool = net.population("pool", 1, rc.SummingUnit(h, sends="raised", told_as="total"))
    net.phases("shown", 3 * ms)
    shown = np.array([[1.0, 2, 3], [0, -1, 0.5]])
    net.run({"x": shown})
    raised = np.exp(shown)
    np.testing.assert_allclose(net["h.rate"], raised / raised.sum(axis=1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(net["pool.rate"][:, 0], raised.sum(axis=1), rtol=1e-14)
    assert pool.size == 1 and [*net.broadcasts] == ["total"]


def test_a_sum_that_is_not_broadcast_is_read_from_its_unit() -> None:
    net = rc.Circuit()
    x = net.stimulus("x", 3)
    with pytest.raises(rc.RecircuitError, match="a summing unit is one unit; got the size 2"):
        net.population("pool", 2, rc.SummingUnit(x))
    pool = net.population("pool", 1, rc.SummingUnit(x, during="shown"))
    net.phases("shown", 1 * ms, "silence", 2 * ms)
    net.run({"x": np.array([[1.0, 2, 4]])})
    assert pool.size == 1 and net["pool.rate"] == 7 and not net.broadcasts


class Broken:
    """A part that fails after it has added something of each kind."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    def build(self, net: rc.Circuit, name: str, size: int) -> rc.Population:
        one, unit = net.constant("one", value=7.0), net.population(name, size, rc.HingeOutput())
        net.connect(one, unit)
        net.broadcast(one, "loud")
        raise self.problem


@pytest.mark.parametrize("problem", [rc.RecircuitError("no"), ZeroDivisionError("no")])
def test_a_part_that_fails_adds_nothing(problem: Exception) -> None:
    net = rc.Circuit()
    net.population("h", 2, rc.pyramidal())
    with pytest.raises(type(problem), match="no"):
        net.population("o", 3, Broken(problem))
    assert [*net.populations] == ["h"] and not net.projections and not net.outputs_of
    one = net.population("one", 1, rc.Neuron("rate = rate : 1 (stored)"))
    net.broadcast(one, "loud")
    net.phases("feedforward", 1 * ms)
    net.run(presentations=1)
    assert net["one.rate"] == 0


def test_populations_with_a_compartment_for_the_sum_have_each_their_own() -> None:
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 3)
    unit = rc.Neuron("basal : 1 (compartment)\ntotal : 1 (compartment)\nrate = basal/(total + int(total == 0)) : 1")
    for name in ("a", "b"):
        h = net.population(name, 3, unit)
        net.connect(x, h, weights=(1.0 if name == "a" else 2.0) * np.triu(np.ones((3, 3))))
        net.population(f"{name}_sum", 1, rc.SummingUnit(h, sends="basal", told_as="total"))
    net.phases("shown", 3 * ms)
    shown = np.array([[1.0, 2, 3], [0, 1, 0.5]])
    net.run({"x": shown})
    fields = shown @ np.triu(np.ones((3, 3))).T
    for name, factor in (("a", 1), ("b", 2)):
        np.testing.assert_allclose(net[f"{name}.total"][:, 0], factor * fields.sum(axis=1), rtol=1e-14)
        np.testing.assert_allclose(net[f"{name}.rate"], fields / fields.sum(axis=1, keepdims=True), rtol=1e-14)
    assert not net.broadcasts


def test_a_second_broadcast_of_a_name_is_refused_with_the_way_to_send_it_to_some_populations() -> None:
    net = rc.Circuit()
    x = net.stimulus("x", 3)
    net.population("pool", 1, rc.SummingUnit(x, told_as="total"))
    with pytest.raises(
        rc.RecircuitError, match=r"'pool' sends a broadcast of this name already.*total : 1 \(compartment\)"
    ):
        net.population("other", 1, rc.SummingUnit(x, told_as="total"))
