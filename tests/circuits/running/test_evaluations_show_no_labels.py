"""Supervisors and targets show nothing in evaluations, also where their phases are evaluated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc

TAUGHT = rc.Neuron("basal : 1 (compartment)\nteacher : 1 (compartment)\nrate = basal + teacher : 1")
X = np.array([[1.0, 2], [3, 4]])
LABELS = np.array([1, 1])
SCHEDULES: dict[str, dict[str, Any]] = {
    "one phase": {"trial": (0 * ms, 3 * ms)},
    "a later phase": {"rest": (0 * ms, 2 * ms), "trial": (2 * ms, 4 * ms), "evaluation": ["rest", "trial"]},
    "a long phase": {"trial": (0 * ms, 300 * ms)},
}


def taught(schedule: str, closed: str = "hold", **options: Any) -> rc.Circuit:
    """Return a circuit whose output is the sum of the stimulus and ten times the label."""
    net = rc.Circuit(**options)
    x, o = net.stimulus("x", 2), net.population("o", 2, TAUGHT)
    s = net.supervisor("s", 2, during="trial", closed=closed)
    net.connect(x, o, weights=np.eye(2))
    net.connect(s, o, into="teacher", weights=10 * np.eye(2))
    net.phases(**SCHEDULES[schedule])
    return net


@pytest.mark.parametrize(
    ("schedule", "closed", "backend", "options"),
    [
        ("one phase", "hold", "numpy", {"lowering": "reference"}),
        ("a later phase", "hold", "numpy", {"batch_size": 2}),
        ("a later phase", "zero", "interpreter", {}),
        ("a long phase", "hold", "numpy", {}),
    ],
)
def test_labels_of_training_have_no_effect(schedule: str, closed: str, backend: str, options: dict[str, Any]) -> None:
    net = taught(schedule, closed, **options)
    answers = []
    for _ in range(2):
        trace = net.run({"x": X, "s": LABELS}, backend=backend, record=["s.rate"])
        assert trace["s.rate"][-1].tolist() == [0, 1] and net["o.rate"][-1].tolist() == [3, 14]
        answers.append(net.outputs(X, output="o", read="o.rate"))
        trace = net.run({"x": X}, backend=backend, learn=False, record=["s.rate"])
        assert not trace["s.rate"].any() and np.array_equal(net["o.rate"][-1], X[-1])
    assert np.array_equal(answers, [X, X])


def test_only_such_schedules_need_an_operation() -> None:
    """A phase that is not evaluated leaves the circuit as it is."""
    net = taught("one phase")
    assert "silence_s" in {o.name for o in net.lowered().operations}
    net.phases("feedforward", 3 * ms, "trial", 3 * ms)
    assert "silence_s" not in {o.name for o in net.lowered().operations}


def test_modes_have_evaluations_of_their_own() -> None:
    net = taught("one phase")
    net.phases("feedforward", 2 * ms, "trial", 2 * ms, mode="awake")
    net.phases("rest", 2 * ms, "trial", 1 * ms, mode="asleep")
    net.run({"x": X, "s": LABELS}, mode="asleep")
    held = net.run({"x": X}, mode="awake", learn=False, record=["s.rate"])
    assert held["s.rate"].tolist() == [[0, 1]] * 4
    assert not net.run({"x": X}, mode="asleep", learn=False, record=["s.rate"])["s.rate"].any()


def test_targets_show_nothing_either() -> None:
    net = rc.Circuit()
    x, t = net.stimulus("x", 2), net.target("t", 2)
    o = net.population("o", 2, TAUGHT)
    net.connect(x, o, weights=np.eye(2))
    net.connect(t, o, into="teacher", weights=np.eye(2))
    net.phases("trial", 3 * ms)
    net.run({"x": X, "t": 5 * X})
    assert np.array_equal(net.outputs(X, output="o", read="o.rate"), X)
