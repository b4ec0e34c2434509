"""Evaluations whose phases begin in the middle of a presentation: stimuli show their rows there too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc

X, W = np.array([[1.0, 2, 0], [0, -1, 3], [2, 2, 2]]), np.array([[1.0, 0, 2], [0, 1, -1]])
UNIT = rc.Neuron("basal : 1 (compartment)\nrate = in_feedforward*basal : 1 (during rest and feedforward)")


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
@pytest.mark.parametrize("closed", ["hold", "zero"])
@pytest.mark.parametrize("optimise", [True, False])
def test_the_answer_is_that_to_the_sample(backend: str, closed: Any, optimise: bool) -> None:
    """The phase of rest before is left out, so that nothing else shows the rows."""
    net = rc.Circuit(batch_size=2, optimise=optimise)
    x, h = net.stimulus("x", 3, closed=closed), net.population("h", 2, UNIT)
    net.connect(x, h, weights=W)
    net.phases("rest", 2 * ms, "feedforward", 2 * ms, "plasticity", 1 * ms)
    net.program(backend)
    np.testing.assert_allclose(net.outputs(X, read="h.rate"), X @ W.T)
    net.run(X[:2], learn=False)
    np.testing.assert_allclose(net["h.rate"], X[:2] @ W.T)


def test_in_each_mode() -> None:
    net = rc.Circuit(batch_size=3)
    x, h = net.stimulus("x", 3), net.population("h", 2, UNIT)
    net.connect(x, h, weights=W)
    net.phases("feedforward", 2 * ms, mode="first")
    net.phases("rest", 3 * ms, "feedforward", 2 * ms, mode="second")
    for mode in ("second", "first"):
        np.testing.assert_allclose(net.outputs(X, read="h.rate", mode=mode), X @ W.T)


@pytest.mark.parametrize("every, shown", [(1, [4, 5, 6, 7]), (2, [2, 3, 3, 4]), (3, [2, 2, 2, 3])])
def test_a_series_shows_the_row_of_the_time(every: int, shown: list[int]) -> None:
    """Rows are counted from the beginning of the presentation, of which three steps are left out."""
    net = rc.Circuit()
    net.stimulus("x", 1, every=every * ms)
    net.phases("rest", 3 * ms, "feedforward", 4 * ms)
    rows = np.arange(1.0, 2 + 6 // every)[None, :, None]
    whole, late = (net.run(rows, learn=learn, record=["x.rate"])["x.rate"].ravel() for learn in (True, False))
    assert whole[3:].tolist() == late.tolist() == shown


def shown_in(net: rc.Circuit, data: Any, backend: str) -> list[float]:
    """Return the rate of x in each step of an evaluation."""
    return net.run(data, learn=False, record=["x.rate"], backend=backend)["x.rate"].ravel().tolist()


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_after_phases_that_are_left_out(backend: str) -> None:
    """A stimulus opens again, and a series goes on, in a phase that an evaluation leaves out."""
    net = rc.Circuit()
    net.stimulus("x", 1, during="show and away and last", closed="zero")
    net.phases("show", 1 * ms, "rest", 1 * ms, "away", 1 * ms, "last", 2 * ms, evaluation=["show", "rest", "last"])
    assert shown_in(net, np.array([[5.0]]), backend) == [5, 0, 5, 5]
    net = rc.Circuit()
    net.stimulus("x", 1, every=2 * ms)
    net.phases("show", 3 * ms, "away", 4 * ms, "last", 3 * ms, evaluation=["show", "last"])
    assert shown_in(net, np.arange(1.0, 6)[None, :, None], backend) == [1, 1, 2, 4, 5, 5]
